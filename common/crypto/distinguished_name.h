// DistinguishedName: a parsed X.501 name, compared as a structure and never as text.
// Knows nothing of who compares what. Value type; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

struct NameAttribute {
    std::string oid;    // dotted, e.g. "2.5.4.3"
    std::string value;  // Unicode as UTF-8, whatever the ASN.1 string type was
    auto operator<=>(const NameAttribute&) const = default;
};

// One RelativeDistinguishedName: usually one attribute; several make it multi-valued.
using RelativeName = std::vector<NameAttribute>;

class DistinguishedName {
  public:
    DistinguishedName() = default;
    // RDNs in the order of the encoding (most significant first).
    explicit DistinguishedName(std::vector<RelativeName> names) : names_(std::move(names)) {}

    // Reads the encoding of a Name (RFC 5280 section 4.1.2.4). bad_request when it is not one, when
    // an RDN is empty or has an attribute type twice (X.501 section 9.3), or on a value that is
    // empty, not text, holds NUL, or is not Unicode.
    static Result<DistinguishedName> from_der(ByteView name);
    // The same from OpenSSL's form.
    static Result<DistinguishedName> from_x509(const X509_NAME* name);

    // Reads RFC 4514 text ("CN=a\, b,OU=c+OU=d"); the text's last RDN comes first in the encoding
    // (RFC 4514 section 2.1). Attribute types: the short names of RFC 4514 and RFC 4519, OpenSSL's
    // short and long names, Windows' ("E", "S", "G", "SERIALNUMBER"; "SN" is surname, there as in
    // RFC 4519) and dotted OIDs. bad_request names the offending part.
    static Result<DistinguishedName> from_text(std::string_view text);

    // RFC 4514 text, escaped; most significant RDN last.
    std::string to_text() const;

    // Builds OpenSSL's form in this object's order: UTF8String, but PrintableString for country
    // and serialNumber and IA5String for e-mail and domainComponent (RFC 5280 appendix A).
    Result<X509NamePtr> to_x509() const;

    // Equal as a multiset of RDNs, each a multiset of (type, value): order is free since clients
    // differ; values are compared exactly.
    bool same_names(const DistinguishedName& other) const;

    bool empty() const { return names_.empty(); }
    const std::vector<RelativeName>& names() const { return names_; }

  private:
    std::vector<RelativeName> names_;
};

// Puts `\` before what RFC 4514 section 2.4 demands, so that `value` can stand in DN text.
std::string escape_name_value(std::string_view value);

}  // namespace ndes
