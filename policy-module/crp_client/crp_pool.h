// CrpPool: the CRPs of one service, the preferred one first, and which of them to ask. A CRP that
// fails again and again is left out for a while (circuit.h); as soon as it answers again it is
// asked first again. All of them share one database, so that a call answered by one may be repeated
// at another under the same request ID.
// Knows no verb and no HTTP. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/logging/log.h"
#include "policy-module/crp_client/circuit.h"
#include "policy-module/crp_client/crp_client.h"

namespace ndes::policy {

struct CrpMember {
    std::string name;  // "crp1.example.org:8443", for the log
    std::unique_ptr<CrpClient> client;
};

class CrpPool {
  public:
    // At least one member. `clock` and `log` outlive the pool.
    CrpPool(std::vector<CrpMember> members, CircuitOptions options, const Clock& clock, Log& log);

    // How far one verb has come along the list.
    class Way {
      private:
        friend class CrpPool;
        enum class Mark { to_ask, asked, out_of_question };
        std::vector<Mark> marks_;
    };

    // The right to ask one CRP once. Says at its end what it says of the CRP; nothing unless told.
    class Turn {
      public:
        Turn(Turn&& other) noexcept;
        Turn& operator=(Turn&&) = delete;
        ~Turn();
        CrpClient& client() const;
        void succeeded();
        // `again`: the same call may be sent to this CRP once more in this verb.
        void failed(Way& way, const Fault& fault, bool again);
        // As failed, by no fault of the CRP's.
        void put_off(Way& way);

      private:
        friend class CrpPool;
        Turn(CrpPool& pool, std::size_t index, Circuit::Admission admission)
            : pool_(&pool), index_(index), admission_(admission) {}
        CrpPool* pool_;  // null: it has been said, or moved from
        std::size_t index_;
        Circuit::Admission admission_;
    };

    Way begin() const;
    // The first CRP not yet asked on this way whose circuit lets a call through; none: empty.
    std::optional<Turn> next(const Way& way);
    bool has_next(const Way& way);
    // Lets those that may be asked again be asked again.
    static void begin_again(Way& way);

    // Why there was none to ask: what the preferred one failed with last.
    Fault fault_of_none();
    std::size_t size() const { return members_.size(); }

  private:
    struct Member {
        std::string name;
        std::unique_ptr<CrpClient> client;
        Circuit circuit;
        Fault last_fault = {};
    };
    void say_success(std::size_t index);
    void say_failure(std::size_t index, Circuit::Admission admission, const Fault& fault);

    const Clock& clock_;
    Log& log_;
    // Guards circuits and last faults; held for moments, never during a call. Without it two calls
    // would both be the probe.
    std::mutex mutex_;
    std::vector<Member> members_;
};

}  // namespace ndes::policy
