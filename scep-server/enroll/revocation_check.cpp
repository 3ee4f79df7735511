#include "scep-server/enroll/revocation_check.h"

#include "scep-server/issuer/crl_builder.h"

namespace ndes::scep {
namespace {

Failure nobody_can_tell(Error error) {
    error.code = ErrorCode::unavailable;
    return Failure(std::move(error));
}

}  // namespace

Result<std::optional<RevocationReason>> RevocationCheck::reason_of(
    const Certificate& certificate) const {
    const std::string serial = certificate.serial();
    auto known = ledger_.find(issuer_.ca_chain().front().spki_sha256(), serial);
    if (!known) return nobody_can_tell(std::move(known.error()));
    if (*known && (*known)->revocation) return std::optional((*known)->revocation->reason);
    if (!reads_crl_) return std::optional<RevocationReason>{};
    auto crl = read();
    if (!crl) return nobody_can_tell(std::move(crl.error()));
    const auto entry = (*crl)->revoked.find(serial);
    if (entry == (*crl)->revoked.end()) return std::optional<RevocationReason>{};
    return std::optional(entry->second);
}

Result<std::shared_ptr<const RevocationCheck::ReadCrl>> RevocationCheck::read() const {
    auto der = issuer_.crl();
    if (!der) return pass_on(der);
    {
        const std::lock_guard lock(mutex_);
        if (last_ && last_->der == *der) return last_;
    }
    auto contents = read_crl(*der);
    if (!contents) return pass_on(contents);
    auto crl = std::make_shared<ReadCrl>();
    crl->der = std::move(*der);
    for (const CrlEntry& entry : contents->entries)
        crl->revoked.emplace(entry.serial, entry.reason);
    const std::lock_guard lock(mutex_);
    last_ = crl;
    return last_;
}

}  // namespace ndes::scep
