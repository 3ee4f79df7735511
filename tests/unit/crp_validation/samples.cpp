#include "tests/unit/crp_validation/samples.h"

#include <algorithm>
#include <stdexcept>

#include <openssl/x509v3.h>

#include "common/crypto/general_names.h"

namespace ndes::test {
namespace {

// DER wants the elements of a SET OF in the order of their encodings.
Bytes sorted(std::vector<Bytes> elements) {
    std::ranges::sort(elements);
    Bytes out;
    for (const Bytes& element : elements)
        out.insert(out.end(), element.begin(), element.end());
    return out;
}

Bytes joined(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const Bytes& part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

Bytes alt_names(const RequestParts& parts) {
    std::vector<Bytes> names;
    for (const std::string& name : parts.dns_names)
        names.push_back(der_text(0x82, name));
    for (const std::string& upn : parts.upns) {
        names.push_back(
            der(0xA0, join({der_oid("1.3.6.1.4.1.311.20.2.3"), der(0xA0, der_text(kUtf8, upn))})));
    }
    for (const std::string& uri : parts.uris)
        names.push_back(der_text(0x86, uri));
    return der(0x30, joined(names));
}

Bytes sid_extension(const std::string& sid) {
    const Bytes name =
        join({der_oid("1.3.6.1.4.1.311.25.2.1"), der(0xA0, octet_string(to_bytes(as_bytes(sid))))});
    return extension("1.3.6.1.4.1.311.25.2", sequence({der(0xA0, name)}));
}

Bytes extensions_of(const RequestParts& parts) {
    std::vector<Bytes> all;
    if (!parts.dns_names.empty() || !parts.upns.empty() || !parts.uris.empty()) {
        all.push_back(extension("2.5.29.17", alt_names(parts)));
    }
    if (parts.key_usage) all.push_back(extension("2.5.29.15", der(0x03, *parts.key_usage), true));
    if (!parts.extended_key_usage.empty()) {
        std::vector<Bytes> oids;
        for (const char* oid : parts.extended_key_usage)
            oids.push_back(der_oid(oid));
        all.push_back(extension("2.5.29.37", der(0x30, joined(oids))));
    }
    if (parts.ca) {
        all.push_back(extension("2.5.29.19", sequence({Bytes{0x01, 0x01, 0xFF}}), true));
    }
    if (parts.critical_extension != nullptr) {
        all.push_back(extension(parts.critical_extension, Bytes{0x05, 0x00}, true));
    }
    if (!parts.sid.empty()) all.push_back(sid_extension(parts.sid));
    return joined(all);
}

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
}

// `value`: as in openssl.cnf; nothing when it is empty.
void add_extension(X509* certificate, int nid, const std::string& value) {
    if (value.empty()) return;
    const X509ExtensionPtr made(::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    require(made && ::X509_add_ext(certificate, made.get(), -1) == 1, value.c_str());
}

void set_time(ASN1_TIME* field, WallTime time) {
    require(::ASN1_TIME_set(field, static_cast<time_t>(to_unix_ms(time) / 1000)) != nullptr,
            "ASN1_TIME_set");
}

}  // namespace

crp::User sample_user() {
    crp::User user;
    user.id = "alice";
    user.user_principal_name = "alice@example.org";
    user.display_name = "Alice";
    user.email = "alice@mail.example.org";
    user.security_identifier = kSid;
    user.groups = {"staff", "field"};
    return user;
}

crp::Device sample_device() {
    crp::Device device;
    device.id = "phone-1";
    device.device_type = "phone";
    device.name = "phone-1.example.org";
    device.serial_number = "SN0001";
    device.imei = "490154203237518";
    device.owner_user_id = "alice";
    return device;
}

crp::Policy sample_policy() {
    crp::Policy policy;
    policy.id = "wifi";
    policy.certificate_request_id = "ModelName=ScopeId_1/ConfigurationPolicy_1;Version=1;Hash=1";
    policy.template_name = "GeneralPurpose";
    policy.subject_format = "CN={{UserPrincipalName}},O=Example";
    policy.subject_alt_names = {{SubjectAltNameType::dns, "{{DeviceName}}"}};
    policy.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    policy.extended_key_usage = {kClientAuth};
    policy.hash_algorithms = {"SHA-256"};
    policy.retry_window_seconds = 600;
    policy.assignments.users = {"alice"};
    return policy;
}

crp::TemplateRecord sample_template() {
    return {"GeneralPurpose", {{.principal = "*", .read = true, .enroll = true}}};
}

crp::Challenge sample_challenge(WallTime now) {
    crp::Challenge challenge;
    challenge.id = "00112233445566778899aabbccddeeff";
    challenge.device_id = "phone-1";
    challenge.user_id = "alice";
    challenge.policy_id = "wifi";
    challenge.certificate_request_id = sample_policy().certificate_request_id;
    challenge.not_before = now;
    challenge.expires_at = now + std::chrono::hours(1);
    challenge.created_at = now;
    challenge.owner = "mdm-1";
    return challenge;
}

Bytes make_request(EVP_PKEY* key, const RequestParts& parts) {
    std::vector<Bytes> names;
    for (const auto& [oid, value] : parts.subject)
        names.push_back(name_part(oid, kUtf8, value));
    std::vector<Bytes> attributes;
    if (parts.challenge) {
        attributes.push_back(attribute(kChallengePassword, {der_text(kUtf8, *parts.challenge)}));
    }
    const Bytes extensions = extensions_of(parts);
    if (!extensions.empty()) {
        attributes.push_back(attribute(kExtensionRequest, {der(0x30, extensions)}));
    }
    CsrParts csr;
    csr.subject = der(0x30, joined(names));
    csr.attributes = sorted(std::move(attributes));
    csr.digest = parts.digest;
    csr.spki = parts.spki;
    return make_csr(key, csr);
}

Certificate issue(EVP_PKEY* key, const CertificateParts& parts) {
    const X509Ptr built(::X509_new());
    ::X509_set_version(built.get(), 2);
    ::ASN1_INTEGER_set(::X509_get_serialNumber(built.get()), parts.serial);
    const auto subject = DistinguishedName::from_text(parts.subject)->to_x509();
    const auto issuer = DistinguishedName::from_text("CN=Lab CA")->to_x509();
    require(subject.has_value() && issuer.has_value(), "names");
    ::X509_set_subject_name(built.get(), subject->get());
    ::X509_set_issuer_name(built.get(), issuer->get());
    set_time(::X509_getm_notBefore(built.get()), parts.not_before);
    set_time(::X509_getm_notAfter(built.get()), parts.not_after);
    ::X509_set_pubkey(built.get(), key);
    if (!parts.dns_name.empty()) {
        std::vector<SubjectAltName> wanted{{SubjectAltNameType::dns, parts.dns_name}};
        if (!parts.uri.empty()) wanted.push_back({SubjectAltNameType::uri, parts.uri});
        const auto names = to_general_names(wanted);
        require(names.has_value(), "alternative names");
        ::X509_add1_ext_i2d(built.get(), NID_subject_alt_name, names->get(), 0, X509V3_ADD_DEFAULT);
    }
    add_extension(built.get(), NID_key_usage, parts.key_usage);
    add_extension(built.get(), NID_ext_key_usage, parts.extended_key_usage);
    add_extension(built.get(), NID_basic_constraints, parts.basic_constraints);
    add_extension(built.get(), NID_crl_distribution_points, "URI:http://ca.example.org/1.crl");
    if (!parts.sid.empty()) {
        const auto sid = security_identifier_extension(parts.sid);
        require(sid && ::X509_add_ext(built.get(), sid->get(), -1) == 1, "security identifier");
    }
    require(::X509_sign(built.get(), rsa_key(3), ::EVP_sha256()) > 0, "X509_sign");
    auto certificate = Certificate::from_handle(built.get());
    require(certificate.has_value(), "Certificate::from_handle");
    return *std::move(certificate);
}

}  // namespace ndes::test
