// SqliteStore: issued certificates.
#include <utility>

#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

#define CERTIFICATE_COLUMNS                                                              \
    "sha256, serial, issuer, subject, spki_sha256, not_before, not_after, decision_id, " \
    "transaction_id, challenge_id, device_id, user_id, policy_id, renews, revoked, "     \
    "recorded_at, owner"

constexpr const char* kBySha256 =
    "SELECT sequence, " CERTIFICATE_COLUMNS " FROM certificate WHERE sha256 = ?";
constexpr const char* kKeyOfOtherDevice = "SELECT sequence, " CERTIFICATE_COLUMNS
                                          R"( FROM certificate
    WHERE spki_sha256 = ? AND device_id <> ? ORDER BY sequence LIMIT 1)";
constexpr const char* kList = "SELECT sequence, " CERTIFICATE_COLUMNS R"( FROM certificate
    WHERE sequence < ? ORDER BY sequence DESC LIMIT ?)";
constexpr const char* kListOfOwner = "SELECT sequence, " CERTIFICATE_COLUMNS R"( FROM certificate
    WHERE owner = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?)";
constexpr const char* kExists = "SELECT 1 FROM certificate WHERE sha256 = ?";
constexpr const char* kInsert = "INSERT INTO certificate (" CERTIFICATE_COLUMNS
                                ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

struct Numbered {
    std::int64_t sequence = 0;
    IssuedCertificate certificate;
};

Result<Numbered> read_numbered(const Statement& statement) {
    Row row(statement);
    Numbered numbered;
    numbered.sequence = row.integer();
    IssuedCertificate& certificate = numbered.certificate;
    certificate.sha256 = row.text();
    certificate.serial = row.text();
    certificate.issuer = row.text();
    certificate.subject = row.text();
    certificate.spki_sha256 = row.text();
    certificate.not_before = row.time();
    certificate.not_after = row.time();
    certificate.decision_id = row.text();
    certificate.transaction_id = row.text();
    certificate.challenge_id = row.text();
    certificate.device_id = row.text();
    certificate.user_id = row.text();
    certificate.policy_id = row.text();
    certificate.renews = row.text();
    certificate.revoked = row.boolean();
    certificate.recorded_at = row.time();
    certificate.owner = row.text();
    return numbered;
}

Result<IssuedCertificate> read_certificate(const Statement& statement) {
    auto numbered = read_numbered(statement);
    if (!numbered) return pass_on(numbered);
    return std::move(numbered->certificate);
}

}  // namespace

CertificateReads::CertificateReads(Preparer& prepare)
    : by_sha256(prepare(kBySha256)),
      key_of_other_device(prepare(kKeyOfOtherDevice)),
      list(prepare(kList)),
      list_of_owner(prepare(kListOfOwner)) {}

CertificateWrites::CertificateWrites(Preparer& prepare)
    : exists(prepare(kExists)), insert(prepare(kInsert)) {}

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
                    certificate.owner)
        .run();
}

Result<std::optional<IssuedCertificate>> SqliteStore::find_certificate(std::string_view sha256) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& statement = reader->reads().certificates.by_sha256;
    return one_row<IssuedCertificate>(bind_all(statement, sha256), read_certificate);
}

Result<std::optional<IssuedCertificate>> SqliteStore::find_key_of_other_device(
    std::string_view spki_sha256, std::string_view device_id) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& statement = reader->reads().certificates.key_of_other_device;
    return one_row<IssuedCertificate>(bind_all(statement, spki_sha256, device_id),
                                      read_certificate);
}

Result<Page<IssuedCertificate>> SqliteStore::list_certificates(const PageRequest& page) {
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    CertificateReads& reads = reader->reads().certificates;
    auto numbered =
        list_sequence<Numbered>({reads.list, reads.list_of_owner, kNewest}, page, read_numbered,
                                [](const Numbered& one) { return one.sequence; });
    if (!numbered) return pass_on(numbered);
    Page<IssuedCertificate> result{{}, std::move(numbered->next)};
    for (Numbered& one : numbered->items)
        result.items.push_back(std::move(one.certificate));
    return result;
}

}  // namespace ndes::crp
