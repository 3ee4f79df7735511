#include "common/crypto/general_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <arpa/inet.h>

#include "common/crypto/asn1_text.h"
#include "common/crypto/der_reader.h"

namespace ndes {
namespace {

constexpr const char* kOidUpn = "1.3.6.1.4.1.311.20.2.3";

// Octets; RFC 1035 section 2.3.4 for DNS, RFC 5321 section 4.5.3.1 for e-mail, else our own.
std::size_t max_size(SubjectAltNameType type) {
    switch (type) {
        case SubjectAltNameType::dns: return 253;
        case SubjectAltNameType::email: return 320;
        case SubjectAltNameType::ip: return INET6_ADDRSTRLEN;
        case SubjectAltNameType::upn: return 1024;
        case SubjectAltNameType::uri: return 2048;
    }
    return 0;
}

// Shared by both directions, so that what is read can also be written.
Result<void> check_value(const SubjectAltName& name) {
    const bool ascii_only = name.type != SubjectAltNameType::upn;
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (name.value.empty()) return bad_request(std::string(to_string(name.type)) + " is empty");
    if (name.value.size() > max_size(name.type)) {
        return bad_request(std::string(to_string(name.type)) + " is too long");
    }
    if (!is_visible_text(name.value) ||
        (ascii_only && !std::ranges::all_of(name.value, is_ascii))) {
        return bad_request(std::string(to_string(name.type)) + " holds a forbidden character");
    }
    return {};
}

// 4 or 16 octets of an address in its usual text form.
std::optional<Bytes> address_octets(const std::string& text) {
    Bytes octets(16);
    if (::inet_pton(AF_INET6, text.c_str(), octets.data()) == 1) return octets;
    octets.resize(4);
    if (::inet_pton(AF_INET, text.c_str(), octets.data()) == 1) return octets;
    return std::nullopt;
}

Result<SubjectAltName> read_address(ByteView octets) {
    if (octets.size() != 4 && octets.size() != 16)
        return bad_request("ip has neither 4 nor 16 octets");
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text.data(), text.size());
    return SubjectAltName{SubjectAltNameType::ip, text.data()};
}

// OtherName ::= SEQUENCE { type-id, value [0] EXPLICIT ANY }
Result<SubjectAltName> read_other_name(ByteView contents) {
    DerReader reader(contents);
    const auto type = reader.take(kDerOid);
    const auto value = reader.take(der_context(0, true));
    if (!type || !value || !reader.empty()) return bad_request("otherName cannot be read");
    const std::string oid = dotted_oid(type->contents);
    if (oid != kOidUpn) return bad_request("otherName " + oid + " is not supported");
    const auto octets = der_contents(value->contents, kDerUtf8String);
    if (!octets) return bad_request("upn is not a UTF8String");
    auto text = text_of(V_ASN1_UTF8STRING, *octets);
    if (!text) return pass_on(text, "upn");
    return SubjectAltName{SubjectAltNameType::upn, *std::move(text)};
}

Result<SubjectAltName> read_text_name(SubjectAltNameType type, ByteView contents) {
    auto text = text_of(V_ASN1_IA5STRING, contents);
    if (!text) return pass_on(text, to_string(type));
    return SubjectAltName{type, *std::move(text)};
}

// RFC 5280 section 4.2.1.6: the choices of GeneralName by their tag.
Result<SubjectAltName> read_name(const DerElement& name) {
    switch (name.identifier) {
        case der_context(0, true): return read_other_name(name.contents);
        case der_context(1, false): return read_text_name(SubjectAltNameType::email, name.contents);
        case der_context(2, false): return read_text_name(SubjectAltNameType::dns, name.contents);
        case der_context(6, false): return read_text_name(SubjectAltNameType::uri, name.contents);
        case der_context(7, false): return read_address(name.contents);
        default:
            return bad_request("kind " + std::to_string(name.identifier & 0x1F) +
                               " of name is not supported");
    }
}

using GeneralNamePtr = std::unique_ptr<GENERAL_NAME, OpensslFree<::GENERAL_NAME_free>>;
using Asn1TypePtr = std::unique_ptr<ASN1_TYPE, OpensslFree<::ASN1_TYPE_free>>;
using Asn1StringPtr = std::unique_ptr<ASN1_STRING, OpensslFree<::ASN1_STRING_free>>;

Asn1StringPtr make_string(int type, ByteView octets) {
    Asn1StringPtr string(::ASN1_STRING_type_new(type));
    ::ASN1_STRING_set(string.get(), octets.data(), static_cast<int>(octets.size()));
    return string;
}

void set_other_name(GENERAL_NAME* name, const char* oid, int string_type,
                    const std::string& value) {
    Asn1TypePtr text(::ASN1_TYPE_new());
    ::ASN1_TYPE_set(text.get(), string_type, make_string(string_type, as_bytes(value)).release());
    ::GENERAL_NAME_set0_othername(name, ::OBJ_txt2obj(oid, 1), text.release());
}

int general_name_type(SubjectAltNameType type) {
    switch (type) {
        case SubjectAltNameType::email: return GEN_EMAIL;
        case SubjectAltNameType::dns: return GEN_DNS;
        case SubjectAltNameType::uri: return GEN_URI;
        case SubjectAltNameType::ip: return GEN_IPADD;
        case SubjectAltNameType::upn: return GEN_OTHERNAME;
    }
    return -1;
}

Result<GeneralNamePtr> build_name(const SubjectAltName& name) {
    auto checked = check_value(name);
    if (!checked) return pass_on(checked);
    GeneralNamePtr built(::GENERAL_NAME_new());
    if (name.type == SubjectAltNameType::upn) {
        set_other_name(built.get(), kOidUpn, V_ASN1_UTF8STRING, name.value);
        return built;
    }
    Asn1StringPtr value;
    if (name.type == SubjectAltNameType::ip) {
        const auto octets = address_octets(name.value);
        if (!octets) return bad_request("ip is not an address");
        value = make_string(V_ASN1_OCTET_STRING, *octets);
    } else {
        value = make_string(V_ASN1_IA5STRING, as_bytes(name.value));
    }
    ::GENERAL_NAME_set0_value(built.get(), general_name_type(name.type), value.release());
    return built;
}

void lower_ascii(std::string& text, std::size_t from) {
    for (std::size_t i = from; i < text.size(); ++i) {
        if (text[i] >= 'A' && text[i] <= 'Z') text[i] = static_cast<char>(text[i] - 'A' + 'a');
    }
}

// The form in which two names that mean the same are equal.
std::pair<SubjectAltNameType, std::string> comparable(const SubjectAltName& name) {
    std::string value = name.value;
    switch (name.type) {
        case SubjectAltNameType::dns: lower_ascii(value, 0); break;
        case SubjectAltNameType::email:
            if (const auto at = value.rfind('@'); at != std::string::npos) lower_ascii(value, at);
            break;
        case SubjectAltNameType::ip:
            if (const auto octets = address_octets(value)) value = to_hex(*octets);
            break;
        case SubjectAltNameType::upn:
        case SubjectAltNameType::uri: break;
    }
    return {name.type, std::move(value)};
}

auto comparable_set(const std::vector<SubjectAltName>& names) {
    std::set<std::pair<SubjectAltNameType, std::string>> set;
    for (const SubjectAltName& name : names)
        set.insert(comparable(name));
    return set;
}

}  // namespace

