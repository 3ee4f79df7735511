// Circuit: whether a CRP is worth asking. Closed: yes. After some failures in a row it opens: no
// call is made for a while; then one, the probe, decides whether it closes, or stays open for twice
// as long. Knows no CRP. Value type; one thread at a time.
#pragma once

#include <chrono>

#include "common/clock.h"

namespace ndes::policy {

struct CircuitOptions {
    int failures = 5;                       // 1..100, in a row
    std::chrono::milliseconds least{500};   // how long it stays open at first
    std::chrono::milliseconds most{1'500};  // and in the end: a CRP that is back is noticed so soon
};

class Circuit {
  public:
    explicit Circuit(CircuitOptions options) : options_(options) {}

    enum class Admission { none, call, probe };

    // Would a call be admitted? Changes nothing.
    Admission look(SteadyTime now) const;
    // Admits a call, which must be followed by one of the three below.
    Admission admit(SteadyTime now);

    // True if it was open until now.
    bool succeeded();
    // True if it was closed until now.
    bool failed(Admission as, SteadyTime now);
    // The call ended without saying anything about the CRP.
    void undecided(Admission as);

    std::chrono::milliseconds open_for() const { return open_for_; }  // zero: closed

  private:
    CircuitOptions options_;
    int failures_ = 0;
    bool probing_ = false;
    std::chrono::milliseconds open_for_{0};
    SteadyTime open_until_{};
};

}  // namespace ndes::policy
