#include "scep-server/enroll/ra_store.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "common/crypto/key_source.h"
#include "common/file.h"
#include "scep-server/message/ra_identity.h"

namespace ndes::scep {
namespace {

namespace fs = std::filesystem;

struct Candidate {
    fs::path file;
    Certificate certificate;
    std::shared_ptr<EVP_PKEY> key;
};

struct Search {
    std::vector<Candidate> found;
    std::string rejected;  // "NAME.pem: why; …"
};

Result<KeySource> key_beside(fs::path file) {
    std::error_code ignored;
    KeySource source;
    source.file = file.replace_extension(".key");
    if (fs::exists(source.file, ignored)) return source;
    auto uri = read_file(file.replace_extension(".uri"), 4096);
    if (!uri) return fail(ErrorCode::configuration, "has no key beside it");
    uri->resize(std::min(uri->size(), uri->find_first_of("\r\n")));
    return KeySource{{}, std::move(*uri)};
}

std::optional<std::string> fault_of(const Certificate& certificate,
                                    const std::vector<Certificate>& ca_chain, WallTime now) {
    if (!certificate.has_extended_key_usage(kCertificateRequestAgent))
        return "its extended key usage lacks Certificate Request Agent";
    if (!certificate.has_key_usage(KeyUsage::key_encipherment) &&
        !certificate.has_key_usage(KeyUsage::digital_signature))
        return "its key usage has neither keyEncipherment nor digitalSignature";
    if (!certificate.is_issued_by(ca_chain.front())) return "is not issued by the CA of [issuer]";
    if (now < certificate.not_before())
        return "is valid only from " + to_rfc3339(certificate.not_before());
    if (now > certificate.not_after()) return "expired at " + to_rfc3339(certificate.not_after());
    for (const Certificate& ca : ca_chain)
        if (now < ca.not_before() || now > ca.not_after())
            return "its chain is not valid: " + ca.subject_text();
    return std::nullopt;
}

Result<Candidate> load_candidate(const fs::path& file, const std::vector<Certificate>& ca_chain,
                                 WallTime now) {
    auto certificates = load_certificates(file);
    if (!certificates) return pass_on(certificates);
    const Certificate& certificate = certificates->front();
    if (const auto fault = fault_of(certificate, ca_chain, now))
        return fail(ErrorCode::configuration, *fault);
    auto source = key_beside(file);
    if (!source) return pass_on(source);
    auto key = load_key(*source);
    if (!key) return pass_on(key);
    if (!certificate.matches(key->get()))
        return fail(ErrorCode::configuration, source->text() + " is not its key");
    return Candidate{file, certificate, std::move(*key)};
}

// All that fit, the latest issued first.
Result<Search> search(const fs::path& folder, const std::vector<Certificate>& ca_chain,
                      WallTime now) {
    std::error_code fault;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
        if (at->path().extension() == ".pem") files.push_back(at->path());
    if (fault)
        return fail(ErrorCode::configuration,
                    "ra.store " + folder.string() + ": " + fault.message());
    std::ranges::sort(files);
    Search result;
    for (const fs::path& file : files) {
        auto candidate = load_candidate(file, ca_chain, now);
        if (candidate)
            result.found.push_back(std::move(*candidate));
        else
            result.rejected += (result.rejected.empty() ? "" : "; ") + file.filename().string() +
                               ": " + candidate.error().text;
    }
    std::ranges::stable_sort(result.found, std::ranges::greater{}, [](const Candidate& candidate) {
        return candidate.certificate.not_before();
    });
    return result;
}

bool can_sign(const Candidate& candidate) {
    return candidate.certificate.has_key_usage(KeyUsage::digital_signature);
}
// Clients can encrypt to RSA keys only.
bool can_decrypt(const Candidate& candidate) {
    return candidate.certificate.has_key_usage(KeyUsage::key_encipherment) &&
           key_facts(candidate.key.get()).type == KeyType::rsa;
}

}  // namespace

Result<RaChoice> choose_ra(const fs::path& folder, const std::vector<Certificate>& ca_chain,
                           std::chrono::milliseconds overlap, WallTime now) {
    auto candidates = search(folder, ca_chain, now);
    if (!candidates) return pass_on(candidates);
    const auto& found = candidates->found;
    const auto signing = std::ranges::find_if(found, can_sign);
    const auto encryption = std::ranges::find_if(found, can_decrypt);
    if (signing == found.end() || encryption == found.end())
        return fail(ErrorCode::configuration,
                    "ra.store " + folder.string() + ": no usable " +
                        (signing == found.end() ? "signing" : "encryption") + " certificate" +
                        (candidates->rejected.empty() ? "" : " (" + candidates->rejected + ")"));
    RaChoice choice{{}, signing->file, encryption->file};
    choice.identity.signing_certificate = signing->certificate;
    choice.identity.signing_key = signing->key;
    choice.identity.encryption_certificate = encryption->certificate;
    choice.identity.decryption_key = encryption->key;
    // Each is superseded by the one before it in the list.
    WallTime until = encryption->certificate.not_before() + overlap;
    for (auto at = std::next(encryption); at != found.end(); ++at) {
        if (!can_decrypt(*at)) continue;
        if (now < until) choice.identity.older.push_back({at->certificate, at->key, until});
        until = at->certificate.not_before() + overlap;
    }
    return choice;
}

}  // namespace ndes::scep
