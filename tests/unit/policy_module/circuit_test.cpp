// When a CRP is worth asking: closed, open, one probe, twice as long.
#include "policy-module/crp_client/circuit.h"

#include "tests/catch.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using std::chrono::milliseconds;
using Admission = Circuit::Admission;

SteadyTime at(int ms) { return SteadyTime(milliseconds(ms)); }

// One that three failures have opened at time 0, for 100 ms.
Circuit opened() {
    Circuit circuit({3, milliseconds(100), milliseconds(300)});
    for (int i = 0; i < 3; ++i)
        circuit.failed(circuit.admit(at(0)), at(0));
    return circuit;
}

}  // namespace

TEST_CASE("only failures in a row open a circuit") {
    Circuit circuit({3, milliseconds(100), milliseconds(300)});
    for (int i = 0; i < 10; ++i) {
        CHECK_FALSE(circuit.failed(circuit.admit(at(0)), at(0)));
        CHECK_FALSE(circuit.failed(circuit.admit(at(0)), at(0)));
        CHECK_FALSE(circuit.succeeded());
    }
    circuit.failed(Admission::call, at(0));
    circuit.failed(Admission::call, at(0));
    CHECK(circuit.failed(Admission::call, at(0)));
    CHECK(circuit.admit(at(99)) == Admission::none);
}

TEST_CASE("when its time is over one call is let through, and decides") {
    Circuit circuit = opened();
    CHECK(circuit.admit(at(100)) == Admission::probe);
    CHECK(circuit.admit(at(100)) == Admission::none);  // one at a time
    SECTION("well: closed") {
        CHECK(circuit.succeeded());
        CHECK(circuit.admit(at(100)) == Admission::call);
        CHECK_FALSE(circuit.failed(Admission::call, at(100)));  // counts from nothing again
    }
    SECTION("failed: open for twice as long, up to the most") {
        CHECK_FALSE(circuit.failed(Admission::probe, at(100)));
        CHECK(circuit.admit(at(299)) == Admission::none);
        CHECK(circuit.admit(at(300)) == Admission::probe);
        circuit.failed(Admission::probe, at(300));
        CHECK(circuit.open_for() == milliseconds(300));
        CHECK(circuit.admit(at(599)) == Admission::none);
        CHECK(circuit.admit(at(600)) == Admission::probe);
    }
    SECTION("undecided: the next one is the probe") {
        circuit.undecided(Admission::probe);
        CHECK(circuit.admit(at(100)) == Admission::probe);
    }
}

TEST_CASE("calls from before it opened come back late and prolong nothing") {
    Circuit circuit = opened();
    for (int i = 0; i < 10; ++i)
        CHECK_FALSE(circuit.failed(Admission::call, at(90)));
    CHECK(circuit.admit(at(100)) == Admission::probe);
    CHECK_FALSE(circuit.failed(Admission::call, at(100)));
    CHECK(circuit.admit(at(100)) == Admission::none);  // the probe is still under way
}
