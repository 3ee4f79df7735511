#include "tests/unit/crp_validation/mutation.h"

#include <algorithm>
#include <utility>

#include "common/crypto/digest.h"
#include "tests/catch.h"

namespace ndes::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGoodPassword = "correct-horse";

std::vector<std::string> named(const char* record, std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(", "), list.size());
        names.push_back(std::string(record) + "." + std::string(list.substr(0, end)));
        list.remove_prefix(std::min(end + 2, list.size()));
    }
    return names;
}

// A binding must name every member: one more or less does not compile.
#define NDES_FIELDS(record, type, ...)                      \
    std::vector<std::string> fields_of_##record() {         \
        const type value{};                                 \
        [[maybe_unused]] const auto& [__VA_ARGS__] = value; \
        return named(#record, #__VA_ARGS__);                \
    }
NDES_FIELDS(user, crp::User, id, user_principal_name, display_name, email, security_identifier,
            enabled, groups, owner, revision)
NDES_FIELDS(device, crp::Device, id, device_type, name, serial_number, imei, owner_user_id,
            enrollment_state, compliant, registered_keys, owner, revision)
NDES_FIELDS(policy, crp::Policy, id, certificate_request_id, template_name, subject_format,
            subject_alt_names, key_usage, extended_key_usage, key_type, minimum_key_size,
            hash_algorithms, validity_days, renewal_threshold_percent, challenge_ttl_seconds,
            retry_window_seconds, assignments, require_registered_key,
            security_identifier_extension, owner, revision)
NDES_FIELDS(assignments, crp::Assignments, users, groups, devices, all)
NDES_FIELDS(template_record, crp::TemplateRecord, name, permissions, owner, revision)
NDES_FIELDS(permission, crp::TemplatePermission, principal, read, enroll)
NDES_FIELDS(challenge, crp::Challenge, id, kind, lookup, device_id, user_id, policy_id,
            certificate_request_id, expected, not_before, expires_at, created_at, owner, key_id,
            state, refusals, transaction_id, csr_sha256)
NDES_FIELDS(expected, crp::ExpectedOverrides, subject, subject_alt_names, key_usage,
            extended_key_usage, validity_days)
NDES_FIELDS(request, RequestParts, subject, challenge, dns_names, upns, uris, key_usage,
            extended_key_usage, ca, critical_extension, sid, digest, spki)
NDES_FIELDS(input, crp::VerifyInput, transaction_id, request_id, certificate_request,
            signing_certificate, template_name, ca_name, device_address)
#undef NDES_FIELDS

// Replaces the records of the good scene, which have the same IDs as those of an empty World.
void put_records(World& world, const Scene& scene) {
    const Scene good;
    REQUIRE(world.store.delete_user(good.user.id, {}).has_value());
    REQUIRE(world.store.delete_device(good.device.id, {}).has_value());
    REQUIRE(world.store.delete_policy(good.policy.id, {}).has_value());
    REQUIRE(world.store.delete_template(good.template_record.name, {}).has_value());
    REQUIRE(world.store.put_user(scene.user, {}).has_value());
    REQUIRE(world.store.put_device(scene.device, {}).has_value());
    REQUIRE(world.store.put_policy(scene.policy, {}).has_value());
    REQUIRE(world.store.put_template(scene.template_record, {}).has_value());
}

std::string token_of(World& world, const crp::Challenge& challenge) {
    crp::ChallengeClaims claims;
    claims.challenge_id = challenge.id;
    claims.certificate_request_id_digest =
        crp::ChallengeCodec::digest_of(challenge.certificate_request_id);
    claims.device_id = challenge.device_id;
    claims.user_id = challenge.user_id;
    claims.not_before = challenge.not_before;
    claims.expires_at = challenge.expires_at;
    return world.codec.mint(claims, world.random);
}

crp::VerifyInput made_from(const Scene& scene, std::optional<std::string> challenge) {
    crp::VerifyInput input = scene.input;
    RequestParts parts = scene.request;
    // A mutation of the challenge in the CSR stands.
    if (parts.challenge && *parts.challenge == kGoodPassword)
        parts.challenge = std::move(challenge);
    if (input.certificate_request.empty()) {
        input.certificate_request = make_request(rsa_key(scene.key), parts);
    }
    return input;
}

