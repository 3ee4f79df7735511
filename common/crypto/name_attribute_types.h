// Attribute types of distinguished names: their text names, string types and lengths.
// Knows no name as a whole. Constants and pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ndes {

struct NameAttributeType {
    std::string_view oid;
    std::string_view name;       // written into RFC 4514 text
    std::string_view aliases;    // also read, in upper case, each between blanks
    int string_type;             // V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING or V_ASN1_IA5STRING
    std::size_t max_characters;  // upper bound of RFC 5280 appendix A.1
};

// Null for a type that is not in the list.
const NameAttributeType* find_attribute_type_by_oid(std::string_view oid);

// The dotted OID of a type given by a listed name, by OpenSSL's short or long name, or by an OID
// itself ("2.5.4.3", "OID.2.5.4.3"). Ignores case for listed names. "" when unknown.
std::string attribute_oid(std::string_view type);

// Upper bound in characters of a type that is not in the list (ub-name of X.520).
inline constexpr std::size_t kMaxOtherAttribute = 32768;

// The longest value the type may have.
std::size_t max_attribute_characters(std::string_view oid);

}  // namespace ndes
