#include "tests/support/test_pki.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <sys/stat.h>

namespace ndes::test {
namespace {

constexpr long kCaNotBefore = -7200;
constexpr long kCaNotAfter = 10L * 365 * 86'400;

template <class T>
T checked(T value, const char* what) {
    if (!value) throw std::runtime_error(std::string("test PKI: ") + what);
    return value;
}

std::string text_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

void set_random_serial(X509* certificate) {
    std::uint64_t serial = 0;
    checked(::RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "serial");
    ::ASN1_INTEGER_set_uint64(::X509_get_serialNumber(certificate), serial >> 1U);
}

void set_common_name(X509_NAME* name, const std::string& common_name) {
    checked(::X509_NAME_add_entry_by_txt(
                name, "CN", MBSTRING_UTF8,
                reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0) == 1,
            "common name");
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    if (value.empty()) return;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    ::X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const X509ExtensionPtr extension(
        checked(::X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), "extension"));
    checked(::X509_add_ext(certificate, extension.get(), -1) == 1, "add extension");
}

struct Validity {
    long from_s;
    long until_s;
};

X509Ptr new_certificate(EVP_PKEY* public_key, const std::string& common_name, Validity validity) {
    X509Ptr certificate(checked(::X509_new(), "certificate"));
    ::X509_set_version(certificate.get(), X509_VERSION_3);
    set_random_serial(certificate.get());
    set_common_name(::X509_get_subject_name(certificate.get()), common_name);
    ::X509_gmtime_adj(X509_getm_notBefore(certificate.get()), validity.from_s);
    ::X509_gmtime_adj(X509_getm_notAfter(certificate.get()), validity.until_s);
    checked(::X509_set_pubkey(certificate.get(), public_key) == 1, "public key");
    return certificate;
}

// Fills in issuer and CA extensions and signs.
void sign_ca(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
    checked(::X509_set_issuer_name(certificate, ::X509_get_subject_name(issuer)) == 1, "issuer");
    add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    checked(::X509_sign(certificate, issuer_key, ::EVP_sha256()) > 0, "CA signature");
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ndes-test-XXXXXX").string();
    checked(::mkdtemp(name.data()) != nullptr, "temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

EvpPkeyPtr generate_key(KeyKind kind) {
    switch (kind) {
        case KeyKind::ec_p256: return EvpPkeyPtr(checked(EVP_EC_gen("P-256"), "P-256 key"));
        case KeyKind::ec_p384: return EvpPkeyPtr(checked(EVP_EC_gen("P-384"), "P-384 key"));
        case KeyKind::rsa_2048: break;
    }
    return EvpPkeyPtr(checked(EVP_RSA_gen(2048U), "RSA key"));
}

std::string to_pem(X509* certificate) {
    const BioPtr bio(::BIO_new(::BIO_s_mem()));
    checked(::PEM_write_bio_X509(bio.get(), certificate) == 1, "PEM");
    return text_of(bio.get());
}

void write_text_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    checked(file.good(), "write file");
}

void write_key_file(const std::filesystem::path& path, EVP_PKEY* key) {
    const BioPtr bio(::BIO_new(::BIO_s_mem()));
    checked(
        ::PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "key PEM");
    write_text_file(path, text_of(bio.get()));
    checked(::chmod(path.c_str(), S_IRUSR | S_IWUSR) == 0, "key file mode");
}

TestCa::TestCa(const TemporaryFolder& folder, const std::string& common_name, KeyKind key)
    : folder_(folder), common_name_(common_name), key_(generate_key(key)) {
    certificate_ = new_certificate(key_.get(), common_name, {kCaNotBefore, kCaNotAfter});
    sign_ca(certificate_.get(), certificate_.get(), key_.get());
    certificate_file_ = file_name("ca.pem");
    key_file_ = file_name("ca.key");
    write_text_file(certificate_file_, to_pem(certificate_.get()));
    write_key_file(key_file_, key_.get());
}

TestCa::TestCa(const TemporaryFolder& folder, const std::string& common_name, TestCa& issuer)
    : folder_(folder), common_name_(common_name), key_(generate_key()), is_root_(false) {
    certificate_ = new_certificate(key_.get(), common_name, {kCaNotBefore, kCaNotAfter});
    sign_ca(certificate_.get(), issuer.certificate(), issuer.key());
    certificate_file_ = file_name("ca.pem");
    key_file_ = file_name("ca.key");
    write_text_file(certificate_file_, to_pem(certificate_.get()));
    write_key_file(key_file_, key_.get());
}

Identity TestCa::issue(const LeafProfile& profile) {
    Identity identity;
    identity.key = generate_key(profile.key);
    identity.certificate = certify(identity.key.get(), profile);
    identity.certificate_file = file_name("leaf.pem");
    identity.key_file = file_name("leaf.key");
    std::string chain = to_pem(identity.certificate.get());
    if (!is_root_) chain += to_pem(certificate_.get());
    write_text_file(identity.certificate_file, chain);
    write_key_file(identity.key_file, identity.key.get());
    return identity;
}

X509Ptr TestCa::certify(EVP_PKEY* public_key, const LeafProfile& profile) {
    X509Ptr leaf = new_certificate(public_key, profile.common_name,
                                   {profile.not_before_s, profile.not_after_s});
    X509* const issuer = certificate_.get();
    checked(::X509_set_issuer_name(leaf.get(), ::X509_get_subject_name(issuer)) == 1, "issuer");
    add_extension(leaf.get(), issuer, NID_key_usage, profile.key_usage);
    add_extension(leaf.get(), issuer, NID_ext_key_usage, profile.extended_key_usage);
    add_extension(leaf.get(), issuer, NID_subject_alt_name, profile.subject_alt_name);
    add_extension(leaf.get(), issuer, NID_authority_key_identifier, "keyid");
    checked(::X509_sign(leaf.get(), key_.get(), ::EVP_sha256()) > 0, "signature");
    return leaf;
}

std::filesystem::path TestCa::write_crl(const std::vector<const X509*>& revoked,
                                        long next_update_s) {
    const X509CrlPtr crl(checked(::X509_CRL_new(), "CRL"));
    ::X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    ::X509_CRL_set_issuer_name(crl.get(), ::X509_get_subject_name(certificate_.get()));
    const std::unique_ptr<ASN1_TIME, OpensslFree<::ASN1_TIME_free>> from(
        ::X509_gmtime_adj(nullptr, kCaNotBefore));
    const std::unique_ptr<ASN1_TIME, OpensslFree<::ASN1_TIME_free>> until(
        ::X509_gmtime_adj(nullptr, next_update_s));
    ::X509_CRL_set1_lastUpdate(crl.get(), from.get());
    ::X509_CRL_set1_nextUpdate(crl.get(), until.get());
    for (const X509* certificate : revoked) {
        X509_REVOKED* const entry = checked(::X509_REVOKED_new(), "CRL entry");
        Asn1IntegerPtr serial(::ASN1_INTEGER_dup(::X509_get0_serialNumber(certificate)));
        ::X509_REVOKED_set_serialNumber(entry, serial.get());
        ::X509_REVOKED_set_revocationDate(entry, from.get());
        ::X509_CRL_add0_revoked(crl.get(), entry);  // takes the entry
    }
    ::X509_CRL_sort(crl.get());
    checked(::X509_CRL_sign(crl.get(), key_.get(), ::EVP_sha256()) > 0, "CRL signature");
    const BioPtr bio(::BIO_new(::BIO_s_mem()));
    checked(::PEM_write_bio_X509_CRL(bio.get(), crl.get()) == 1, "CRL PEM");
    const auto path = file_name("crl.pem");
    write_text_file(path, text_of(bio.get()));
    return path;
}

std::filesystem::path TestCa::file_name(const std::string& suffix) {
    static std::atomic<int> files{0};  // two CAs may have one name
    return folder_.path() / (common_name_ + "-" + std::to_string(files++) + "-" + suffix);
}

}  // namespace ndes::test
