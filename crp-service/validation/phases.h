// Phases: the steps of a validation as operators know them from the original's log.
// Constants; any thread.
#pragma once

namespace ndes::crp {

enum class Phase : int {
    // Read and enroll on the template. Reported as phase 0, where the original checks it; judged at
    // the head of phase 3, once device and user are known.
    template_permission = 0,
    // The request by itself: PKCS#10, proof of possession, authentic challenge. CPU only.
    request = 1,
    // What the challenge says of itself: readable, in time. No cost.
    challenge = 2,
    // The request against the records: reads the store.
    records = 3,
};

constexpr int number_of(Phase phase) { return static_cast<int>(phase); }

// The phase in whose run the rules of `phase` are judged.
constexpr Phase run_of(Phase phase) {
    return phase == Phase::template_permission ? Phase::records : phase;
}

}  // namespace ndes::crp
