#include "common/crypto/name_attribute_types.h"

#include <algorithm>
#include <array>

#include "common/crypto/openssl_ptr.h"

namespace ndes {
namespace {

// RFC 4514 section 3 and RFC 4519; aliases of Windows' CertStrToName and OpenSSL. Everywhere "SN"
// is surname; a device's serial number is "SERIALNUMBER".
constexpr std::array kTypes{
    NameAttributeType{"2.5.4.3", "CN", " COMMONNAME ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.11", "OU", " ORGANIZATIONALUNITNAME ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.10", "O", " ORGANIZATIONNAME ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.6", "C", " COUNTRYNAME ", V_ASN1_PRINTABLESTRING, 2},
    NameAttributeType{"2.5.4.7", "L", " LOCALITYNAME ", V_ASN1_UTF8STRING, 128},
    NameAttributeType{"2.5.4.8", "ST", " S STATEORPROVINCENAME ", V_ASN1_UTF8STRING, 128},
    NameAttributeType{"2.5.4.9", "STREET", " STREETADDRESS ", V_ASN1_UTF8STRING, 128},
    NameAttributeType{"0.9.2342.19200300.100.1.25", "DC", " DOMAINCOMPONENT ", V_ASN1_IA5STRING,
                      63},
    NameAttributeType{"0.9.2342.19200300.100.1.1", "UID", " USERID ", V_ASN1_UTF8STRING, 256},
    NameAttributeType{"1.2.840.113549.1.9.1", "emailAddress", " E EMAIL ", V_ASN1_IA5STRING, 255},
    NameAttributeType{"2.5.4.5", "serialNumber", " ", V_ASN1_PRINTABLESTRING, 64},
    NameAttributeType{"2.5.4.4", "SN", " SURNAME ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.42", "givenName", " G GN ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.43", "initials", " I ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.12", "title", " T ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.13", "description", " ", V_ASN1_UTF8STRING, 1024},
    NameAttributeType{"2.5.4.17", "postalCode", " ", V_ASN1_UTF8STRING, 40},
    NameAttributeType{"2.5.4.20", "telephoneNumber", " ", V_ASN1_PRINTABLESTRING, 32},
    NameAttributeType{"2.5.4.41", "name", " ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.44", "generationQualifier", " ", V_ASN1_UTF8STRING, 64},
    NameAttributeType{"2.5.4.45", "x500UniqueIdentifier", " ", V_ASN1_UTF8STRING, 256},
    NameAttributeType{"2.5.4.46", "dnQualifier", " ", V_ASN1_PRINTABLESTRING, 64},
    NameAttributeType{"2.5.4.65", "pseudonym", " ", V_ASN1_UTF8STRING, 128},
    NameAttributeType{"1.2.840.113549.1.9.2", "unstructuredName", " ", V_ASN1_UTF8STRING, 255},
    NameAttributeType{"1.2.840.113549.1.9.8", "unstructuredAddress", " ", V_ASN1_UTF8STRING, 255},
};

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& c : upper) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return upper;
}

bool is_dotted(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

const NameAttributeType* find_attribute_type_by_oid(std::string_view oid) {
    const auto found = std::ranges::find(kTypes, oid, &NameAttributeType::oid);
    return found == kTypes.end() ? nullptr : &*found;
}

std::string attribute_oid(std::string_view type) {
    const std::string upper = upper_case(type);
    const std::string as_alias = " " + upper + " ";
    for (const NameAttributeType& known : kTypes) {
        const bool named = upper_case(known.name) == upper ||
                           known.aliases.find(as_alias) != std::string_view::npos;
        if (named) return std::string(known.oid);
    }
    const bool oid_prefix = upper.starts_with("OID.");
    const std::string rest(oid_prefix ? type.substr(4) : type);
    if (oid_prefix && !is_dotted(rest)) return "";
    const Asn1ObjectPtr object(::OBJ_txt2obj(rest.c_str(), is_dotted(rest) ? 1 : 0));
    if (!object) {
        take_openssl_errors();
        return "";
    }
    std::array<char, 256> dotted{};
    const int size = ::OBJ_obj2txt(dotted.data(), dotted.size(), object.get(), 1);
    if (size <= 0 || static_cast<std::size_t>(size) >= dotted.size()) return "";
    return dotted.data();
}

std::size_t max_attribute_characters(std::string_view oid) {
    const NameAttributeType* known = find_attribute_type_by_oid(oid);
    return known != nullptr ? known->max_characters : kMaxOtherAttribute;
}

}  // namespace ndes
