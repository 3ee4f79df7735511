// /api/v1/challenges: an MDM orders challenges, looks at them, revokes them.
#include <algorithm>

#include "crp-service/http/challenge_fault.h"
#include "crp-service/http/challenge_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxIdempotencyKeyOctets = 255;

tl::expected<std::string, Problem> read_idempotency_key(const http::Request& request) {
    const std::string_view key = request.header("idempotency-key");
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (!printable || key.size() > kMaxIdempotencyKeyOctets) {
        return refuse(ProblemCode::bad_request,
                      "Idempotency-Key: must be 1 to 255 printable ASCII characters");
    }
    return std::string(key);
}

// Another owner's challenge is answered as one that does not exist.
tl::expected<Challenge, Problem> find_own_challenge(const Call& call) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto found = call.store.find_challenge(*id);
    if (!found) return refuse(found);
    if (!*found || !call.may_see((*found)->owner)) {
        return refuse(ProblemCode::record_unknown, "there is no challenge \"" + *id + "\"");
    }
    return std::move(**found);
}

// Expiry is a matter of the clock: the store does not write it down when it passes.
Json as_it_stands(Challenge challenge, WallTime now) {
    if (challenge.state == ChallengeState::issued && challenge.expires_at <= now) {
        challenge.state = ChallengeState::expired;
    }
    return to_json(challenge);
}

std::string render_one(const std::vector<CreatedChallenge>& created) {
    return to_json(created.front()).dump();
}

std::string render_batch(const std::vector<CreatedChallenge>& created) {
    Json items = Json::array();
    for (const CreatedChallenge& one : created)
        items.push_back(to_json(one));
    return Json{{"items", std::move(items)}}.dump();
}

ChallengeCall challenge_call(const Call& call, std::string idempotency_key) {
    ChallengeCall made;
    made.caller = call.caller.name;
    made.peer_address = call.peer.address;
    made.records_of = call.owner_filter();
    made.templates = call.caller.templates;
    made.idempotency_key = std::move(idempotency_key);
    made.body = call.request.body;
    return made;
}

}  // namespace

Answer create_challenges(const Call& call) {
    auto key = read_idempotency_key(call.request);
    if (!key) return tl::unexpected(std::move(key.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto asked = challenge_orders_from_json(*body);
    if (!asked) return refuse(asked);
    auto made = call.parts.challenges->create(asked->orders, challenge_call(call, std::move(*key)),
                                              asked->is_batch ? render_batch : render_one);
    if (!made) return refuse(std::move(made.error()));
    http::Response response = text_response(201, std::move(made->text));
    response.headers.emplace_back("Cache-Control", "no-store");
    if (made->replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
    return response;
}

Answer get_challenge(const Call& call) {
    auto challenge = find_own_challenge(call);
    if (!challenge) return tl::unexpected(std::move(challenge.error()));
    return json_response(200, as_it_stands(std::move(*challenge), call.clock.now()));
}

Answer list_challenges(const Call& call) {
    auto query = call.list_query({"deviceId", "state"});
    if (!query) return tl::unexpected(std::move(query.error()));
    const auto state = query->word<ChallengeState>("state");
    if (!state) return tl::unexpected(state.error());
    const WallTime now = call.clock.now();
    auto found = call.store.list_challenges(query->page, {query->text("deviceId"), *state, now});
    if (!found) return refuse(found);
    return page_response(call, *found,
                         [now](const Challenge& one) { return as_it_stands(one, now); });
}

Answer revoke_challenge(const Call& call) {
    if (is_record_id(call.parameter)) {
        auto unmet = call.parts.challenges->revoke_unmet(call.parameter,
                                                         {call.caller.name, call.peer.address});
        if (!unmet) return refuse(unmet);
        if (*unmet) return empty_response();
    }
    auto challenge = find_own_challenge(call);
    if (!challenge) return tl::unexpected(std::move(challenge.error()));
    AuditRecord audit = call.audit("revoke-challenge");
    audit.facts = {{"challenge_id", challenge->id}, {"device_id", challenge->device_id}};
    auto revoked = call.store.revoke_challenge(challenge->id, std::move(audit));
    if (!revoked) return refuse(revoked);
    return empty_response();
}

}  // namespace ndes::crp
