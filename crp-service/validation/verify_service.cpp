#include "crp-service/validation/verify_service.h"

#include <algorithm>
#include <utility>

#include "crp-service/validation/facts.h"
#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/recording.h"
#include "crp-service/validation/request_log.h"
#include "crp-service/validation/simulation.h"

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
std::string_view reason_of_loss(const DecisionOutcome& outcome) {
    if (outcome.key_taken) return "KeyReused";
    if (outcome.challenge_id_taken) return "ChallengeIdTaken";
    if (!outcome.challenge_state) return "ChallengeUnknown";
    switch (*outcome.challenge_state) {
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

// Notes the time from here to the end of the block as that of a phase.
class PhaseTimer {
  public:
    PhaseTimer(Findings& findings, const Clock& clock, Phase phase)
        : findings_(findings), clock_(clock), phase_(phase), start_(clock.steady_now()) {}
    ~PhaseTimer() { stop(); }
    PhaseTimer(const PhaseTimer&) = delete;
    PhaseTimer& operator=(const PhaseTimer&) = delete;

    void stop() {
        if (std::exchange(stopped_, true)) return;
        findings_.times.push_back({phase_, std::chrono::duration_cast<std::chrono::microseconds>(
                                               clock_.steady_now() - start_)});
    }

  private:
    Findings& findings_;
    const Clock& clock_;
    Phase phase_;
    SteadyTime start_;
    bool stopped_ = false;
};

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

void VerifyService::tell_times(const Findings& findings) const {
    if (observer_ == nullptr) return;
    for (const PhaseTime& time : findings.times)
        observer_->phase_took(number_of(time.phase), time.spent);
}

Result<DecisionOutcome> VerifyService::write(const DecisionCommit& commit) {
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
    const auto repeated = [&]() -> Result<std::optional<Decision>> {
        Result<std::optional<Decision>> recorded = find_same_call(context, caller);
        if (recorded && !*recorded) recorded = find_standing(context, findings);
        return recorded;
    };
    Result<std::optional<Decision>> standing = run_all_phases(context, findings, repeated, log);
    if (!standing) return pass_on(standing);
    tell_times(findings);
    if (*standing) return repeat(std::move(**standing), log);
    return record(context, findings, caller, log);
}

Result<std::optional<Decision>> VerifyService::run_all_phases(Context& context, Findings& findings,
                                                              const FindEarlier& find_earlier,
                                                              RequestLog& log) const {
    log.phase_started(Phase::request, context);
    PhaseTimer request_timer(findings, clock_, Phase::request);
    read_request(context, codec_);
    const bool request_passed = run_phase(Phase::request, context, all_rules(), findings);
    request_timer.stop();
    // A forged challenge ends here, without a look into the store.
    if (!request_passed) return std::nullopt;
    log.phase_passed(Phase::request);

    const auto one_state = store_.read_scope();
    Result<std::optional<Decision>> earlier = find_earlier();
    if (!earlier || *earlier) return earlier;
    if (findings.refused()) {
        log.add("device_id", context.device_id);
        log.add("user_id", context.user_id);
        return std::nullopt;
    }

    PhaseTimer challenge_timer(findings, clock_, Phase::challenge);
    if (Result<void> identified = identify(context, store_); !identified) {
        return pass_on(identified);
    }
    log.add("device_id", context.device_id);
    log.add("user_id", context.user_id);
    log.phase_started(Phase::challenge, context);
    const bool challenge_passed = run_phase(Phase::challenge, context, all_rules(), findings);
    challenge_timer.stop();
    if (!challenge_passed) {
        if (Result<void> found = find_owner(context, store_); !found) return pass_on(found);
        return std::nullopt;
    }
    log.phase_passed(Phase::challenge);

    log.phase_started(Phase::records, context);
    PhaseTimer records_timer(findings, clock_, Phase::records);
    if (Result<void> read = read_records(context, store_); !read) return pass_on(read);
    log.parameters_read(context);
    run_phase(Phase::records, context, all_rules(), findings);
    return std::nullopt;
}

Result<Simulation> VerifyService::simulate(const VerifyInput& input,
                                           std::string_view challenge) const {
    if (Result<void> within = check_limits(input); !within) return pass_on(within);
    RequestLog log(null_log(), input.transaction_id, input.request_id);
    Context context(input, options_, clock_.now());
    context.challenge_instead = challenge;
    Findings findings;
    // The same question may have a yes already; what the rules say of it now is asked for.
    const auto none = []() -> Result<std::optional<Decision>> { return std::nullopt; };
    Result<std::optional<Decision>> judged = run_all_phases(context, findings, none, log);
    if (!judged) return pass_on(judged);
    return make_simulation(context, findings, all_rules());
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
Result<std::optional<Decision>> VerifyService::find_standing(Context& context, Findings& findings) {
    Result<std::optional<Transaction>> found = store_.find_standing(
        context.input.transaction_id, context.csr_sha256, context.signing_sha256);
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    Decision& standing = (*found)->decision;

    Result<std::optional<Policy>> policy = store_.find_policy(standing.policy_id);
    if (!policy) return pass_on(policy);
    const std::chrono::seconds window(*policy ? (*policy)->retry_window_seconds : 0);
    if (context.now - standing.decided_at <= window) return std::move(standing);

    const TransactionState state = (*found)->state;
    if (state == TransactionState::verified || state == TransactionState::pending ||
        state == TransactionState::unconfirmed) {
        return std::move(standing);
    }
    // After a failure the challenge is open again for this very request: judge it anew.
    if (state == TransactionState::failed) return std::nullopt;

    findings.reason = context.is_renewal() ? "RenewalNotPermitted" : "ChallengeReplayed";
    findings.detail = "the same request was verified " + to_rfc3339(standing.decided_at) +
                      " and its certificate delivered; its retry window is over";
    if (Result<void> known = recall(context, standing, store_); !known) return pass_on(known);
    return std::nullopt;
}

Result<Decision> VerifyService::record(const Context& context, Findings& findings,
                                       const Caller& caller, RequestLog& log) {
    DecisionCommit commit = make_decision_commit(context, findings, caller, clock_, random_);
    Result<DecisionOutcome> outcome = write(commit);
    if (outcome && outcome->kind == DecisionOutcome::Kind::lost) {
        findings.reason = reason_of_loss(*outcome);
        findings.phase = Phase::records;
        findings.detail = "another request was faster or the challenge was withdrawn meanwhile";
        findings.outcomes.push_back(
            {"store_commit", number_of(Phase::records), false, std::string(findings.reason)});
        commit = make_decision_commit(context, findings, caller, clock_, random_);
        outcome = write(commit);
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
