#include "crp-service/validation/rule.h"

namespace ndes::crp {

// Asked at the time of the request, not when the challenge was made.
RuleResult device_enrolled(const Context& context) {
    switch (context.device.value().enrollment_state) {
        case EnrollmentState::enrolled: return pass();
        case EnrollmentState::pending:
            return refuse("DeviceNotEnrolled",
                          "device " + context.device_id + " is still being enrolled");
        case EnrollmentState::retired:
            return refuse("DeviceRetired", "device " + context.device_id + " was retired");
        case EnrollmentState::wiped:
            return refuse("DeviceRetired", "device " + context.device_id + " was wiped");
    }
    return refuse("DeviceNotEnrolled", "device " + context.device_id + " is in an unknown state");
}

}  // namespace ndes::crp
