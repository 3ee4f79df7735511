#include "tests/unit/crp_validation/world.h"

#include "tests/catch.h"

namespace ndes::test {
namespace {

crp::ChallengeCodec sample_codec() {
    std::vector<crp::ChallengeKey> keys;
    keys.push_back({"k1", Secret(Bytes(32, 7))});
    return crp::ChallengeCodec(std::move(keys), Secret(std::string_view("pepper of the tests")));
}

crp::AuditRecord put(const char* event) {
    crp::AuditRecord audit;
    audit.event = event;
    audit.outcome = "permit";
    return audit;
}

}  // namespace

Result<std::optional<crp::User>> WatchedStore::find_user(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_user(id);
}

Result<std::optional<crp::Device>> WatchedStore::find_device(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_device(id);
}

Result<std::optional<crp::Policy>> WatchedStore::find_policy(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_policy(id);
}

Result<std::optional<crp::TemplateRecord>> WatchedStore::find_template(std::string_view name) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_template(name);
}

Result<bool> WatchedStore::put_user(const crp::User& user, crp::AuditRecord audit) {
    return inner.put_user(user, std::move(audit));
}

Result<bool> WatchedStore::put_device(const crp::Device& device, crp::AuditRecord audit) {
    return inner.put_device(device, std::move(audit));
}

Result<bool> WatchedStore::put_policy(const crp::Policy& policy, crp::AuditRecord audit) {
    return inner.put_policy(policy, std::move(audit));
}

Result<bool> WatchedStore::put_template(const crp::TemplateRecord& record, crp::AuditRecord audit) {
    return inner.put_template(record, std::move(audit));
}

Result<void> WatchedStore::delete_user(std::string_view id, crp::AuditRecord audit) {
    return inner.delete_user(id, std::move(audit));
}

Result<void> WatchedStore::delete_device(std::string_view id, crp::AuditRecord audit) {
    return inner.delete_device(id, std::move(audit));
}

Result<void> WatchedStore::delete_policy(std::string_view id, crp::AuditRecord audit) {
    return inner.delete_policy(id, std::move(audit));
}

Result<void> WatchedStore::delete_template(std::string_view name, crp::AuditRecord audit) {
    return inner.delete_template(name, std::move(audit));
}

Result<crp::Page<crp::User>> WatchedStore::list_users(const crp::PageRequest& page) {
    return inner.list_users(page);
}

Result<crp::Page<crp::Device>> WatchedStore::list_devices(const crp::PageRequest& page) {
    return inner.list_devices(page);
}

Result<crp::Page<crp::Policy>> WatchedStore::list_policies(const crp::PageRequest& page) {
    return inner.list_policies(page);
}

Result<crp::Page<crp::TemplateRecord>> WatchedStore::list_templates(const crp::PageRequest& page) {
    return inner.list_templates(page);
}

Result<std::optional<std::string>> WatchedStore::add_challenges(const crp::ChallengeBatch& batch,
                                                                crp::AuditRecord audit) {
    return inner.add_challenges(batch, std::move(audit));
}

Result<std::optional<crp::Challenge>> WatchedStore::find_challenge(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_challenge(id);
}

Result<std::optional<crp::Challenge>> WatchedStore::find_challenge_by_lookup(
    std::string_view lookup) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_challenge_by_lookup(lookup);
}

Result<void> WatchedStore::revoke_challenge(std::string_view id, crp::AuditRecord audit) {
    return inner.revoke_challenge(id, std::move(audit));
}

Result<std::optional<crp::Decision>> WatchedStore::find_standing_decision(
    std::string_view transaction_id, std::string_view csr_sha256, std::string_view signing_sha256) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_standing_decision(transaction_id, csr_sha256, signing_sha256);
}

Result<std::optional<crp::Decision>> WatchedStore::find_decision_by_request(
    std::string_view caller, std::string_view request_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_decision_by_request(caller, request_id);
}

Result<crp::DecisionOutcome> WatchedStore::commit_decision(const crp::DecisionCommit& commit) {
    ++commits;
    if (auto change = std::exchange(before_commit, nullptr)) change();
    if (fail_commits) return Failure(*fail_commits);
    return inner.commit_decision(commit);
}

Result<crp::NotifyOutcome> WatchedStore::commit_notify(const crp::NotifyCommit& commit) {
    ++commits;
    if (auto change = std::exchange(before_commit, nullptr)) change();
    if (fail_commits) return Failure(*fail_commits);
    return inner.commit_notify(commit);
}

Result<std::optional<crp::Transaction>> WatchedStore::find_transaction(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_transaction(id);
}

Result<std::vector<crp::Transaction>> WatchedStore::find_transaction_history(std::string_view id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_transaction_history(id);
}

Result<crp::Page<crp::Transaction>> WatchedStore::list_transactions(const crp::PageRequest& page) {
    return inner.list_transactions(page);
}

Result<std::optional<crp::IssuedCertificate>> WatchedStore::find_certificate(
    std::string_view sha256) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    if (certificate) return certificate;
    return inner.find_certificate(sha256);
}

Result<std::optional<crp::IssuedCertificate>> WatchedStore::find_key_of_other_device(
    std::string_view spki_sha256, std::string_view device_id) {
    ++reads;
    if (fail_reads) return Failure(*fail_reads);
    return inner.find_key_of_other_device(spki_sha256, device_id);
}

Result<crp::Page<crp::IssuedCertificate>> WatchedStore::list_certificates(
    const crp::PageRequest& page) {
    return inner.list_certificates(page);
}

Result<crp::Page<crp::StateMessage>> WatchedStore::list_state_messages(
    const crp::PageRequest& page) {
    return inner.list_state_messages(page);
}

Result<std::vector<crp::StateMessage>> WatchedStore::due_state_messages(WallTime now,
                                                                        std::size_t limit) {
    return inner.due_state_messages(now, limit);
}

Result<void> WatchedStore::mark_delivered(const std::vector<std::string>& ids, WallTime now) {
    return inner.mark_delivered(ids, now);
}

Result<void> WatchedStore::mark_failed(std::string_view id, WallTime next_attempt,
                                       std::string_view error) {
    return inner.mark_failed(id, next_attempt, error);
}

Result<void> WatchedStore::append_audit(crp::AuditRecord record) {
    return inner.append_audit(std::move(record));
}

Result<crp::Page<crp::AuditRecord>> WatchedStore::list_audit(const crp::PageRequest& page) {
    return inner.list_audit(page);
}

Result<void> WatchedStore::check() { return inner.check(); }

World::World(crp::ValidationOptions options)
    : codec(sample_codec()), service(store, codec, clock, random, log, options) {
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
    challenge.lookup = codec.lookup_of(password);
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
