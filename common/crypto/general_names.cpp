#include "common/crypto/general_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <arpa/inet.h>

#include "common/bytes.h"
#include "common/crypto/asn1_text.h"

namespace ndes {
namespace {

constexpr const char* kOidUpn = "1.3.6.1.4.1.311.20.2.3";

Failure bad(std::string text) { return fail(ErrorCode::bad_request, std::move(text)); }

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
    if (name.value.empty()) return bad(std::string(to_string(name.type)) + " is empty");
    if (name.value.size() > max_size(name.type)) {
        return bad(std::string(to_string(name.type)) + " is too long");
    }
    if (!is_visible_text(name.value) ||
        (ascii_only && !std::ranges::all_of(name.value, is_ascii))) {
        return bad(std::string(to_string(name.type)) + " holds a forbidden character");
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

Result<SubjectAltName> read_address(const ASN1_OCTET_STRING* value) {
    const int size = ::ASN1_STRING_length(value);
    if (size != 4 && size != 16) return bad("ip has neither 4 nor 16 octets");
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ::ASN1_STRING_get0_data(value), text.data(),
                text.size());
    return SubjectAltName{SubjectAltNameType::ip, text.data()};
}

Result<SubjectAltName> read_other_name(const OTHERNAME* other) {
    std::array<char, 64> oid{};
    ::OBJ_obj2txt(oid.data(), oid.size(), other->type_id, 1);
    if (std::string_view(oid.data()) != kOidUpn) {
        return bad(std::string("otherName ") + oid.data() + " is not supported");
    }
    if (::ASN1_TYPE_get(other->value) != V_ASN1_UTF8STRING) return bad("upn is not a UTF8String");
    auto text = text_of(other->value->value.utf8string);
    if (!text) return pass_on(text, "upn");
    return SubjectAltName{SubjectAltNameType::upn, *std::move(text)};
}

Result<SubjectAltName> read_text_name(SubjectAltNameType type, const ASN1_IA5STRING* value) {
    auto text = text_of(value);
    if (!text) return pass_on(text, to_string(type));
    return SubjectAltName{type, *std::move(text)};
}

Result<SubjectAltName> read_name(const GENERAL_NAME* name) {
    switch (name->type) {
        case GEN_OTHERNAME: return read_other_name(name->d.otherName);
        case GEN_EMAIL: return read_text_name(SubjectAltNameType::email, name->d.rfc822Name);
        case GEN_DNS: return read_text_name(SubjectAltNameType::dns, name->d.dNSName);
        case GEN_URI:
            return read_text_name(SubjectAltNameType::uri, name->d.uniformResourceIdentifier);
        case GEN_IPADD: return read_address(name->d.iPAddress);
        default: return bad("kind " + std::to_string(name->type) + " of name is not supported");
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

void set_upn(GENERAL_NAME* name, const std::string& value) {
    Asn1TypePtr text(::ASN1_TYPE_new());
    ::ASN1_TYPE_set(text.get(), V_ASN1_UTF8STRING,
                    make_string(V_ASN1_UTF8STRING, as_bytes(value)).release());
    ::GENERAL_NAME_set0_othername(name, ::OBJ_txt2obj(kOidUpn, 1), text.release());
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
        set_upn(built.get(), name.value);
        return built;
    }
    Asn1StringPtr value;
    if (name.type == SubjectAltNameType::ip) {
        const auto octets = address_octets(name.value);
        if (!octets) return bad("ip is not an address");
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

Result<std::vector<SubjectAltName>> from_general_names(const GENERAL_NAMES* names) {
    std::vector<SubjectAltName> read;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
        auto name = read_name(sk_GENERAL_NAME_value(names, i));
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

bool same_alt_names(const std::vector<SubjectAltName>& a, const std::vector<SubjectAltName>& b) {
    return comparable_set(a) == comparable_set(b);
}

bool includes_alt_names(const std::vector<SubjectAltName>& whole,
                        const std::vector<SubjectAltName>& part) {
    const auto of_whole = comparable_set(whole);
    return std::ranges::includes(of_whole, comparable_set(part));
}

}  // namespace ndes
