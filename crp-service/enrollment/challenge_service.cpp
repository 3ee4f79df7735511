#include "crp-service/enrollment/challenge_service.h"

#include <algorithm>

#include "common/bytes.h"
#include "crp-service/challenge/contents_json.h"

namespace ndes::crp {

namespace {

using Kind = ChallengeFault::Kind;

tl::unexpected<ChallengeFault> fault(Kind kind, ErrorCode code, std::string text) {
    return tl::unexpected<ChallengeFault>({kind, Error{code, std::move(text), {}, std::nullopt}});
}
tl::unexpected<ChallengeFault> bad(std::string text) {
    return fault(Kind::failed, ErrorCode::bad_request, std::move(text));
}
tl::unexpected<ChallengeFault> failed(Error error) {
    return tl::unexpected<ChallengeFault>({Kind::failed, std::move(error)});
}

// A UUID of version 7 without hyphens: what is made together lies together in the store. Whoever
// guesses one has nothing: the challenge is sealed, and the record is its owner's.
std::string make_challenge_id(const Clock& clock, Random& random) {
    std::string id = make_uuid(clock, random);
    std::erase(id, '-');
    return id;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

bool is_assigned(const Assignments& to, const std::string& device, const User* user) {
    if (to.all || contains(to.devices, device)) return true;
    if (!user) return false;
    return contains(to.users, user->id) ||
           std::any_of(user->groups.begin(), user->groups.end(),
                       [&](const std::string& group) { return contains(to.groups, group); });
}

tl::expected<WallTime, ChallengeFault> expiry_of(const ChallengeOrder& order, const Policy& policy,
                                                 WallTime now) {
    if (order.ttl && order.expires_at) {
        return bad(order.field_prefix + "expiresAt: give either ttlSeconds or expiresAt");
    }
    if (order.expires_at) {
        if (*order.expires_at <= now || *order.expires_at > now + kLongestChallengeTtl) {
            return bad(order.field_prefix + "expiresAt: must lie within the next 30 days");
        }
        return *order.expires_at;
    }
    const auto ttl = order.ttl.value_or(std::chrono::seconds(policy.challenge_ttl_seconds));
    if (ttl < kShortestChallengeTtl || ttl > kLongestChallengeTtl) {
        return bad(order.field_prefix + "ttlSeconds: must be 60 to 2592000");
    }
    return now + ttl;
}

// Overrides are final values: they are compared with the request as they stand.
bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

struct ChallengeService::Prepared {
    Challenge record;
    CreatedChallenge created;
};

ChallengeService::ChallengeService(Store& store, const ChallengeCodec& codec, const Clock& clock,
                                   Random& random, ScepServerFacts facts)
    : store_(store), codec_(codec), clock_(clock), random_(random), facts_(std::move(facts)) {}

tl::expected<Policy, ChallengeFault> ChallengeService::check_records(
    const ChallengeOrder& order, const ChallengeCall& call) const {
    const std::string& at = order.field_prefix;
    const auto is_seen = [&call](const auto& record) {
        return record && may_rest_on(*record, call.records_of);
    };
    auto device = store_.find_device(order.device_id);
    if (!device) return failed(std::move(device.error()));
    if (!is_seen(*device)) {
        return fault(Kind::device_unknown, ErrorCode::not_found,
                     at + "deviceId: no device \"" + order.device_id + "\"");
    }
    std::optional<User> user;
    if (!order.user_id.empty()) {
        auto found = store_.find_user(order.user_id);
        if (!found) return failed(std::move(found.error()));
        if (!is_seen(*found)) {
            return fault(Kind::user_unknown, ErrorCode::not_found,
                         at + "userId: no user \"" + order.user_id + "\"");
        }
        user = std::move(**found);
    }
    auto policy = store_.find_policy(order.policy_id);
    if (!policy) return failed(std::move(policy.error()));
    if (!is_seen(*policy)) {
        return fault(Kind::policy_unknown, ErrorCode::not_found,
                     at + "policyId: no policy \"" + order.policy_id + "\"");
    }
    if (!order.template_name.empty() && order.template_name != (*policy)->template_name) {
        return fault(Kind::template_mismatch, ErrorCode::bad_request,
                     at + "policyId: the policy is for template \"" + (*policy)->template_name +
                         "\", not \"" + order.template_name + "\"");
    }
    if (!call.templates.empty() && !contains(call.templates, (*policy)->template_name)) {
        return fault(
            Kind::template_not_permitted, ErrorCode::forbidden,
            at + "policyId: the caller may not use template \"" + (*policy)->template_name + "\"");
    }
    if (!is_assigned((*policy)->assignments, order.device_id, user ? &*user : nullptr)) {
        return fault(
            Kind::policy_not_assigned, ErrorCode::conflict,
            at + "policyId: the policy is assigned neither to this device nor to its user");
    }
    return std::move(**policy);
}

tl::expected<ChallengeService::Prepared, ChallengeFault> ChallengeService::prepare(
    const ChallengeOrder& order, const ChallengeCall& call, WallTime now) const {
    auto policy = check_records(order, call);
    if (!policy) return tl::unexpected(std::move(policy.error()));
    const auto expiry = expiry_of(order, *policy, now);
    if (!expiry) return tl::unexpected(expiry.error());
    if (auto final = check_expected(order.expected, order.field_prefix); !final) {
        return bad(final.error().text);
    }

    Prepared made;
    Challenge& record = made.record;
    record.id = make_challenge_id(clock_, random_);
    record.device_id = order.device_id;
    record.user_id = order.user_id;
    record.policy_id = order.policy_id;
    record.certificate_request_id = policy->certificate_request_id;
    record.expected = order.expected;
    record.not_before = now;
    record.expires_at = *expiry;
    record.created_at = now;
    record.owner = call.records_of;

    if (order.posted) {
        const std::string& text = *order.posted;
        if (text.size() < kShortestPostedChallenge || text.size() > kLongestPostedChallenge ||
            !is_printable(text)) {
            return bad(order.field_prefix +
                       "challenge: must be 8 to 255 printable ASCII characters without spaces");
        }
        const OpenedChallenge opened = codec_.open(text, now);
        if (opened.kind != ChallengeKind::posted || !opened.reason.empty()) {
            return bad(order.field_prefix + "challenge: has the form of a minted one");
        }
        record.kind = ChallengeKind::posted;
        const auto pepper = choose_pepper(opened);
        if (!pepper) return tl::unexpected(pepper.error());
        record.lookup = opened.lookups.at(*pepper);
        record.key_id = codec_.peppers().at(*pepper).id;
        made.created.challenge = text;
    } else {
        record.kind = ChallengeKind::minted;
        record.key_id = codec_.keys().front().id;
        made.created.challenge =
            codec_.mint({record.id, ChallengeCodec::digest_of(record.certificate_request_id),
                         record.device_id, record.user_id, record.not_before, record.expires_at},
                        random_);
        if (made.created.challenge.empty()) {
            return fault(Kind::failed, ErrorCode::internal, "the claims do not fit into a token");
        }
    }
    made.created.id = record.id;
    made.created.scep_url = facts_.url;
    made.created.ca_thumbprint = facts_.ca_thumbprint;
    made.created.expires_at = record.expires_at;
    return made;
}

// Under which pepper: the present one's, unless the challenge is known under an earlier one, so
// that the store sees that it is in use.
tl::expected<std::size_t, ChallengeFault> ChallengeService::choose_pepper(
    const OpenedChallenge& opened) const {
    for (std::size_t i = 1; i < opened.lookups.size(); ++i) {
        auto holder = store_.find_challenge_by_lookup(opened.lookups[i]);
        if (!holder) return failed(std::move(holder.error()));
        if (*holder) return i;
    }
    return 0;
}

// A call is known by a digest of its body under the present pepper, or under an earlier one when
// it comes again after a change. A plain digest would let a reader of the database guess a posted
// password in the body.
Result<std::optional<std::string>> ChallengeService::record(ChallengeBatch batch,
                                                            const ChallengeCall& call,
                                                            const AuditRecord& audit) const {
    if (call.idempotency_key.empty()) return store_.add_challenges(batch, audit);
    Result<std::optional<std::string>> recorded = fail(ErrorCode::internal, "no pepper");
    for (std::string& digest : codec_.lookups_of("body:" + call.body)) {
        batch.body_sha256 = std::move(digest);
        recorded = store_.add_challenges(batch, audit);
        if (recorded || recorded.error().code != ErrorCode::conflict) break;
    }
    return recorded;
}

tl::expected<ChallengeAnswer, ChallengeFault> ChallengeService::open_answer(
    const std::string& sealed) const {
    auto first = codec_.unseal(sealed);
    if (!first) {
        return fault(Kind::failed, ErrorCode::conflict,
                     "Idempotency-Key: the answer kept for it was sealed with a challenge key that "
                     "is gone; order anew with another Idempotency-Key");
    }
    return ChallengeAnswer{std::move(*first), true};
}

// Another body is known by no digest.
tl::expected<std::optional<ChallengeAnswer>, ChallengeFault> ChallengeService::find_answer(
    const ChallengeCall& call) const {
    if (call.idempotency_key.empty()) return std::optional<ChallengeAnswer>();
    Result<std::optional<std::string>> kept = std::nullopt;
    for (const std::string& digest : codec_.lookups_of("body:" + call.body)) {
        kept = store_.find_answer(call.caller, call.idempotency_key, digest);
        if (kept || kept.error().code != ErrorCode::conflict) break;
    }
    if (!kept && kept.error().code == ErrorCode::conflict) {
        return tl::unexpected<ChallengeFault>(
            {Kind::idempotency_key_reused, std::move(kept.error())});
    }
    if (!kept) return failed(std::move(kept.error()));
    if (!*kept) return std::optional<ChallengeAnswer>();
    auto answer = open_answer(**kept);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    return std::optional<ChallengeAnswer>(std::move(*answer));
}

// A conflict is a challenge in use, unless another call came first with the same key.
tl::expected<ChallengeAnswer, ChallengeFault> ChallengeService::tell_conflict(
    const ChallengeCall& call, Error error) const {
    auto kept = find_answer(call);
    if (!kept) return tl::unexpected(std::move(kept.error()));
    if (*kept) return std::move(**kept);
    return tl::unexpected<ChallengeFault>({Kind::challenge_in_use, std::move(error)});
}

tl::expected<ChallengeAnswer, ChallengeFault> ChallengeService::create(
    const std::vector<ChallengeOrder>& orders, const ChallengeCall& call,
    const Render& render) const {
    // The first answer is given again whatever has become of the records since.
    auto kept = find_answer(call);
    if (!kept) return tl::unexpected(std::move(kept.error()));
    if (*kept) return std::move(**kept);
    const WallTime now = clock_.now();
    ChallengeBatch batch;
    std::vector<CreatedChallenge> created;
    for (const ChallengeOrder& order : orders) {
        auto made = prepare(order, call, now);
        if (!made) return tl::unexpected(std::move(made.error()));
        batch.challenges.push_back(std::move(made->record));
        created.push_back(std::move(made->created));
    }
    std::string text = render(created);
    batch.owner = call.caller;
    batch.now = now;
    if (!call.idempotency_key.empty()) {
        batch.idempotency_key = call.idempotency_key;
        batch.answer = codec_.seal(text, random_);
    }

    AuditRecord audit;
    audit.time = now;
    audit.event = "create-challenge";
    audit.outcome = "permit";
    audit.caller = call.caller;
    audit.peer_address = call.peer_address;
    audit.facts = {{"count", std::to_string(batch.challenges.size())}};
    for (const Challenge& challenge : batch.challenges) {
        audit.facts.emplace_back("challenge_id", challenge.id);
        audit.facts.emplace_back("device_id", challenge.device_id);
        audit.facts.emplace_back("policy_id", challenge.policy_id);
    }

    auto recorded = record(batch, call, audit);
    if (!recorded) {
        if (recorded.error().code == ErrorCode::conflict) {
            return tell_conflict(call, std::move(recorded.error()));
        }
        return failed(std::move(recorded.error()));
    }
    if (!*recorded) return ChallengeAnswer{std::move(text), false};
    return open_answer(**recorded);
}

Result<bool> ChallengeService::revoke_unmet(const std::string& id,
                                            const ChallengeCall& call) const {
    if (!codec_.sealed().has_signer_of(call.caller) || id.size() < kShortestSealedId) return false;
    ChallengeBatch batch;
    batch.now = clock_.now();
    batch.owner = call.caller;
    Challenge& record = batch.challenges.emplace_back();
    record.id = id;
    record.kind = ChallengeKind::sealed;
    record.state = ChallengeState::revoked;
    record.owner = call.caller;
    record.not_before = batch.now;
    record.created_at = batch.now;
    // No sealed challenge issued until now lives longer, nor may its record.
    record.expires_at = batch.now + kLongestSealedLifetime + std::chrono::hours(24);
    AuditRecord audit;
    audit.time = batch.now;
    audit.event = "revoke-challenge";
    audit.outcome = "permit";
    audit.caller = call.caller;
    audit.peer_address = call.peer_address;
    audit.facts = {{"challenge_id", id}, {"met", "no"}};
    auto added = store_.add_challenges(batch, std::move(audit));
    if (added) return true;
    if (added.error().code == ErrorCode::conflict) return false;  // met meanwhile, or another's
    return pass_on(added);
}

}  // namespace ndes::crp
