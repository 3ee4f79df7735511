#include "tests/unit/crp_validation/world.h"

#include "tests/catch.h"

namespace ndes::test {
namespace {

crp::ChallengeCodec sample_codec(crp::SealedReader sealed) {
    std::vector<crp::ChallengeKey> keys;
    keys.push_back({"k1", Secret(Bytes(32, 7))});
    std::vector<crp::ChallengeKey> peppers;
    peppers.push_back({"p1", Secret(std::string_view("pepper of the tests"))});
    return crp::ChallengeCodec(std::move(keys), std::move(peppers), std::move(sealed));
}

crp::AuditRecord put(const char* event) {
    crp::AuditRecord audit;
    audit.event = event;
    audit.outcome = "permit";
    return audit;
}

}  // namespace

World::World(crp::ValidationOptions options, crp::SealedReader sealed)
    : codec(sample_codec(std::move(sealed))), service(store, codec, clock, random, log, options) {
    REQUIRE(store.put_user(sample_user(), put("put-user")).has_value());
    REQUIRE(store.put_device(sample_device(), put("put-device")).has_value());
    REQUIRE(store.put_policy(sample_policy(), put("put-policy")).has_value());
    REQUIRE(store.put_template(sample_template(), put("put-template")).has_value());
}

std::string World::mint(crp::Challenge challenge) {
    const crp::Challenge base = sample_challenge(clock.now());
    if (challenge.id.empty()) challenge.id = to_hex(random.bytes(16));
    if (challenge.device_id.empty()) {
        challenge.device_id = base.device_id;
        challenge.user_id = base.user_id;
    }
    if (challenge.policy_id.empty()) challenge.policy_id = base.policy_id;
    if (challenge.certificate_request_id.empty()) {
        challenge.certificate_request_id = base.certificate_request_id;
    }
    if (challenge.expires_at == WallTime{}) {
        challenge.not_before = base.not_before;
        challenge.expires_at = base.expires_at;
    }
    challenge.owner = base.owner;
    crp::ChallengeBatch batch;
    batch.challenges = {challenge};
    batch.now = clock.now();
    REQUIRE(store.add_challenges(batch, put("post-challenges")).has_value());
    crp::ChallengeClaims claims;
    claims.challenge_id = challenge.id;
    claims.certificate_request_id_digest =
        crp::ChallengeCodec::digest_of(challenge.certificate_request_id);
    claims.device_id = challenge.device_id;
    claims.user_id = challenge.user_id;
    claims.not_before = challenge.not_before;
    claims.expires_at = challenge.expires_at;
    return codec.mint(claims, random);
}

std::string World::post(const std::string& password) {
    crp::Challenge challenge = sample_challenge(clock.now());
    challenge.kind = crp::ChallengeKind::posted;
    challenge.lookup = codec.lookups_of(password).front();
    crp::ChallengeBatch batch;
    batch.challenges = {challenge};
    batch.now = clock.now();
    REQUIRE(store.add_challenges(batch, put("post-challenges")).has_value());
    return password;
}

crp::VerifyInput World::request(const std::string& challenge, RequestParts parts, std::size_t key) {
    if (!challenge.empty()) parts.challenge = challenge;
    crp::VerifyInput input;
    ++counter;
    input.transaction_id = "transaction-" + std::to_string(counter);
    input.request_id = "request-" + std::to_string(counter);
    input.certificate_request = make_request(rsa_key(key), parts);
    input.template_name = "GeneralPurpose";
    input.ca_name = "Lab CA";
    input.device_address = "198.51.100.9";
    return input;
}

crp::VerifyInput World::renewal(const Certificate& signer, RequestParts parts, std::size_t key) {
    crp::VerifyInput input = request("", std::move(parts), key);
    input.signing_certificate = signer.der();
    return input;
}

crp::NotifyInput World::issued(const crp::VerifyInput& input, const Certificate& certificate) {
    return {input.transaction_id, input.request_id, 0, 0, certificate.der()};
}

crp::NotifyInput World::outcome(const crp::VerifyInput& input, std::int32_t disposition,
                                std::int32_t hresult) {
    return {input.transaction_id, input.request_id, disposition, hresult, std::nullopt};
}

Certificate World::enrol(crp::Challenge challenge, RequestParts parts) {
    const crp::VerifyInput input = request(mint(std::move(challenge)), std::move(parts));
    const crp::Decision decision = verify(input);
    INFO(decision.reason << ": " << decision.detail);
    REQUIRE(decision.verified);
    CertificateParts content;
    content.subject = decision.contents->subject;
    content.not_before = clock.now();
    content.not_after = clock.now() + std::chrono::hours(24 * 100);
    const Certificate certificate = issue(rsa_key(0), content);
    REQUIRE(service.notify(issued(input, certificate), caller).has_value());
    return certificate;
}

crp::Decision World::verify(const crp::VerifyInput& input) {
    Result<crp::Decision> decision = service.verify(input, caller);
    INFO((decision ? std::string() : decision.error().text));
    REQUIRE(decision.has_value());
    return *decision;
}

crp::Challenge World::challenge(const std::string& id) {
    const auto found = store.inner.find_challenge(id);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    return **found;
}

std::vector<crp::StateMessage> World::messages() {
    const auto page = store.list_state_messages({"", 1000, ""});
    REQUIRE(page.has_value());
    return page->items;
}

std::vector<crp::AuditRecord> World::audit() {
    const auto page = store.list_audit({"", 1000, ""});
    REQUIRE(page.has_value());
    return page->items;
}

std::vector<int> World::states() {
    std::vector<int> out;
    for (const crp::StateMessage& message : messages()) {
        out.push_back(static_cast<int>(message.state));
    }
    return out;
}

}  // namespace ndes::test
