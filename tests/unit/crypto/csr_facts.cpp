#include "tests/unit/crypto/csr_facts.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include <openssl/err.h>

namespace ndes::test {
namespace {

// Leaves the reading; caught in read_by_openssl.
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
void need(bool condition, const char* what) {
    if (!condition) throw Refused(what);
}

using ExtensionsPtr = std::unique_ptr<X509_EXTENSIONS, OpensslFree<[](X509_EXTENSIONS* list) {
                                          sk_X509_EXTENSION_pop_free(list, ::X509_EXTENSION_free);
                                      }>>;
using ExtendedUsagePtr =
    std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<::EXTENDED_KEY_USAGE_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, OpensslFree<::ASN1_BIT_STRING_free>>;

std::string oid_of(const ASN1_OBJECT* object) {
    std::array<char, 512> text{};
    const int size = ::OBJ_obj2txt(text.data(), text.size(), object, 1);
    need(size > 0 && static_cast<std::size_t>(size) < text.size(), "OID");
    return text.data();
}

std::string utf8_of(const ASN1_STRING* value) {
    unsigned char* text = nullptr;
    const int size = ::ASN1_STRING_to_UTF8(&text, value);
    need(size >= 0, "text");
    std::string utf8(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    ::OPENSSL_free(text);
    return utf8;
}

std::string hex_of(const ASN1_STRING* value) {
    return to_hex(
        {::ASN1_STRING_get0_data(value), static_cast<std::size_t>(::ASN1_STRING_length(value))});
}

std::string subject_lines(const X509_NAME* name) {
    std::string lines;
    int set = -1;
    for (int i = 0; i < ::X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = ::X509_NAME_get_entry(name, i);
        lines += ::X509_NAME_ENTRY_set(entry) == set ? "  and " : "subject ";
        set = ::X509_NAME_ENTRY_set(entry);
        lines += oid_of(::X509_NAME_ENTRY_get_object(entry)) + "=" +
                 utf8_of(::X509_NAME_ENTRY_get_data(entry)) + "\n";
    }
    return lines;
}

std::string challenge_line(X509_REQ* csr) {
    const int at = ::X509_REQ_get_attr_by_NID(csr, NID_pkcs9_challengePassword, -1);
    if (at < 0) return "";
    need(::X509_REQ_get_attr_by_NID(csr, NID_pkcs9_challengePassword, at) < 0, "two challenges");
    X509_ATTRIBUTE* attribute = ::X509_REQ_get_attr(csr, at);
    need(::X509_ATTRIBUTE_count(attribute) == 1, "values");
    const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(attribute, 0);
    std::string text = utf8_of(value->value.asn1_string);
    if (text.size() > 255) std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return "challenge " + text + "\n";
}

std::string alt_name_line(const GENERAL_NAME* name) {
    switch (name->type) {
        case GEN_EMAIL: return "san email " + utf8_of(name->d.rfc822Name) + "\n";
        case GEN_DNS: return "san dns " + utf8_of(name->d.dNSName) + "\n";
        case GEN_URI: return "san uri " + utf8_of(name->d.uniformResourceIdentifier) + "\n";
        case GEN_IPADD: return "san ip " + hex_of(name->d.iPAddress) + "\n";
        case GEN_OTHERNAME:
            need(oid_of(name->d.otherName->type_id) == "1.3.6.1.4.1.311.20.2.3", "otherName");
            return "san upn " + utf8_of(name->d.otherName->value->value.utf8string) + "\n";
        default: throw Refused("kind of alternative name");
    }
}

// Null when there is none; refused when there are two or it cannot be read.
template <class Ptr>
Ptr extension_of(const X509_EXTENSIONS* extensions, int nid) {
    int found = 0;
    Ptr value(
        static_cast<typename Ptr::pointer>(::X509V3_get_d2i(extensions, nid, &found, nullptr)));
    need(value || found == -1, "extension");
    return value;
}

std::string extension_lines(const X509_EXTENSIONS* extensions) {
    std::string lines;
    if (const auto names = extension_of<GeneralNamesPtr>(extensions, NID_subject_alt_name)) {
        for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
            lines += alt_name_line(sk_GENERAL_NAME_value(names.get(), i));
    }
    if (const auto bits = extension_of<BitStringPtr>(extensions, NID_key_usage)) {
        lines += "ku";
        for (int bit = 0; bit < 16; ++bit) {
            if (::ASN1_BIT_STRING_get_bit(bits.get(), bit) != 0) lines += " " + std::to_string(bit);
        }
        lines += "\n";
    }
    if (const auto usages = extension_of<ExtendedUsagePtr>(extensions, NID_ext_key_usage)) {
        for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i)
            lines += "eku " + oid_of(sk_ASN1_OBJECT_value(usages.get(), i)) + "\n";
    }
    return lines;
}

std::string spki_line(X509_REQ* csr) {
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509_PUBKEY(::X509_REQ_get_X509_PUBKEY(csr), &encoded);
    need(size > 0, "key");
    const std::string hex = to_hex({encoded, static_cast<std::size_t>(size)});
    ::OPENSSL_free(encoded);
    return "key " + hex + "\n";
}

}  // namespace

std::string facts_by_us(const CertificateRequest& request) {
    std::string lines;
    for (const RelativeName& relative : request.subject.names()) {
        for (std::size_t i = 0; i < relative.size(); ++i) {
            lines +=
                (i > 0 ? "  and " : "subject ") + relative[i].oid + "=" + relative[i].value + "\n";
        }
    }
    if (request.challenge) lines += "challenge " + *request.challenge + "\n";
    for (const SubjectAltName& name :
         request.subject_alt_names.value_or(std::vector<SubjectAltName>{})) {
        lines += std::string("san ") + to_string(name.type) + " ";
        if (name.type == SubjectAltNameType::ip) {
            const std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<::ASN1_OCTET_STRING_free>> octets(
                ::a2i_IPADDRESS(name.value.c_str()));
            lines += (octets ? hex_of(octets.get()) : "?") + "\n";
        } else {
            lines += name.value + "\n";
        }
    }
    if (request.key_usage) {
        lines += "ku";
        for (const KeyUsage usage : *request.key_usage)
            lines += " " + std::to_string(static_cast<int>(usage));
        lines += "\n";
    }
    for (const std::string& oid : request.extended_key_usage.value_or(std::vector<std::string>{})) {
        lines += "eku " + oid + "\n";
    }
    return lines + "key " + to_hex(request.spki) + "\n";
}

std::optional<OpensslReading> read_by_openssl(ByteView der) {
    const unsigned char* position = der.data();
    const X509ReqPtr csr(::d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
    std::optional<OpensslReading> reading;
    try {
        need(csr && position == der.data() + der.size(), "PKCS#10");
        const ExtensionsPtr extensions(::X509_REQ_get_extensions(csr.get()));
        OpensslReading read;
        read.facts = subject_lines(::X509_REQ_get_subject_name(csr.get())) +
                     challenge_line(csr.get()) + extension_lines(extensions.get()) +
                     spki_line(csr.get());
        EVP_PKEY* const key = ::X509_REQ_get0_pubkey(csr.get());
        read.verified = key != nullptr && ::X509_REQ_verify(csr.get(), key) == 1;
        reading = std::move(read);
    } catch (const Refused&) {
    }
    ::ERR_clear_error();
    return reading;
}

}  // namespace ndes::test
