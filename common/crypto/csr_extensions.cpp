#include "common/crypto/csr_extensions.h"

#include <algorithm>
#include <array>
#include <set>

#include "common/crypto/asn1_reader.h"
#include "common/crypto/asn1_text.h"
#include "common/crypto/general_names.h"

namespace ndes {
namespace {

constexpr const char* kOidSecurityIdentifierExtension = "1.3.6.1.4.1.311.25.2";
constexpr const char* kOidSecurityIdentifier = "1.3.6.1.4.1.311.25.2.1";
constexpr std::size_t kMaxExtensions = 32;
constexpr std::size_t kMaxSecurityIdentifier = 184;  // longest text form of a Windows SID
constexpr int kKeyUsageBits = 9;

using ExtensionsPtr = std::unique_ptr<X509_EXTENSIONS, OpensslFree<[](X509_EXTENSIONS* list) {
                                          sk_X509_EXTENSION_pop_free(list, ::X509_EXTENSION_free);
                                      }>>;
using ExtendedUsagePtr =
    std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<::EXTENDED_KEY_USAGE_free>>;
using BasicConstraintsPtr =
    std::unique_ptr<BASIC_CONSTRAINTS, OpensslFree<::BASIC_CONSTRAINTS_free>>;
using Asn1BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, OpensslFree<::ASN1_BIT_STRING_free>>;

Failure bad(std::string text) {
    return fail(ErrorCode::bad_request, std::move(text), take_openssl_errors());
}

std::string dotted_oid(const ASN1_OBJECT* object) {
    std::array<char, 256> text{};
    const int size = ::OBJ_obj2txt(text.data(), text.size(), object, 1);
    if (size <= 0 || static_cast<std::size_t>(size) >= text.size()) return "";
    return text.data();
}

// OpenSSL's form of an extension's value, or null when it is not DER of that very type.
template <class Ptr, auto Decode>
Ptr decode_value(X509_EXTENSION* extension) {
    const ASN1_OCTET_STRING* value = ::X509_EXTENSION_get_data(extension);
    const unsigned char* start = ::ASN1_STRING_get0_data(value);
    const int size = ::ASN1_STRING_length(value);
    if (!is_der({start, static_cast<std::size_t>(size)})) return nullptr;
    const unsigned char* position = start;
    Ptr decoded(Decode(nullptr, &position, size));
    return position == start + size ? std::move(decoded) : nullptr;
}

Result<void> read_alt_names(X509_EXTENSION* extension, CertificateRequest& request) {
    const auto names = decode_value<GeneralNamesPtr, ::d2i_GENERAL_NAMES>(extension);
    if (!names || sk_GENERAL_NAME_num(names.get()) == 0) {
        return bad("subjectAltName is empty or cannot be read");
    }
    auto read = from_general_names(names.get());
    if (!read) return pass_on(read);
    request.subject_alt_names = *std::move(read);
    return {};
}

Result<void> read_key_usage(X509_EXTENSION* extension, CertificateRequest& request) {
    const auto bits = decode_value<Asn1BitStringPtr, ::d2i_ASN1_BIT_STRING>(extension);
    if (!bits || ::ASN1_STRING_length(bits.get()) > 2) return bad("keyUsage cannot be read");
    std::vector<KeyUsage> usages;
    for (int bit = 0; bit < 16; ++bit) {
        if (::ASN1_BIT_STRING_get_bit(bits.get(), bit) == 0) continue;
        if (bit >= kKeyUsageBits) return bad("keyUsage has an undefined bit");
        usages.push_back(static_cast<KeyUsage>(bit));
    }
    request.key_usage = std::move(usages);
    return {};
}

Result<void> read_extended_key_usage(X509_EXTENSION* extension, CertificateRequest& request) {
    const auto usages = decode_value<ExtendedUsagePtr, ::d2i_EXTENDED_KEY_USAGE>(extension);
    if (!usages || sk_ASN1_OBJECT_num(usages.get()) == 0) {
        return bad("extendedKeyUsage is empty or cannot be read");
    }
    std::vector<std::string> oids;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        std::string oid = dotted_oid(sk_ASN1_OBJECT_value(usages.get(), i));
        if (oid.empty()) return bad("extendedKeyUsage cannot be read");
        if (std::ranges::find(oids, oid) != oids.end()) {
            return bad("extendedKeyUsage names " + oid + " twice");
        }
        oids.push_back(std::move(oid));
    }
    request.extended_key_usage = std::move(oids);
    return {};
}

Result<void> read_basic_constraints(X509_EXTENSION* extension, CertificateRequest& request) {
    const auto constraints = decode_value<BasicConstraintsPtr, ::d2i_BASIC_CONSTRAINTS>(extension);
    if (!constraints) return bad("basicConstraints cannot be read");
    request.asks_for_ca = constraints->ca != 0;
    return {};
}

// [MS-WCCE] section 2.2.2.7.7.4: one otherName whose value is an OCTET STRING with the SID's text.
Result<void> read_security_identifier(X509_EXTENSION* extension, CertificateRequest& request) {
    const auto names = decode_value<GeneralNamesPtr, ::d2i_GENERAL_NAMES>(extension);
    const bool one = names && sk_GENERAL_NAME_num(names.get()) == 1 &&
                     sk_GENERAL_NAME_value(names.get(), 0)->type == GEN_OTHERNAME;
    const OTHERNAME* other = one ? sk_GENERAL_NAME_value(names.get(), 0)->d.otherName : nullptr;
    const bool sid = other != nullptr && dotted_oid(other->type_id) == kOidSecurityIdentifier &&
                     ::ASN1_TYPE_get(other->value) == V_ASN1_OCTET_STRING;
    if (!sid) return bad("security identifier extension cannot be read");
    const ASN1_OCTET_STRING* octets = other->value->value.octet_string;
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(octets));
    std::string text(as_text({::ASN1_STRING_get0_data(octets), size}));
    if (size > kMaxSecurityIdentifier || !is_visible_text(text)) {
        return bad("security identifier is not text");
    }
    request.security_identifier = std::move(text);
    return {};
}

