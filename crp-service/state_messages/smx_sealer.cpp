#include "crp-service/state_messages/smx_sealer.h"

#include <algorithm>
#include <utility>

namespace ndes::crp {

Result<std::shared_ptr<const SmxSealer>> SmxSealer::load(const SealFiles& files, WallTime now) {
    auto signer = load_cms_signer(files.signing_certificate, files.signing_key);
    if (!signer) return pass_on(signer, "state messages: signing certificate");
    auto recipients = load_cms_recipients(files.recipients);
    if (!recipients) return pass_on(recipients, "state messages: management point");
    const std::shared_ptr<const SmxSealer> sealer(
        new SmxSealer(std::move(*signer), std::move(*recipients)));
    auto works = sealer->seal(as_bytes("probe"), now);  // says now what would fail later
    if (!works) {
        works.error().code = ErrorCode::configuration;
        return pass_on(works, "state messages");
    }
    return sealer;
}

Result<std::vector<Certificate>> SmxSealer::recipients_at(WallTime now) const {
    std::vector<Certificate> fit;
    std::ranges::copy_if(recipients_, std::back_inserter(fit),
                         [now](const Certificate& one) { return is_in_date(one, now); });
    if (fit.empty()) {
        return fail(ErrorCode::unavailable, "no certificate of the management point is in date");
    }
    return fit;
}

Result<Bytes> SmxSealer::seal(ByteView smx, WallTime now) const {
    if (!is_in_date(signer_.certificate, now)) {
        return fail(ErrorCode::unavailable, "the CRP's signing certificate is not in date");
    }
    auto recipients = recipients_at(now);
    if (!recipients) return pass_on(recipients);
    auto signed_message = sign_cms(smx, signer_);
    if (!signed_message) return signed_message;
    return encrypt_cms(*signed_message, *recipients);
}

}  // namespace ndes::crp