Result<std::vector<SubjectAltName>> read_general_names(ByteView names) {
    const auto contents = is_der(names) ? der_contents(names, kDerSequence) : std::nullopt;
    if (!contents || contents->empty())
        return bad_request("subjectAltName is empty or cannot be read");
    std::vector<SubjectAltName> read;
    for (DerReader reader(*contents); !reader.empty();) {
        const auto element = reader.next();
        if (!element) return bad_request("subjectAltName cannot be read");
        if (read.size() == kMaxAltNames) return bad_request("subjectAltName has too many names");
        auto name = read_name(*element);
        if (!name) return pass_on(name, "subjectAltName");
        auto checked = check_value(*name);
        if (!checked) return pass_on(checked, "subjectAltName");
        read.push_back(*std::move(name));
    }
    return read;
}

Result<GeneralNamesPtr> to_general_names(const std::vector<SubjectAltName>& names) {
    GeneralNamesPtr built(sk_GENERAL_NAME_new_null());
    for (const SubjectAltName& name : names) {
        auto element = build_name(name);
        if (!element) return pass_on(element, "subjectAltName");
        sk_GENERAL_NAME_push(built.get(), element->release());
    }
    return built;
}

Result<X509ExtensionPtr> security_identifier_extension(const std::string& sid) {
    GeneralNamePtr name(::GENERAL_NAME_new());
    set_other_name(name.get(), kOidSecurityIdentifier, V_ASN1_OCTET_STRING, sid);
    const GeneralNamesPtr names(sk_GENERAL_NAME_new_null());
    sk_GENERAL_NAME_push(names.get(), name.release());
    unsigned char* encoded = nullptr;
    const int size = ::i2d_GENERAL_NAMES(names.get(), &encoded);
    if (size <= 0) return bad_request("security identifier cannot be encoded");
    const Asn1StringPtr value =
        make_string(V_ASN1_OCTET_STRING, {encoded, static_cast<std::size_t>(size)});
    ::OPENSSL_free(encoded);
    const Asn1ObjectPtr oid(::OBJ_txt2obj(kOidSecurityIdentifierExtension, 1));
    X509ExtensionPtr extension(::X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get()));
    if (!extension) return bad_request("security identifier cannot be encoded");
    return extension;
}

bool same_alt_names(const std::vector<SubjectAltName>& a, const std::vector<SubjectAltName>& b) {
    return comparable_set(a) == comparable_set(b);
}

bool includes_alt_names(const std::vector<SubjectAltName>& whole,
                        const std::vector<SubjectAltName>& part) {
    const auto of_whole = comparable_set(whole);
    return std::ranges::includes(of_whole, comparable_set(part));
}

}  // namespace ndes
