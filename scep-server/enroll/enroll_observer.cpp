#include "scep-server/enroll/enroll_observer.h"

namespace ndes::scep {
namespace {

class NoObserver final : public EnrollObserver {
  public:
    void request_took(std::string_view, SteadyTime::duration) override {}
    void policy_took(std::string_view, SteadyTime::duration) override {}
    void ca_took(std::string_view, SteadyTime::duration) override {}
};

}  // namespace

EnrollObserver& no_observer() {
    static NoObserver observer;
    return observer;
}

}  // namespace ndes::scep
