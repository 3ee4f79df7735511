#include "policy-module/crp_client/circuit.h"

#include <algorithm>

namespace ndes::policy {

Circuit::Admission Circuit::look(SteadyTime now) const {
    if (open_for_.count() == 0) return Admission::call;
    return !probing_ && now >= open_until_ ? Admission::probe : Admission::none;
}

Circuit::Admission Circuit::admit(SteadyTime now) {
    const Admission admission = look(now);
    if (admission == Admission::probe) probing_ = true;
    return admission;
}

bool Circuit::succeeded() {
    const bool was_open = open_for_.count() != 0;
    *this = Circuit(options_);
    return was_open;
}

bool Circuit::failed(Admission as, SteadyTime now) {
    const bool was_open = open_for_.count() != 0;
    if (as == Admission::probe) {
        probing_ = false;
        open_for_ = std::min(options_.most, open_for_ * 2);
    } else {
        // Calls from before it opened come back late: they say nothing new.
        if (was_open || ++failures_ < options_.failures) return false;
        open_for_ = options_.least;
    }
    open_until_ = now + open_for_;
    return !was_open;
}

void Circuit::undecided(Admission as) {
    if (as == Admission::probe) probing_ = false;
}

}  // namespace ndes::policy
