// PostgresqlStore: issued certificates.
#include <utility>

#include "crp-service/store/decision_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {

// Another device that has a certificate of the key, else one whose certificate is on its way.
const Statement kKeyOfOtherDevice{"key_of_other_device", R"(
    SELECT device_id, transaction_id, sha256 FROM certificate
        WHERE spki_sha256 = $1 AND device_id <> $2
    UNION ALL
    SELECT device_id, transaction_id, '' FROM decision
        WHERE spki_sha256 = $1 AND device_id <> $2
          AND state IN ('verified', 'pending', 'unconfirmed')
    LIMIT 1)"};
const Statement kInsertCertificate{
    "certificate_insert",
    "INSERT INTO certificate (" CERTIFICATE_COLUMNS
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19, $20)"};

namespace {

constexpr Statement kBySha256{"certificate_by_sha256", "SELECT sequence, " CERTIFICATE_COLUMNS
                                                       " FROM certificate WHERE sha256 = $1"};
constexpr Statement kRevokeCertificate{"certificate_revoke", R"(UPDATE certificate
    SET revoked = true, revoked_at = $2, revocation_reason = $3
    WHERE sha256 = $1 AND NOT revoked)"};

}  // namespace

Values values_of(const IssuedCertificate& certificate) {
    return Values(certificate.sha256, certificate.serial, certificate.issuer, certificate.subject,
                  certificate.spki_sha256, to_unix_ms(certificate.not_before),
                  to_unix_ms(certificate.not_after), certificate.decision_id,
                  certificate.transaction_id, certificate.challenge_id, certificate.device_id,
                  certificate.user_id, certificate.policy_id, certificate.renews,
                  certificate.revoked, to_unix_ms(certificate.recorded_at), certificate.owner,
                  unix_ms_or_null(certificate.revoked_at), certificate.revocation_reason,
                  certificate.sha1);
}

Result<std::optional<IssuedCertificate>> PostgresqlStore::find_certificate(
    std::string_view sha256) {
    auto found = find_one<Numbered<IssuedCertificate>>(*pool_, kBySha256, Values(sha256),
                                                       read_numbered_certificate);
    if (!found) return pass_on(found);
    if (!*found) return std::nullopt;
    return std::move((*found)->record);
}

Result<std::optional<KeyHolder>> PostgresqlStore::find_key_of_other_device(
    std::string_view spki_sha256, std::string_view device_id) {
    return find_one<KeyHolder>(*pool_, kKeyOfOtherDevice, Values(spki_sha256, device_id),
                               read_key_holder);
}

Result<Page<IssuedCertificate>> PostgresqlStore::list_certificates(
    const PageRequest& page, const CertificateFilter& filter) {
    SequenceQuery query("SELECT sequence, " CERTIFICATE_COLUMNS " FROM certificate", "sequence",
                        true);
    query.where("owner = ", page.owner)
        .where("decision_id IN (SELECT id FROM decision WHERE device_id = ", filter.device_id, ")")
        .where("not_after < ", filter.expires_before);
    auto numbered = list_sequence<Numbered<IssuedCertificate>>(
        *pool_, query, page, read_numbered_certificate, [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

Result<bool> PostgresqlStore::revoke_certificate(const Revocation& revocation) {
    bool revoked = false;
    const SinkNames names = sinks();
    auto done = write(revocation.certificate_sha256, [&](Batch& batch) -> Result<void> {
        auto changed = batch.connection.ask(
            kRevokeCertificate,
            Values(revocation.certificate_sha256, to_unix_ms(revocation.now), revocation.reason));
        if (!changed) return pass_on(changed);
        revoked = changed->changed() == 1;
        if (!revoked) {
            auto found = batch.connection.ask(kBySha256, Values(revocation.certificate_sha256));
            if (!found) return pass_on(found);
            if (!found->empty()) return {};
            return fail(ErrorCode::not_found, "no such certificate");
        }
        append(batch, revocation.messages, *names);
        AuditRecord audit = revocation.audit;
        append(batch, audit);
        return {};
    });
    if (!done) return pass_on(done);
    return revoked;
}

}  // namespace ndes::crp::pg
