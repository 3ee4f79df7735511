#include "crp-service/validation/verify_service.h"

#include <algorithm>
#include <utility>

#include "crp-service/validation/facts.h"
#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/recording.h"
#include "crp-service/validation/request_log.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxText =
    255;  // RFC 8894 sets none; a PrintableString of clients is shorter

Result<void> check_limits(const VerifyInput& input) {
    const auto faulty = [](const std::string& text) { return text.size() > kMaxText; };
    if (input.transaction_id.empty() || faulty(input.transaction_id)) {
        return fail(ErrorCode::bad_request, "transactionId must have 1 to 255 octets");
    }
    if (input.request_id.empty() || faulty(input.request_id)) {
        return fail(ErrorCode::bad_request, "requestId must have 1 to 255 octets");
    }
    if (faulty(input.template_name) || faulty(input.ca_name) || faulty(input.device_address)) {
        return fail(ErrorCode::bad_request,
                    "template, caName and deviceAddress have at most 255 octets");
    }
    return {};
}

bool same_question(const Decision& decision, const Context& context) {
    return decision.transaction_id == context.input.transaction_id &&
           decision.csr_sha256 == context.csr_sha256 &&
           decision.signing_sha256 == context.signing_sha256;
}

// What a lost compare-and-swap means, by the state that the winner left behind.
std::string_view reason_of_loss(const std::optional<ChallengeState>& state) {
    if (!state) return "ChallengeUnknown";
    switch (*state) {
        case ChallengeState::issued:  // still free, so its time ended between check and commit
        case ChallengeState::expired: return "ChallengeExpired";
        case ChallengeState::revoked: return "ChallengeRevoked";
        case ChallengeState::locked: return "ChallengeLocked";
        case ChallengeState::reserved:
        case ChallengeState::completed:
        case ChallengeState::unconfirmed:
        case ChallengeState::failed: return "ChallengeReplayed";
    }
    return "ChallengeReplayed";
}

Decision repeat(Decision recorded, RequestLog& log) {
    log.add("reason", recorded.reason);
    log.add("phase", std::to_string(recorded.phase));
    log.info("The same request was answered before; the recorded decision stands.");
    return recorded;
}

}  // namespace

VerifyService::VerifyService(Store& store, const ChallengeCodec& codec, const Clock& clock,
                             Random& random, Log& log, ValidationOptions options,
                             VerifyObserver* observer)
    : store_(store),
      codec_(codec),
      clock_(clock),
      random_(random),
      log_(log),
      options_(options),
      observer_(observer) {}

template <class Work>
auto VerifyService::timed_phase(Phase phase, Work work) {
    const SteadyTime start = clock_.steady_now();
    auto result = work();
    if (observer_ != nullptr) {
        observer_->phase_took(number_of(phase), clock_.steady_now() - start);
    }
    return result;
}

Result<DecisionOutcome> VerifyService::commit(const DecisionCommit& commit) {
    const SteadyTime start = clock_.steady_now();
    Result<DecisionOutcome> outcome = store_.commit_decision(commit);
    if (observer_ != nullptr) {
        observer_->write_took("commit_decision", clock_.steady_now() - start);
    }
    return outcome;
}

Result<Decision> VerifyService::verify(const VerifyInput& input, const Caller& caller) {
    if (Result<void> within = check_limits(input); !within) return pass_on(within);
    RequestLog log(log_, input.transaction_id, input.request_id);
    log.info("VerifyRequest Started.");
    Context context(input, options_, clock_.now());
    Result<Decision> decision = judge(context, caller, log);
    if (!decision) {
        // Neither yes nor no, and no line that could be taken for one of them.
        log.error("VerifyRequest could not be carried out: " + decision.error().text);
        return decision;
    }
    log.verify_finished(decision->verified);
    return decision;
}