struct KnownExtension {
    const char* oid;
    Result<void> (*read)(X509_EXTENSION*, CertificateRequest&);
};
constexpr std::array kKnownExtensions{
    KnownExtension{"2.5.29.17", read_alt_names},
    KnownExtension{"2.5.29.15", read_key_usage},
    KnownExtension{"2.5.29.37", read_extended_key_usage},
    KnownExtension{"2.5.29.19", read_basic_constraints},
    KnownExtension{kOidSecurityIdentifierExtension, read_security_identifier},
};

Result<void> read_extension(X509_EXTENSION* extension, const std::string& oid,
                            CertificateRequest& request) {
    const auto known = std::ranges::find_if(kKnownExtensions,
                                            [&](const KnownExtension& k) { return oid == k.oid; });
    if (known != kKnownExtensions.end()) return known->read(extension, request);
    if (::X509_EXTENSION_get_critical(extension) != 0) {
        request.unknown_critical_extensions.push_back(oid);
    }
    return {};
}

// Catches what is_der cannot know: DER leaves out `critical` when it is FALSE, its default.
bool is_own_reencoding(const X509_EXTENSIONS* extensions, ByteView original) {
    for (int i = 0; i < sk_X509_EXTENSION_num(extensions); ++i) {
        // OpenSSL keeps a written FALSE as it came; setting the flag anew makes it DER's.
        X509_EXTENSION* extension = sk_X509_EXTENSION_value(extensions, i);
        ::X509_EXTENSION_set_critical(extension, ::X509_EXTENSION_get_critical(extension));
    }
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509_EXTENSIONS(extensions, &encoded);
    const bool same =
        size > 0 && std::ranges::equal(ByteView{encoded, static_cast<std::size_t>(size)}, original);
    ::OPENSSL_free(encoded);
    return same;
}

}  // namespace

Result<void> read_requested_extensions(ByteView extensions, CertificateRequest& request) {
    const unsigned char* position = extensions.data();
    const ExtensionsPtr list(
        ::d2i_X509_EXTENSIONS(nullptr, &position, static_cast<long>(extensions.size())));
    if (!list || position != extensions.data() + extensions.size()) {
        return bad("extensionRequest cannot be read");
    }
    if (!is_own_reencoding(list.get(), extensions)) return bad("extensionRequest is not DER");
    std::set<std::string> seen;
    for (int i = 0; i < sk_X509_EXTENSION_num(list.get()); ++i) {
        X509_EXTENSION* extension = sk_X509_EXTENSION_value(list.get(), i);
        const std::string oid = dotted_oid(::X509_EXTENSION_get_object(extension));
        if (oid.empty()) return bad("an extension's type cannot be read");
        if (!seen.insert(oid).second) return bad("extension " + oid + " occurs twice");
        if (seen.size() > kMaxExtensions) return bad("too many extensions");
        auto read = read_extension(extension, oid, request);
        if (!read) return read;
    }
    return {};
}

}  // namespace ndes
