#include "common/expiry/renewal.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "common/crypto/pem.h"
#include "common/file.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kKeyMode = 0600;
constexpr unsigned kCertificateMode = 0640;

// A key and what it is for, not yet in use.
struct Made {
    fs::path file;
    std::string certificate;
};

fs::path key_of(fs::path certificate) { return certificate.replace_extension(".key"); }

Result<void> write_key(const fs::path& path, EVP_PKEY* key) {
    auto pem = key_pem(key);
    if (!pem) return pass_on(pem);
    auto written = write_fresh_file(path, *pem, kKeyMode);
    ::OPENSSL_cleanse(pem->data(), pem->size());
    return written;
}

Result<Made> make_ra_certificate(const fs::path& file, CertificateFrame frame, const LocalCa& ca) {
    auto key = make_rsa_key();
    if (!key) return pass_on(key);
    auto certificate = make_certificate(key->get(), frame, ca);
    if (!certificate) return pass_on(certificate);
    if (auto written = write_key(key_of(file), key->get()); !written) return pass_on(written);
    return Made{file, std::move(*certificate)};
}

Result<void> put(const Made& made) {
    return write_fresh_file(made.file, made.certificate, kCertificateMode);
}

void forget_keys(std::initializer_list<fs::path> certificates) {
    std::error_code ignored;  // a key without certificate is in use nowhere
    for (const fs::path& certificate : certificates)
        if (!fs::exists(certificate, ignored)) fs::remove(key_of(certificate), ignored);
}

// The key of before under its new name, or a fresh one.
Result<EvpPkeyPtr> place_client_key(const fs::path& current, const fs::path& path, bool fresh) {
    Result<EvpPkeyPtr> key = fresh ? make_rsa_key() : load_private_key(current);
    if (!key) return pass_on(key);
    if (auto written = write_key(path, key->get()); !written) return pass_on(written);
    return key;
}

GeneralNamesPtr names_of(const Certificate& certificate) {
    return GeneralNamesPtr(static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate.handle(), NID_subject_alt_name, nullptr, nullptr)));
}

}  // namespace

WallTime renewal_time(const Certificate& certificate, std::chrono::milliseconds before) {
    const auto third = (certificate.not_after() - certificate.not_before()) / 3;
    return certificate.not_after() - std::min(before, third);
}

std::string file_stamp(WallTime now) {
    std::string text = to_rfc3339(now).substr(0, 19) + "Z";
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

Result<void> write_fresh_file(const fs::path& path, std::string_view text, unsigned mode) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(path, ignored)))
        return fail(ErrorCode::conflict, path.string() + ": exists; it is never overwritten");
    return write_file_durably(path, as_bytes(text), mode);
}

CertificateFrame ra_frame(bool signing, X509_NAME* subject) {
    CertificateFrame frame;
    frame.subject = subject;
    frame.key_usage = signing ? "critical,digitalSignature" : "critical,keyEncipherment";
    frame.extended_key_usage = kRequestAgentUsage;
    return frame;
}

Result<RaPair> make_ra_pair(const RaPairOrder& order, const LocalCa& ca, WallTime now) {
    const std::string stamp = file_stamp(now) + ".pem";
    const RaPair pair{order.store / ("signing-" + stamp), order.store / ("encryption-" + stamp)};
    const auto make = [&](bool signing) {
        CertificateFrame frame =
            ra_frame(signing, signing ? order.signing_subject : order.encryption_subject);
        frame.begins = order.begins;
        frame.ends = order.ends;
        return make_ra_certificate(signing ? pair.signing : pair.encryption, frame, ca);
    };
    // All that can fail comes before the first certificate appears.
    auto signing = make(true);
    if (!signing) return pass_on(signing);
    auto encryption = make(false);
    if (!encryption) {
        forget_keys({pair.signing});
        return pass_on(encryption);
    }
    Result<void> done = put(*signing);
    if (done) done = put(*encryption);
    if (done) return pair;
    forget_keys({pair.signing, pair.encryption});
    return pass_on(done);
}

Result<fs::path> make_client_certificate(const CertificateChoice& current, const ClientOrder& order,
                                         const LocalCa& ca, WallTime now) {
    X509* const before = current.certificate.handle();
    if (!current.certificate.is_issued_by(ca.certificate))
        return fail(ErrorCode::precondition,
                    current.certificate_file.string() + ": is not issued by the CA of [issuer]",
                    "it is issued by " + current.certificate.issuer_text());
    const fs::path file = order.store / ("client-" + file_stamp(now) + ".pem");
    auto key = place_client_key(current.key_file, key_of(file), order.new_key);
    if (!key) return pass_on(key);
    const GeneralNamesPtr names = names_of(current.certificate);
    auto certificate =
        make_certificate(key->get(),
                         {::X509_get_subject_name(before), "critical,digitalSignature",
                          kClientAuthUsage, names.get(), order.begins, order.ends},
                         ca);
    Result<void> done =
        certificate ? put({file, *certificate}) : Result<void>(pass_on(certificate));
    if (done) return file;
    forget_keys({file});
    return pass_on(done);
}

Result<std::string> reissue_certificate(const Certificate& current, WallTime begins, WallTime ends,
                                        const LocalCa& ca) {
    if (!current.is_issued_by(ca.certificate))
        return fail(ErrorCode::precondition, "is not issued by " + ca.certificate.subject_text(),
                    "it is issued by " + current.issuer_text());
    std::string purposes;
    for (const char* purpose : {kServerAuthUsage, kClientAuthUsage})
        if (current.has_extended_key_usage(purpose))
            purposes += (purposes.empty() ? "" : ",") + std::string(purpose);
    if (purposes.empty())
        return fail(ErrorCode::precondition, "is for neither serverAuth nor clientAuth");
    const bool encrypts = current.has_key_usage(KeyUsage::key_encipherment);
    const GeneralNamesPtr names = names_of(current);
    return make_certificate(
        ::X509_get0_pubkey(current.handle()),
        {::X509_get_subject_name(current.handle()),
         std::string("critical,digitalSignature") + (encrypts ? ",keyEncipherment" : ""), purposes,
         names.get(), begins, ends},
        ca);
}

}  // namespace ndes