Result<Decision> VerifyService::judge(Context& context, const Caller& caller, RequestLog& log) {
    Findings findings;
    log.phase_started(Phase::template_permission, context);
    log.phase_started(Phase::request, context);
    const bool acceptable = timed_phase(Phase::request, [&] {
        read_request(context, codec_);
        return run_phase(Phase::request, context, all_rules(), findings);
    });
    if (!acceptable) {
        // A forged challenge ends here, without a look into the store.
        return record(context, findings, caller, log);
    }
    log.phase_passed(Phase::request);
    Result<std::optional<Decision>> recorded = find_same_call(context, caller);
    if (recorded && !*recorded) recorded = find_standing(context, findings);
    if (!recorded) return pass_on(recorded);
    if (*recorded) return repeat(std::move(**recorded), log);
    if (findings.refused()) return record(context, findings, caller, log);

    if (Result<void> identified = identify(context, store_); !identified) {
        return pass_on(identified);
    }
    log.add("device_id", context.device_id);
    log.add("user_id", context.user_id);
    log.phase_started(Phase::challenge, context);
    const bool timely = timed_phase(Phase::challenge, [&] {
        return run_phase(Phase::challenge, context, all_rules(), findings);
    });
    if (!timely) {
        return record(context, findings, caller, log);
    }
    log.phase_passed(Phase::challenge);

    log.phase_started(Phase::records, context);
    Result<void> read = timed_phase(Phase::records, [&] {
        Result<void> found = read_records(context, store_);
        if (!found) return found;
        log.parameters_read(context);
        run_phase(Phase::records, context, all_rules(), findings);
        return found;
    });
    if (!read) return pass_on(read);
    return record(context, findings, caller, log);
}

// The client library of the policy module can send a POST twice: the very same call gets the very
// same answer, a no as well.
Result<std::optional<Decision>> VerifyService::find_same_call(const Context& context,
                                                              const Caller& caller) {
    Result<std::optional<Decision>> found =
        store_.find_decision_by_request(caller.name, context.input.request_id);
    if (!found || !*found || same_question(**found, context)) return found;
    return fail(ErrorCode::conflict, "requestId was used before for another request");
}

// A yes stands while its retry window lasts, and until Notify in any case: the device may not have
// its certificate yet (RFC 8894 section 7.4). Later the question is a replay.
Result<std::optional<Decision>> VerifyService::find_standing(const Context& context,
                                                             Findings& findings) {
    const std::string& transaction_id = context.input.transaction_id;
    Result<std::optional<Decision>> standing =
        store_.find_standing_decision(transaction_id, context.csr_sha256, context.signing_sha256);
    if (!standing || !*standing) return standing;

    Result<std::optional<Policy>> policy = store_.find_policy((*standing)->policy_id);
    if (!policy) return pass_on(policy);
    const std::chrono::seconds window(*policy ? (*policy)->retry_window_seconds : 0);
    if (context.now - (*standing)->decided_at <= window) return standing;

    Result<std::vector<Transaction>> history = store_.find_transaction_history(transaction_id);
    if (!history) return pass_on(history);
    const auto same = std::ranges::find_if(*history, [&standing](const Transaction& transaction) {
        return transaction.decision.id == (*standing)->id;
    });
    const TransactionState state = same == history->end() ? TransactionState::issued : same->state;
    if (state == TransactionState::verified || state == TransactionState::pending ||
        state == TransactionState::unconfirmed) {
        return standing;
    }
    // After a failure the challenge is open again for this very request: judge it anew.
    if (state == TransactionState::failed) return std::nullopt;

    findings.reason = context.is_renewal() ? "RenewalNotPermitted" : "ChallengeReplayed";
    findings.detail = "the same request was verified " + to_rfc3339((*standing)->decided_at) +
                      " and its certificate delivered; its retry window is over";
    return std::nullopt;
}

Result<Decision> VerifyService::record(const Context& context, Findings& findings,
                                       const Caller& caller, RequestLog& log) {
    DecisionCommit commit = make_decision_commit(context, findings, caller, clock_, random_);
    Result<DecisionOutcome> outcome = this->commit(commit);
    if (outcome && outcome->kind == DecisionOutcome::Kind::lost) {
        findings.reason =
            outcome->key_taken ? "KeyReused" : reason_of_loss(outcome->challenge_state);
        findings.phase = Phase::records;
        findings.detail = "another request was faster or the challenge was withdrawn meanwhile";
        findings.outcomes.push_back(
            {"store_commit", number_of(Phase::records), false, std::string(findings.reason)});
        commit = make_decision_commit(context, findings, caller, clock_, random_);
        outcome = this->commit(commit);
    }
    if (!outcome) return pass_on(outcome);
    if (outcome->kind == DecisionOutcome::Kind::repeated && outcome->standing) {
        return repeat(std::move(*outcome->standing), log);
    }
    if (outcome->kind != DecisionOutcome::Kind::committed) {
        return fail(ErrorCode::internal, "the store did not record the decision");
    }
    if (findings.refused()) {
        log.refused(findings);
    } else {
        log.phase_passed(Phase::records);
        log.add("reason", std::string(kSuccess));
        log.add("phase", std::to_string(number_of(Phase::records)));
    }
    if (observer_ != nullptr) observer_->verdict_recorded(commit.decision);
    return std::move(commit.decision);
}

}  // namespace ndes::crp
