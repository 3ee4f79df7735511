// SqliteStore: issued certificates.
#include <utility>

#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"
#include "crp-service/store/sqlite/transaction_rows.h"

namespace ndes::crp {
namespace {

constexpr const char* kBySha256 =
    "SELECT sequence, " CERTIFICATE_COLUMNS " FROM certificate WHERE sha256 = ?";
constexpr const char* kRevokeCertificate = R"(UPDATE certificate
    SET revoked = 1, revoked_at = ?2, revocation_reason = ?3 WHERE sha256 = ?1 AND revoked = 0)";
constexpr const char* kExists = "SELECT 1 FROM certificate WHERE sha256 = ?";
constexpr const char* kInsertCertificate =
    "INSERT INTO certificate (" CERTIFICATE_COLUMNS
    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

}  // namespace

CertificateReads::CertificateReads(Preparer& prepare)
    : by_sha256(prepare(kBySha256)), key_of_other_device(prepare(kKeyOfOtherDevice)) {}

CertificateWrites::CertificateWrites(Preparer& prepare)
    : exists(prepare(kExists)),
      insert(prepare(kInsertCertificate)),
      revoke(prepare(kRevokeCertificate)) {}

Result<void> insert(CertificateWrites& writes, const IssuedCertificate& certificate) {
    {
        const ResetAtEnd reset(writes.exists);
        auto found = bind_all(writes.exists, certificate.sha256).step();
        if (!found) return pass_on(found);
        if (*found) {
            return fail(ErrorCode::conflict, "the certificate is recorded for another decision");
        }
    }
    return bind_all(writes.insert, certificate.sha256, certificate.serial, certificate.issuer,
                    certificate.subject, certificate.spki_sha256,
                    to_unix_ms(certificate.not_before), to_unix_ms(certificate.not_after),
                    certificate.decision_id, certificate.transaction_id, certificate.challenge_id,
                    certificate.device_id, certificate.user_id, certificate.policy_id,
                    certificate.renews, certificate.revoked, to_unix_ms(certificate.recorded_at),
                    certificate.owner, unix_ms_or_null(certificate.revoked_at),
                    certificate.revocation_reason, certificate.sha1)
        .run();
}

Result<std::optional<IssuedCertificate>> SqliteStore::find_certificate(std::string_view sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& statement = reader->reads().certificates.by_sha256;
    return one_row<IssuedCertificate>(bind_all(statement, sha256), read_certificate);
}

Result<std::optional<KeyHolder>> SqliteStore::find_key_of_other_device(std::string_view spki_sha256,
                                                                       std::string_view device_id) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& statement = reader->reads().certificates.key_of_other_device;
    return one_row<KeyHolder>(bind_all(statement, spki_sha256, device_id), read_key_holder);
}

Result<Page<IssuedCertificate>> SqliteStore::list_certificates(const PageRequest& page,
                                                               const CertificateFilter& filter) {
    SequenceQuery query("SELECT sequence, " CERTIFICATE_COLUMNS " FROM certificate", "sequence",
                        true);
    query.where("owner = ?", page.owner)
        .where("decision_id IN (SELECT id FROM decision WHERE device_id = ?)", filter.device_id)
        .where("not_after < ?", filter.expires_before);
    auto numbered = list_sequence<Numbered<IssuedCertificate>>(
        *readers_, query, page, read_numbered_certificate,
        [](const auto& one) { return one.number; });
    if (!numbered) return pass_on(numbered);
    return without_numbers(std::move(*numbered));
}

Result<bool> SqliteStore::revoke_certificate(const Revocation& revocation) {
    bool revoked = false;
    const SinkNames names = sinks();
    auto done = writer_->run([&](sqlite::Database& database) -> Result<void> {
        Writes& writes = *writes_;
        auto changed = bind_all(writes.certificates.revoke, revocation.certificate_sha256,
                                to_unix_ms(revocation.now), revocation.reason)
                           .run();
        if (!changed) return changed;
        revoked = database.changes() == 1;
        if (!revoked) {
            const ResetAtEnd reset(writes.certificates.exists);
            auto found = bind_all(writes.certificates.exists, revocation.certificate_sha256).step();
            if (!found) return pass_on(found);
            if (*found) return {};
            return fail(ErrorCode::not_found, "no such certificate");
        }
        auto told = append(writes.outbox, revocation.messages, *names);
        if (!told) return told;
        AuditRecord audit = revocation.audit;
        return append(writes.audit, audit);
    });
    if (!done) return pass_on(done);
    return revoked;
}

}  // namespace ndes::crp