crp::VerifyInput initial_request(World& world, const Scene& good, const Scene& changed,
                                 RequestKind kind) {
    crp::ChallengeBatch batch;
    batch.challenges = {changed.challenge};
    batch.now = world.clock.now();
    std::string text = token_of(world, good.challenge);
    if (kind == RequestKind::posted) {
        text = kGoodPassword;
        crp::Challenge& record = batch.challenges.front();
        if (record.kind == good.challenge.kind) record.kind = crp::ChallengeKind::posted;
        if (record.lookup.empty()) record.lookup = world.codec.lookups_of(text).front();
    }
    REQUIRE(world.store.add_challenges(batch, {}).has_value());
    return made_from(changed, std::move(text));
}

// The good request enrols, and its certificate signs the renewal 90 of its 100 days later.
crp::VerifyInput renewal_request(World& world, const Scene& good, const Scene& changed) {
    put_records(world, good);
    const crp::VerifyInput first = initial_request(world, good, good, RequestKind::minted);
    REQUIRE(world.verify(first).verified);
    CertificateParts parts;
    parts.subject = "CN=alice@example.org,OU=SN0001,O=Example";
    parts.uri = "urn:imei:490154203237518";
    parts.not_before = world.clock.now();
    parts.not_after = world.clock.now() + 24h * 100;
    const Certificate certificate = issue(rsa_key(0), parts);
    REQUIRE(world.service.notify(world.issued(first, certificate), world.caller).has_value());
    world.clock.advance(24h * 90);
    crp::VerifyInput input = made_from(changed, std::nullopt);
    input.transaction_id += "-renewal";
    input.request_id += "-renewal";
    if (!input.signing_certificate) input.signing_certificate = certificate.der();
    return input;
}

}  // namespace

Scene::Scene()
    : user(sample_user()),
      device(sample_device()),
      policy(sample_policy()),
      template_record(sample_template()),
      challenge(sample_challenge(FakeClock().now())) {
    device.registered_keys = {sha256_hex(spki_of(rsa_key(0)))};
    policy.subject_format = "CN={{UserPrincipalName}},OU={{SerialNumber}},O=Example";
    policy.subject_alt_names.push_back({SubjectAltNameType::uri, "urn:imei:{{IMEI}}"});
    policy.assignments = {{}, {"staff"}, {}, false};
    policy.require_registered_key = true;
    policy.renewal_threshold_percent = 20;
    template_record.permissions = {{.principal = "group:field", .read = true, .enroll = true}};
    request.subject = {
        {"2.5.4.10", "Example"}, {"2.5.4.11", "SN0001"}, {"2.5.4.3", "alice@example.org"}};
    request.uris = {"urn:imei:490154203237518"};
    request.sid = kSid;
    request.challenge = kGoodPassword;
    input.transaction_id = "t-1";
    input.request_id = "r-1";
    input.template_name = "GeneralPurpose";
    input.ca_name = "Lab CA";
    input.device_address = "198.51.100.9";
}

crp::Decision judge(const std::function<void(Scene&)>& mutation, RequestKind kind) {
    World world;
    const Scene good;
    Scene changed;
    mutation(changed);
    const crp::VerifyInput input = kind == RequestKind::renewal
                                       ? renewal_request(world, good, changed)
                                       : initial_request(world, good, changed, kind);
    put_records(world, changed);
    return world.verify(input);
}

crp::Simulation explain(const std::function<void(Scene&)>& mutation) {
    World world;
    const Scene good;
    Scene changed;
    mutation(changed);
    put_records(world, changed);
    const auto said = world.service.explain({good.device.id, good.user.id, good.policy.id});
    REQUIRE(said);
    return *said;
}

std::vector<std::string> all_fields() {
    std::vector<std::string> all;
    for (const auto& fields :
         {fields_of_user(), fields_of_device(), fields_of_policy(), fields_of_assignments(),
          fields_of_template_record(), fields_of_permission(), fields_of_challenge(),
          fields_of_expected(), fields_of_request(), fields_of_input()}) {
        all.insert(all.end(), fields.begin(), fields.end());
    }
    return all;
}

}  // namespace ndes::test
