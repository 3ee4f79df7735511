#include "policy-module/adapters/abi_values.h"

#include <array>
#include <charconv>

#include "common/crypto/asn1_text.h"

namespace ndes::policy {
namespace {

ndes_policy_string lend(std::string_view text) { return {text.data(), text.size()}; }

std::optional<crp_protocol::Disposition> disposition_of(ndes_policy_disposition value) {
    using crp_protocol::Disposition;
    switch (value) {
        case NDES_POLICY_DISPOSITION_UNKNOWN: return Disposition::unknown;
        case NDES_POLICY_DISPOSITION_SUCCESS: return Disposition::success;
        case NDES_POLICY_DISPOSITION_FAILURE: return Disposition::failure;
        case NDES_POLICY_DISPOSITION_PENDING: return Disposition::pending;
        case NDES_POLICY_DISPOSITION_PENDING_CHALLENGE: return Disposition::pending_challenge;
        default: return std::nullopt;
    }
}

Outcome<std::optional<Bytes>> read_blob(ndes_policy_blob blob, std::string_view name) {
    if (!blob.data && blob.length != 0)
        return fault(FaultKind::invalid_argument, std::string(name) + " is NULL with a length");
    if (!blob.data) return std::nullopt;
    return Bytes(blob.data, blob.data + blob.length);
}

// Reads one text into its place; the first fault wins.
void take(Outcome<void>& so_far, std::string& place, ndes_policy_string text,
          std::string_view name) {
    auto read = read_text(text, name);
    if (read)
        place = std::move(*read);
    else if (so_far)
        so_far = tl::unexpected(std::move(read.error()));
}

}  // namespace

ndes_policy_result result_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::invalid_argument: return NDES_POLICY_E_INVALIDARG;
        case FaultKind::access_denied: return NDES_POLICY_E_ACCESSDENIED;
        case FaultKind::refused: return NDES_POLICY_E_REFUSED;
        case FaultKind::unavailable:
        case FaultKind::too_many_calls: return NDES_POLICY_E_UNAVAILABLE;
        case FaultKind::timeout: return NDES_POLICY_E_TIMEOUT;
        case FaultKind::name_unknown:
        case FaultKind::cannot_connect: return NDES_POLICY_E_CANNOT_CONNECT;
        case FaultKind::certificate_date: return NDES_POLICY_E_CERT_DATE;
        case FaultKind::secure_failure: return NDES_POLICY_E_SECURE_FAILURE;
        case FaultKind::invalid_response: return NDES_POLICY_E_INVALID_RESPONSE;
        case FaultKind::failed: return NDES_POLICY_E_FAIL;
    }
    return NDES_POLICY_E_FAIL;
}

std::string hex_of(ndes_policy_result result) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   static_cast<std::uint32_t>(result), 16)
                         .ptr;
    return "0x" + std::string(digits.data(), end);
}

Outcome<std::string> read_text(ndes_policy_string text, std::string_view name) {
    if (!text.data && text.length != 0)
        return fault(FaultKind::invalid_argument, std::string(name) + " is NULL with a length");
    if (!text.data) return std::string();
    const std::string_view view(text.data, text.length);
    if (!is_utf8(view))
        return fault(FaultKind::invalid_argument, std::string(name) + " is not UTF-8");
    return std::string(view);
}

Outcome<crp_protocol::VerifyRequest> read_input(const ndes_policy_verify_input& input) {
    auto csr = read_blob(input.certificate_request, "certificate_request");
    if (!csr) return tl::unexpected(std::move(csr.error()));
    auto signer = read_blob(input.signing_certificate, "signing_certificate");
    if (!signer) return tl::unexpected(std::move(signer.error()));

    crp_protocol::VerifyRequest request;
    request.certificate_request = csr->value_or(Bytes());
    request.signing_certificate = std::move(*signer);
    Outcome<void> texts;
    take(texts, request.template_name, input.template_name, "template_name");
    take(texts, request.transaction_id, input.transaction_id, "transaction_id");
    take(texts, request.request_id, input.request_id, "request_id");
    take(texts, request.ca_name, input.ca_name, "ca_name");
    take(texts, request.device_address, input.device_address, "device_address");
    if (!texts) return tl::unexpected(std::move(texts.error()));
    return request;
}

Outcome<crp_protocol::NotifyRequest> read_input(const ndes_policy_notify_input& input) {
    auto certificate = read_blob(input.certificate, "certificate");
    if (!certificate) return tl::unexpected(std::move(certificate.error()));
    const auto disposition = disposition_of(input.disposition);
    if (!disposition)
        return fault(FaultKind::invalid_argument,
                     "disposition " + std::to_string(input.disposition) + " does not exist");

    crp_protocol::NotifyRequest request;
    request.certificate = std::move(*certificate);
    request.disposition = *disposition;
    request.hresult = input.last_result;
    std::string challenge;
    Outcome<void> texts;
    take(texts, challenge, input.challenge, "challenge");
    take(texts, request.transaction_id, input.transaction_id, "transaction_id");
    take(texts, request.request_id, input.request_id, "request_id");
    if (!texts) return tl::unexpected(std::move(texts.error()));
    if (!challenge.empty()) request.challenge = std::move(challenge);
    return request;
}

void VerifyStorage::give(crp_protocol::VerifyAnswer answer, ndes_policy_verify_output& output) {
    answer_ = std::move(answer);
    clear(output);
    output.reason = lend(answer_.reason);
    output.detail = lend(answer_.detail);
    output.decision_id = lend(answer_.decision_id);
    if (!answer_.verified || !answer_.certificate) return;
    give_contents(output);
    output.verified = 1;  // last, when everything that belongs to a yes is in place
}

void VerifyStorage::give_contents(ndes_policy_verify_output& output) {
    const CertificateContents& contents = *answer_.certificate;
    alt_names_.clear();
    for (const SubjectAltName& name : contents.subject_alt_names)
        alt_names_.push_back({lend(to_string(name.type)), lend(name.value)});
    extended_key_usage_.clear();
    for (const std::string& oid : contents.extended_key_usage)
        extended_key_usage_.push_back(lend(oid));
    for (const KeyUsage usage : contents.key_usage)
        output.key_usage |= std::uint32_t{1} << static_cast<unsigned>(usage);
    output.has_contents = 1;
    output.subject = lend(contents.subject);
    output.alt_names = alt_names_.data();
    output.alt_name_count = alt_names_.size();
    output.extended_key_usage = extended_key_usage_.data();
    output.extended_key_usage_count = extended_key_usage_.size();
    output.validity_days = contents.validity_days;
}

void clear(ndes_policy_verify_output& output) {
    const std::size_t size = output.size;
    output = {};
    output.size = size;
}

}  // namespace ndes::policy
