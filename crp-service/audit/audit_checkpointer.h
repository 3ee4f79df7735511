// AuditCheckpointer: signs where the audit's chains stand, every so many records or so often, and
// keeps the statement in the database and, if told so, in a file to be shipped elsewhere.
// A thread of its own; it never stops a decision, and says in the log when it cannot sign.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/logging/log.h"
#include "crp-service/audit/audit_config.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

;

class AuditCheckpointer {
  public:
    // The references outlive this object; `key` as load_signing_key gives it.
    AuditCheckpointer(Store& store, Log& log, const Clock& clock, AuditConfig config,
                      EvpPkeyPtr key);
    // Signs once more, so that a clean end leaves nothing unprotected.
    ~AuditCheckpointer();

    void start();
    // Signs each chain that has grown by `least` records since its last checkpoint.
    Result<void> sign_chains(std::int64_t least);

  private:
    void work();
    Result<void> keep(const AuditCheckpoint& checkpoint);

    Store& store_;
    Log& log_;
    const Clock& clock_;
    const AuditConfig config_;
    const EvpPkeyPtr key_;
    std::map<std::string, std::int64_t, std::less<>> signed_;  // by node: sequence
    std::mutex
        mutex_;  // guards stopping_ for the thread's waits; without it a stop could be missed
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace ndes::crp
