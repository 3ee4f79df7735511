#include "common/expiry/expiring.h"

#include <system_error>
#include <utility>

#include <openssl/x509v3.h>

#include "common/crypto/asn1_time.h"
#include "common/crypto/crl.h"
#include "common/file.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostCrlOctets = 16UL * 1024 * 1024;

Expiring faulty(ExpiringKind kind, const std::string& use, const fs::path& file,
                std::string fault) {
    Expiring one;
    one.kind = kind;
    one.use = use;
    one.file = file;
    one.id = file.string();
    one.fault = std::move(fault);
    return one;
}

std::string crl_number(const X509_CRL& crl) {
    const Asn1IntegerPtr number(
        static_cast<ASN1_INTEGER*>(::X509_CRL_get_ext_d2i(&crl, NID_crl_number, nullptr, nullptr)));
    const BignumPtr value(number ? ::ASN1_INTEGER_to_BN(number.get(), nullptr) : nullptr);
    char* const text = value ? ::BN_bn2hex(value.get()) : nullptr;
    std::string found = text != nullptr ? text : "";
    ::OPENSSL_free(text);
    for (char& c : found)
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    return found;
}

Expiring expiring_crl(const std::string& use, const fs::path& file, const X509_CRL& crl) {
    Expiring one;
    one.kind = ExpiringKind::crl;
    one.use = use;
    one.file = file;
    const auto issuer = DistinguishedName::from_x509(::X509_CRL_get_issuer(&crl));
    one.subject = one.issuer = issuer ? issuer->to_text() : "";
    one.serial = crl_number(crl);
    one.begins = wall_time(::X509_CRL_get0_lastUpdate(&crl));
    if (const ASN1_TIME* next = ::X509_CRL_get0_nextUpdate(&crl)) one.ends = wall_time(next);
    one.id = one.subject + " " + std::to_string(to_unix_ms(one.begins));
    return one;
}

}  // namespace

std::string_view to_string(ExpiringKind kind) {
    switch (kind) {
        case ExpiringKind::certificate: return "certificate";
        case ExpiringKind::crl: return "CRL";
        case ExpiringKind::key: break;
    }
    return "key";
}

Expiring expiring_certificate(std::string use, fs::path file, const Certificate& certificate) {
    Expiring one;
    one.use = std::move(use);
    one.file = std::move(file);
    one.subject = certificate.subject_text();
    one.issuer = certificate.issuer_text();
    one.serial = certificate.serial();
    one.id = certificate.sha256();
    one.begins = certificate.not_before();
    one.ends = certificate.not_after();
    one.certificate = certificate;
    return one;
}

void add_certificates(ExpiringList& list, const std::string& use, const fs::path& file, Take take) {
    if (file.empty()) return;
    const auto certificates = load_certificates(file);
    if (!certificates) {
        list.push_back(faulty(ExpiringKind::certificate, use, file, certificates.error().text));
        return;
    }
    for (const Certificate& certificate : *certificates) {
        list.push_back(expiring_certificate(use, file, certificate));
        if (take == Take::first) return;
    }
}

void add_crls(ExpiringList& list, const std::string& use, const fs::path& file) {
    if (file.empty()) return;
    const auto text = read_file(file, kMostCrlOctets);
    if (!text) {
        list.push_back(faulty(ExpiringKind::crl, use, file, text.error().text));
        return;
    }
    const auto crls = read_crls(*text);
    if (crls.empty())
        list.push_back(faulty(ExpiringKind::crl, use, file, file.string() + ": is no CRL"));
    for (const X509CrlPtr& crl : crls)
        list.push_back(expiring_crl(use, file, *crl));
}

void add_key(ExpiringList& list, const std::string& use, const KeySource& source) {
    if (source.empty()) return;
    Expiring one = faulty(ExpiringKind::key, use, source.file, {});
    if (!source.uri.empty()) {
        one.subject = one.id = source.uri;
        list.push_back(std::move(one));
        return;
    }
    std::error_code fault;
    const fs::file_status status = fs::status(source.file, fault);
    constexpr auto others = fs::perms::group_all | fs::perms::others_all;
    if (fault)
        one.fault = source.file.string() + ": " + fault.message();
    else if (!fs::is_regular_file(status))
        one.fault = source.file.string() + ": is not a regular file";
    else if ((status.permissions() & others) != fs::perms::none &&
             !is_systemd_credential(source.file))
        one.fault = source.file.string() + ": others than its owner may use it";
    list.push_back(std::move(one));
}

int days_left(WallTime ends, WallTime now) {
    return static_cast<int>(std::chrono::floor<std::chrono::days>(ends - now).count());
}

}  // namespace ndes
