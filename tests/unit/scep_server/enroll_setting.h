// What the tests of enrolment share: ndesd without its transport, and a device's certificates.
#pragma once

#include <string>

#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

namespace ndes::test {

struct EnrollSetting {
    Lab lab;
    FakePolicy policy;
    EnrollBench bench{lab, policy};

    scep::EnrollmentAnswer send(const Bytes& message) {
        return bench.enrollment.answer(message, "192.0.2.7");
    }
    Reply ask(const Device& device) {
        const auto answer = send(device.request(lab));
        REQUIRE(answer.kind == scep::EnrollmentAnswer::Kind::cert_rep);
        return device.read(answer.message);
    }
    void check_refused(const Device& device, const std::string& fail_info) {
        const auto reply = ask(device);
        CHECK(reply.pki_status == "2");
        CHECK(reply.fail_info == fail_info);
        CHECK(reply.certificates.empty());
        CHECK(policy.verify_calls == 0);
    }
    bool logged(const std::string& text) const {
        return bench.log.text().find(text) != std::string::npos;
    }
};

// A certificate as this CA would have issued it.
inline Certificate issued_by(const Lab& lab, EVP_PKEY* key, int last_day = 10) {
    return make_certificate({"CN=device", key, &lab.ca, lab.ca_key,
                             lab.clock.now() - std::chrono::days(20),
                             lab.clock.now() + std::chrono::days(last_day),
                             "critical,digitalSignature,keyEncipherment"});
}

}  // namespace ndes::test
