#include "crp-service/audit/audit_checkpoint.h"

#include <algorithm>

namespace ndes::crp {

std::string signed_text(const AuditCheckpoint& checkpoint) {
    return "ndes-crp audit checkpoint v1\n" + checkpoint.node + "\n" +
           std::to_string(checkpoint.sequence) + "\n" + checkpoint.hash + "\n" +
           to_rfc3339(checkpoint.time) + "\n";
}

Result<void> sign_checkpoint(AuditCheckpoint& checkpoint, EVP_PKEY* key) {
    auto signature = sign(key, as_bytes(signed_text(checkpoint)));
    if (!signature) return pass_on(signature);
    checkpoint.key_id = key_id_of(key);
    checkpoint.signature = to_base64(*signature);
    return {};
}

bool is_genuine(const AuditCheckpoint& checkpoint, const PublicKeys& keys) {
    const auto signature = from_base64(checkpoint.signature);
    if (!signature) return false;
    const std::string text = signed_text(checkpoint);
    return std::ranges::any_of(keys, [&](const std::shared_ptr<EVP_PKEY>& key) {
        return is_signature_of(key.get(), as_bytes(text), *signature);
    });
}

}  // namespace ndes::crp
