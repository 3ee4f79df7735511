// ApiLab: the whole API over a memory store, with callers of every role and no network.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/http_server/http_message.h"
#include "common/strict_json.h"
#include "crp-service/http/api.h"
#include "crp-service/store/memory_store.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_pki.h"
#include "tests/unit/crp_validation/fakes.h"

namespace ndes::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The problem's reason, or "" when the answer is none.
std::string reason_of(const http::Response& response);
Json json_of(const http::Response& response);
std::string header_of(const http::Response& response, const std::string& name);

class ApiLab {
  public:
    ApiLab();

    // `caller`: "ndes" (may generate challenges), "ndes-2" (may not), "mdm", "mdm-2", "admin",
    // "monitor" are on the caller list; "stranger" has a certificate and is not.
    http::Response call(const std::string& caller, const std::string& method,
                        const std::string& target, const std::string& body = {},
                        const Headers& headers = {});
    http::Response call(const http::Peer& peer, const std::string& method,
                        const std::string& target, const std::string& body = {},
                        const Headers& headers = {});
    http::Peer peer(const std::string& caller) const;

    // User alice, device phone-1, policy wifi (EC keys, assigned to alice), template Phones.
    void make_records();
    // As mdm; the challenge string.
    std::string new_challenge();
    // A VerifyRequest body for the records above with a CSR of the lab's device key.
    Json verify_body(const std::string& challenge, const std::string& transaction_id,
                     const std::string& request_id);
    // A Notify body that tells of a certificate of the same key.
    Json notify_body(const std::string& transaction_id, const std::string& request_id);

    // The rules of the callers above, and parts with any rules; not shared yet, so that a test may
    // change them.
    std::vector<crp::CallerRule> rules() const;
    std::shared_ptr<crp::LiveParts> make_parts(std::vector<crp::CallerRule> rules);
    // The parts with the caller list that lacks `caller`.
    std::shared_ptr<const crp::LiveParts> parts_without(const std::string& caller);

    std::vector<crp::AuditRecord> audit();
    Certificate certificate_of(const std::string& caller) const {
        return *certificates_.at(caller);
    }

  protected:
    TemporaryFolder folder_;
    TestCa ca_;
    std::map<std::string, std::shared_ptr<const Certificate>> certificates_;
    EvpPkeyPtr device_key_;

  public:
    FakeClock clock;
    SeededRandom random;
    RecordingLog log;
    crp::MemoryStore store;
    crp::CurrentParts parts;
    crp::Api api;
};

}  // namespace ndes::test
