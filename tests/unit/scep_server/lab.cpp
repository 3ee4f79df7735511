#include "tests/unit/scep_server/lab.h"

#include <fstream>
#include <map>
#include <stdexcept>

#include <openssl/pem.h>

#include "common/crypto/distinguished_name.h"
#include "tests/support/scep_client.h"

namespace ndes::test {
namespace {

void check(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + ": " + take_openssl_errors());
}

void set_time(ASN1_TIME* field, WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    check(::ASN1_TIME_set(field, static_cast<time_t>(seconds)) != nullptr, "time");
}

void add_extension(X509* certificate, const Certificate* issuer, int nid, const char* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer != nullptr ? issuer->handle() : certificate, certificate,
                   nullptr, nullptr, 0);
    const X509ExtensionPtr extension(::X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
    check(extension && ::X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

std::string pem_of(const std::function<int(BIO*)>& write) {
    const BioPtr bio(::BIO_new(::BIO_s_mem()));
    check(write(bio.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

void RecordingLog::note(Severity, std::string_view text, const LogFields& fields,
                        std::source_location) {
    const std::lock_guard lock(mutex_);
    text_ += text;
    for (const auto& [name, value] : fields) {
        text_ += " | ";
        text_ += name;
        text_ += "=" + value;
    }
    text_ += '\n';
}

std::string RecordingLog::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

EVP_PKEY* rsa_key_number(std::size_t number) {
    static std::mutex mutex;
    static std::map<std::size_t, EvpPkeyPtr> keys;
    const std::lock_guard lock(mutex);
    EvpPkeyPtr& key = keys[number];
    if (!key) key = make_rsa_key();
    return key.get();
}

Certificate make_certificate(const CertificateOrder& order) {
    static std::atomic<long> serial{1000};
    const X509Ptr certificate(::X509_new());
    const auto parsed = DistinguishedName::from_text(order.subject);
    check(parsed.has_value(), "subject");
    const auto name = parsed->to_x509();
    X509* handle = certificate.get();
    check(::X509_set_version(handle, X509_VERSION_3) == 1, "version");
    ::ASN1_INTEGER_set(::X509_get_serialNumber(handle), ++serial);
    set_time(::X509_getm_notBefore(handle), order.not_before);
    set_time(::X509_getm_notAfter(handle), order.not_after);
    ::X509_set_subject_name(handle, name->get());
    ::X509_set_issuer_name(handle, order.issuer != nullptr
                                       ? ::X509_get_subject_name(order.issuer->handle())
                                       : name->get());
    ::X509_set_pubkey(handle, order.key);
    add_extension(handle, order.issuer, NID_subject_key_identifier, "hash");
    add_extension(handle, order.issuer, NID_basic_constraints,
                  order.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (order.key_usage != nullptr)
        add_extension(handle, order.issuer, NID_key_usage, order.key_usage);
    if (order.extended_key_usage != nullptr)
        add_extension(handle, order.issuer, NID_ext_key_usage, order.extended_key_usage);
    EVP_PKEY* signing_key = order.issuer_key != nullptr ? order.issuer_key : order.key;
    check(::X509_sign(handle, signing_key, ::EVP_sha256()) > 0, "sign");
    auto made = Certificate::from_handle(handle);
    check(made.has_value(), "certificate");
    return *made;
}

void write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
}

void write_certificates(const std::filesystem::path& path,
                        const std::vector<Certificate>& certificates) {
    std::string text;
    for (const Certificate& certificate : certificates)
        text += pem_of([&](BIO* bio) { return ::PEM_write_bio_X509(bio, certificate.handle()); });
    write_text(path, text);
}

void write_key(const std::filesystem::path& path, EVP_PKEY* key) {
    write_text(path, pem_of([&](BIO* bio) {
                   return ::PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr,
                                                     nullptr);
               }));
    std::filesystem::permissions(
        path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

Lab::Lab()
    : ca_key(rsa_key_number(0)),
      ra_signing_key(rsa_key_number(1)),
      ra_encryption_key(rsa_key_number(2)),
      ca(make_certificate(
          {"CN=Test CA,O=Lab", ca_key, nullptr, nullptr, clock.now() - std::chrono::days(100),
           clock.now() + std::chrono::days(1000), "critical,keyCertSign,cRLSign", true})),
      ra_signing(make_certificate(
          {"CN=RA signing", ra_signing_key, &ca, ca_key, clock.now() - std::chrono::days(10),
           clock.now() + std::chrono::days(300), "critical,digitalSignature"})),
      ra_encryption(make_certificate(
          {"CN=RA encryption", ra_encryption_key, &ca, ca_key, clock.now() - std::chrono::days(10),
           clock.now() + std::chrono::days(200), "critical,keyEncipherment"})) {
    write_certificates(folder / "ca.pem", {ca});
    write_certificates(folder / "signing.pem", {ra_signing});
    write_certificates(folder / "encryption.pem", {ra_encryption});
    write_key(folder / "ca.key", ca_key);
    write_key(folder / "signing.key", ra_signing_key);
    write_key(folder / "encryption.key", ra_encryption_key);
    write_text(folder / "journal.key", std::string(64, '5') + "\n");
    std::filesystem::permissions(folder / "journal.key", std::filesystem::perms::owner_read);
    config.profiles.emplace_back();
    profile().issuer.certificate_file = folder / "ca.pem";
    profile().issuer.key.file = folder / "ca.key";
    profile().ra = {folder / "signing.pem", folder / "signing.key", folder / "encryption.pem",
                    folder / "encryption.key"};
    config.journal = {folder / "ndesd.db", true, folder / "journal.key"};
    profile().mscep.templates = {"Signature", "Encryption", "GeneralPurpose"};
}

FakePolicy::FakePolicy()
    : on_verify([](const scep::PolicyQuestion&) -> Result<scep::PolicyAnswer> {
          return yes_with("CN=device");
      }) {}

Result<scep::PolicyAnswer> FakePolicy::verify(const scep::PolicyQuestion& question) {
    ++verify_calls;
    return on_verify(question);
}

Result<void> FakePolicy::notify(const scep::PolicyOutcome& outcome) {
    const Notified told{std::string(outcome.challenge),
                        std::string(outcome.transaction_id),
                        std::string(outcome.request_id),
                        outcome.disposition,
                        outcome.last_result,
                        to_bytes(outcome.certificate)};
    Result<void> answer = on_notify(told);
    {
        const std::lock_guard lock(mutex_);
        notified_.push_back(told);
    }
    told_.notify_all();
    return answer;
}

std::vector<FakePolicy::Notified> FakePolicy::wait_for_notifies(std::size_t count) {
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, std::chrono::seconds(10), [&] { return notified_.size() >= count; });
    return notified_;
}

scep::PolicyAnswer yes_with(std::string subject) {
    CertificateContents contents;
    contents.subject = std::move(subject);
    contents.subject_alt_names = {{SubjectAltNameType::dns, "device.example"}};
    contents.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    contents.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
    contents.validity_days = 30;
    contents.template_name = "GeneralPurpose";
    return {true, "Success", "", "decision-1", contents};
}

}  // namespace ndes::test
