#include "common/crypto/csr_extensions.h"

#include <algorithm>
#include <array>

#include "common/crypto/asn1_text.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/general_names.h"

namespace ndes {
namespace {

constexpr std::size_t kMaxExtensions = 32;
constexpr std::size_t kMaxExtendedUsages = 64;
constexpr std::size_t kMaxSecurityIdentifier = 184;  // longest text form of a Windows SID
constexpr unsigned kKeyUsageBits = 9;

// The contents of an extension's value if it is DER of that type.
std::optional<ByteView> value_contents(ByteView value, std::uint8_t identifier) {
    return is_der(value) ? der_contents(value, identifier) : std::nullopt;
}

Result<void> read_alt_names(ByteView value, CertificateRequest& request) {
    auto read = read_general_names(value);
    if (!read) return pass_on(read);
    request.subject_alt_names = *std::move(read);
    return {};
}

// Zero bits at the end are let pass although X.690 section 11.2.2 wants them left out: old clients
// write all eight, and both forms mean the same to everybody.
Result<void> read_key_usage(ByteView value, CertificateRequest& request) {
    const auto bits = value_contents(value, kDerBitString);
    if (!bits || bits->size() > 3) return bad_request("keyUsage cannot be read");
    std::vector<KeyUsage> usages;
    for (unsigned bit = 0; bit < (bits->size() - 1) * 8; ++bit) {
        if (((*bits)[1 + bit / 8] & 0x80U >> bit % 8) == 0) continue;
        if (bit >= kKeyUsageBits) return bad_request("keyUsage has an undefined bit");
        usages.push_back(static_cast<KeyUsage>(bit));
    }
    request.key_usage = std::move(usages);
    return {};
}

Result<void> read_extended_key_usage(ByteView value, CertificateRequest& request) {
    const auto usages = value_contents(value, kDerSequence);
    if (!usages || usages->empty())
        return bad_request("extendedKeyUsage is empty or cannot be read");
    std::vector<std::string> oids;
    for (DerReader reader(*usages); !reader.empty();) {
        const auto usage = reader.take(kDerOid);
        std::string oid = usage ? dotted_oid(usage->contents) : "";
        if (oid.empty()) return bad_request("extendedKeyUsage cannot be read");
        if (oids.size() == kMaxExtendedUsages)
            return bad_request("extendedKeyUsage names too many");
        if (std::ranges::find(oids, oid) != oids.end()) {
            return bad_request("extendedKeyUsage names " + oid + " twice");
        }
        oids.push_back(std::move(oid));
    }
    request.extended_key_usage = std::move(oids);
    return {};
}

// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
Result<void> read_basic_constraints(ByteView value, CertificateRequest& request) {
    const auto contents = value_contents(value, kDerSequence);
    if (!contents) return bad_request("basicConstraints cannot be read");
    DerReader reader(*contents);
    const auto ca = reader.take(kDerBoolean);
    const auto length = reader.take(kDerInteger);
    if (!reader.empty()) return bad_request("basicConstraints cannot be read");
    // DER would leave out cA = FALSE; clients write it, and it means the same.
    request.asks_for_ca = (ca && ca->contents.front() != 0) || length;
    return {};
}

// [MS-WCCE] section 2.2.2.7.7.4: one otherName whose value is an OCTET STRING with the SID's text.
Result<void> read_security_identifier(ByteView value, CertificateRequest& request) {
    const auto names = value_contents(value, kDerSequence);
    const auto other = der_contents(names.value_or(ByteView{}), der_context(0, true));
    DerReader reader(other.value_or(ByteView{}));
    const auto type = reader.take(kDerOid);
    const auto explicit_value = reader.take(der_context(0, true));
    const auto octets =
        explicit_value ? der_contents(explicit_value->contents, kDerOctetString) : std::nullopt;
    if (!type || dotted_oid(type->contents) != kOidSecurityIdentifier || !octets ||
        !reader.empty()) {
        return bad_request("security identifier extension cannot be read");
    }
    std::string text(as_text(*octets));
    if (text.size() > kMaxSecurityIdentifier || !is_visible_text(text)) {
        return bad_request("security identifier is not text");
    }
    request.security_identifier = std::move(text);
    return {};
}

struct KnownExtension {
    const char* oid;
    Result<void> (*read)(ByteView value, CertificateRequest&);
};
constexpr std::array kKnownExtensions{
    KnownExtension{"2.5.29.17", read_alt_names},
    KnownExtension{"2.5.29.15", read_key_usage},
    KnownExtension{"2.5.29.37", read_extended_key_usage},
    KnownExtension{"2.5.29.19", read_basic_constraints},
    KnownExtension{kOidSecurityIdentifierExtension, read_security_identifier},
};

// Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
Result<void> read_extension(ByteView contents, std::vector<std::string>& seen,
                            CertificateRequest& request) {
    DerReader reader(contents);
    const auto type = reader.take(kDerOid);
    const auto critical = reader.take(kDerBoolean);
    const auto value = reader.take(kDerOctetString);
    if (!type || !value || !reader.empty()) return bad_request("extensionRequest cannot be read");
    const std::string oid = dotted_oid(type->contents);
    if (oid.empty()) return bad_request("an extension's type cannot be read");
    if (critical && critical->contents.front() == 0)
        return bad_request("extensionRequest is not DER");
    if (std::ranges::find(seen, oid) != seen.end()) {
        return bad_request("extension " + oid + " occurs twice");
    }
    if (seen.size() == kMaxExtensions) return bad_request("too many extensions");
    seen.push_back(oid);
    const auto known = std::ranges::find(kKnownExtensions, oid, &KnownExtension::oid);
    if (known != kKnownExtensions.end()) return known->read(value->contents, request);
    if (critical) request.unknown_critical_extensions.push_back(oid);
    return {};
}

}  // namespace

Result<void> read_requested_extensions(ByteView extensions, CertificateRequest& request) {
    std::vector<std::string> seen;
    for (DerReader reader(extensions); !reader.empty();) {
        const auto extension = reader.take(kDerSequence);
        if (!extension) return bad_request("extensionRequest cannot be read");
        if (auto read = read_extension(extension->contents, seen, request); !read) return read;
    }
    return {};
}

}  // namespace ndes
