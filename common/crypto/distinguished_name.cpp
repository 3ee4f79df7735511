#include "common/crypto/distinguished_name.h"

#include <algorithm>

#include "common/bytes.h"
#include "common/crypto/asn1_text.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/distinguished_name_text.h"
#include "common/crypto/name_attribute_types.h"

namespace ndes {
namespace {

constexpr std::size_t kMaxAttributesOfOneName = 16;

// AttributeTypeAndValue ::= SEQUENCE { type, value }
Result<NameAttribute> read_attribute(ByteView octets) {
    DerReader reader(octets);
    const auto type = reader.take(kDerOid);
    const auto value = reader.next();
    NameAttribute attribute;
    if (type) attribute.oid = dotted_oid(type->contents);
    if (attribute.oid.empty() || !value || !reader.empty()) {
        return fail(ErrorCode::bad_request, "attribute type is not readable");
    }
    if (value->identifier >= kDerConstructed) {
        return fail(ErrorCode::bad_request, "attribute " + attribute.oid + ": not text");
    }
    auto text = text_of(value->identifier, value->contents);
    if (!text) return pass_on(text, "attribute " + attribute.oid);
    if (text->empty()) {
        return fail(ErrorCode::bad_request, "attribute " + attribute.oid + " is empty");
    }
    attribute.value = *std::move(text);
    return attribute;
}

Result<RelativeName> read_relative_name(ByteView octets) {
    RelativeName name;
    for (DerReader reader(octets); !reader.empty();) {
        const auto element = reader.take(kDerSequence);
        if (!element) return fail(ErrorCode::bad_request, "attribute is not readable");
        auto attribute = read_attribute(element->contents);
        if (!attribute) return pass_on(attribute);
        if (std::ranges::find(name, attribute->oid, &NameAttribute::oid) != name.end()) {
            return fail(ErrorCode::bad_request,
                        "attribute " + attribute->oid + " occurs twice in one RDN");
        }
        // More would only be there to make the search above slow.
        if (name.size() == kMaxAttributesOfOneName) {
            return fail(ErrorCode::bad_request, "too many attributes in one RDN");
        }
        name.push_back(*std::move(attribute));
    }
    if (name.empty()) return fail(ErrorCode::bad_request, "an RDN is empty");
    return name;
}

// RFC 4514 section 2.4: a type without a name is written dotted, its value as hexadecimal BER.
std::string hex_value(const std::string& value) {
    const std::unique_ptr<ASN1_UTF8STRING, OpensslFree<::ASN1_UTF8STRING_free>> text(
        ::ASN1_UTF8STRING_new());
    ::ASN1_STRING_set(text.get(), value.data(), static_cast<int>(value.size()));
    unsigned char* encoded = nullptr;
    const int size = ::i2d_ASN1_UTF8STRING(text.get(), &encoded);
    std::string hex = "#";
    if (size > 0) hex += to_hex({encoded, static_cast<std::size_t>(size)});
    ::OPENSSL_free(encoded);
    return hex;
}

std::string attribute_text(const NameAttribute& attribute) {
    if (const NameAttributeType* known = find_attribute_type_by_oid(attribute.oid)) {
        return std::string(known->name) + "=" + escape_name_value(attribute.value);
    }
    return attribute.oid + "=" + hex_value(attribute.value);
}

// X.680 section 41.4, without the additions that some encoders let pass.
bool is_printable_string(std::string_view value) {
    return std::ranges::all_of(value, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view(" '()+,-./:=?").find(c) != std::string_view::npos;
    });
}

bool is_ascii(std::string_view value) {
    return std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool fits(int string_type, std::string_view value) {
    if (string_type == V_ASN1_PRINTABLESTRING) return is_printable_string(value);
    if (string_type == V_ASN1_IA5STRING) return is_ascii(value);
    return is_utf8(value);
}

Result<void> add_entry(X509_NAME* name, const NameAttribute& attribute, bool joins_previous) {
    const NameAttributeType* known = find_attribute_type_by_oid(attribute.oid);
    const std::string label = known != nullptr ? std::string(known->name) : attribute.oid;
    const int type = known != nullptr ? known->string_type : V_ASN1_UTF8STRING;
    if (attribute.value.empty() || !fits(type, attribute.value)) {
        return fail(ErrorCode::bad_request,
                    "value of " + label + " cannot be written as " + ::ASN1_tag2str(type));
    }
    if (count_characters(attribute.value) > max_attribute_characters(attribute.oid)) {
        return fail(ErrorCode::bad_request, "value of " + label + " is too long");
    }
    const Asn1ObjectPtr object(::OBJ_txt2obj(attribute.oid.c_str(), 1));
    const auto* octets = as_bytes(attribute.value).data();
    const int size = static_cast<int>(attribute.value.size());
    if (!object || ::X509_NAME_add_entry_by_OBJ(name, object.get(), type, octets, size, -1,
                                                joins_previous ? -1 : 0) != 1) {
        return fail(ErrorCode::bad_request, label + " cannot stand in a name",
                    take_openssl_errors());
    }
    return {};
}

std::vector<RelativeName> sorted(std::vector<RelativeName> names) {
    for (RelativeName& name : names)
        std::ranges::sort(name);
    std::ranges::sort(names);
    return names;
}

}  // namespace

Result<DistinguishedName> DistinguishedName::from_der(ByteView name) {
    const auto contents = der_contents(name, kDerSequence);
    if (!contents) return fail(ErrorCode::bad_request, "not a name");
    std::vector<RelativeName> names;
    for (DerReader reader(*contents); !reader.empty();) {
        const auto element = reader.take(kDerSet);
        if (!element) return fail(ErrorCode::bad_request, "not a name");
        auto relative = read_relative_name(element->contents);
        if (!relative) return pass_on(relative);
        names.push_back(*std::move(relative));
    }
    return DistinguishedName(std::move(names));
}

Result<DistinguishedName> DistinguishedName::from_x509(const X509_NAME* name) {
    const unsigned char* octets = nullptr;
    std::size_t size = 0;
    if (::X509_NAME_get0_der(name, &octets, &size) != 1) {
        return fail(ErrorCode::bad_request, "not a name", take_openssl_errors());
    }
    return from_der({octets, size});
}

Result<DistinguishedName> DistinguishedName::from_text(std::string_view text) {
    auto names = read_relative_names(text);
    if (!names) return pass_on(names);
    std::ranges::reverse(*names);
    return DistinguishedName(*std::move(names));
}

std::string DistinguishedName::to_text() const {
    std::string text;
    for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
        if (!text.empty()) text += ',';
        for (std::size_t i = 0; i < name->size(); ++i) {
            if (i > 0) text += '+';
            text += attribute_text((*name)[i]);
        }
    }
    return text;
}

Result<X509NamePtr> DistinguishedName::to_x509() const {
    X509NamePtr built(::X509_NAME_new());
    for (const RelativeName& name : names_) {
        for (std::size_t i = 0; i < name.size(); ++i) {
            auto added = add_entry(built.get(), name[i], i > 0);
            if (!added) return pass_on(added);
        }
    }
    return built;
}

bool DistinguishedName::same_names(const DistinguishedName& other) const {
    return sorted(names_) == sorted(other.names_);
}

std::string escape_name_value(std::string_view value) {
    constexpr std::string_view kSpecial = "\"+,;<>\\";
    std::string escaped;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (c == '\0') {
            escaped += "\\00";
            continue;
        }
        const bool leading = i == 0 && (c == ' ' || c == '#');
        const bool trailing = i + 1 == value.size() && c == ' ';
        if (leading || trailing || kSpecial.find(c) != std::string_view::npos) escaped += '\\';
        escaped += c;
    }
    return escaped;
}

}  // namespace ndes
