#include "crp-service/http/rejections.h"

#include "common/logging/cmtrace.h"
#include "crp-service/http/peer_identity.h"

namespace ndes::crp {

bool Rejections::take(std::string_view caller, long& suppressed) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = allowances_.find(caller);
    if (found == allowances_.end()) {
        found = allowances_.emplace(std::string(caller), Allowance{}).first;
        found->second.window_start = clock_.steady_now();
    }
    Allowance& allowance = found->second;
    if (clock_.steady_now() - allowance.window_start >= std::chrono::minutes(1)) {
        allowance.window_start = clock_.steady_now();
        allowance.used = 0;
    }
    if (allowance.used >= (caller.empty() ? kStrangersPerMinute : kPerCallerPerMinute)) {
        ++allowance.suppressed;
        return false;
    }
    ++allowance.used;
    suppressed = allowance.suppressed;
    allowance.suppressed = 0;
    return true;
}

void Rejections::record(const Problem& problem, const http::Request& request,
                        const http::Peer& peer, std::string_view caller, std::string_view instance,
                        bool audits) {
    long suppressed = 0;
    if (!take(caller, suppressed)) return;
    const ProblemKind& kind = kind_of(problem.code);
    const std::string path = loggable(request.path, 256);
    const std::string pin = pin_of(peer);
    LogFields fields = {{"event", "call-rejected"},
                        {"reason", std::string(kind.reason)},
                        {"status", std::to_string(kind.status)},
                        {"caller", std::string(caller)},
                        {"peer", peer.address},
                        {"spki_sha256", pin},
                        {"instance", std::string(instance)},
                        {"detail", problem.operator_detail}};
    if (suppressed > 0) fields.emplace_back("suppressed", std::to_string(suppressed));
    log_.write(kind.status >= 500 ? Severity::error : Severity::warning,
               "Call " + (path.empty() ? "" : loggable(request.method, 16) + " " + path + " ") +
                   "from " + (caller.empty() ? peer.address : std::string(caller)) +
                   " refused with " + std::to_string(kind.status) + " " + std::string(kind.reason) +
                   ": " + loggable(problem.detail),
               fields);
    // While the store is failing there is no use in asking it to record that it fails.
    if (!audits || problem.code == ProblemCode::storage_failed) return;
    AuditRecord audit;
    audit.time = clock_.now();
    audit.event = "call-rejected";
    audit.outcome = kind.status >= 500 ? "error" : "deny";
    audit.reason = std::string(kind.reason);
    audit.caller = std::string(caller);
    audit.peer_address = peer.address;
    audit.facts = {{"method", loggable(request.method, 16)},
                   {"path", path},
                   {"caller_spki_sha256", pin},
                   {"caller_serial", peer.certificate ? peer.certificate->serial() : ""},
                   {"caller_tls", peer.tls},
                   {"peer_port", std::to_string(peer.port)},
                   {"status", std::to_string(kind.status)},
                   {"instance", std::string(instance)}};
    if (suppressed > 0) audit.facts.emplace_back("suppressed", std::to_string(suppressed));
    if (auto recorded = store_.append_audit(std::move(audit)); !recorded) {
        log_.note(Severity::error, "The rejected call could not be audited",
                  {{"event", "audit-failed"}, {"detail", recorded.error().text}});
    }
}

}  // namespace ndes::crp
