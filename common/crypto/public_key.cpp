#include "common/crypto/public_key.h"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "common/crypto/der_reader.h"
#include "common/crypto/rsa_weakness.h"

namespace ndes {
namespace {

constexpr std::string_view kOidRsa = "1.2.840.113549.1.1.1";  // RFC 3279 section 2.3.1
constexpr std::string_view kOidEc = "1.2.840.10045.2.1";      // RFC 5480 section 2.1.1

struct Curve {
    std::string_view oid;
    const char* name;  // OpenSSL's
    int bits;
};
constexpr std::array kCurves{
    Curve{"1.2.840.10045.3.1.7", "prime256v1", 256},
    Curve{"1.3.132.0.34", "secp384r1", 384},
    Curve{"1.3.132.0.35", "secp521r1", 521},
    Curve{"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256},
    Curve{"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384},
    Curve{"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512},
};

using ParameterBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, OpensslFree<::OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, OpensslFree<::OSSL_PARAM_free>>;

Failure bad(const char* text) { return fail(ErrorCode::bad_request, text, take_openssl_errors()); }

std::shared_ptr<EVP_PKEY> make_key(const char* algorithm, OSSL_PARAM* parameters) {
    const EvpPkeyCtxPtr context(::EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
    EVP_PKEY* made = nullptr;
    if (!context || ::EVP_PKEY_fromdata_init(context.get()) != 1 ||
        ::EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        return nullptr;
    }
    return {made, OpensslFree<::EVP_PKEY_free>()};
}

std::shared_ptr<EVP_PKEY> make_rsa_key(const BIGNUM* modulus, const BIGNUM* exponent) {
    const ParameterBuilderPtr builder(::OSSL_PARAM_BLD_new());
    ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus);
    ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent);
    const ParametersPtr parameters(::OSSL_PARAM_BLD_to_param(builder.get()));
    return make_key("RSA", parameters.get());
}

// A positive INTEGER's octets without the leading zero; absent for zero and negative numbers.
std::optional<ByteView> positive(const std::optional<DerElement>& integer) {
    if (!integer || integer->contents.empty() || (integer->contents.front() & 0x80) != 0) {
        return std::nullopt;
    }
    const ByteView octets = integer->contents;
    if (octets.front() != 0) return octets;
    return octets.size() > 1 ? std::optional(octets.subspan(1)) : std::nullopt;
}

Result<PublicKey> read_rsa_key(ByteView parameters, ByteView octets) {
    const bool null_parameters = der_contents(parameters, kDerNull).has_value();
    if (!null_parameters || !is_der(octets)) return bad("public key is not DER");
    const auto sequence = der_contents(octets, kDerSequence);
    if (!sequence) return bad("public key cannot be read");
    DerReader reader(*sequence);
    const auto modulus = positive(reader.take(kDerInteger));
    const auto exponent = positive(reader.take(kDerInteger));
    if (!modulus || !exponent || !reader.empty()) return bad("public key cannot be read");

    const BignumPtr n(::BN_bin2bn(modulus->data(), static_cast<int>(modulus->size()), nullptr));
    const BignumPtr e(::BN_bin2bn(exponent->data(), static_cast<int>(exponent->size()), nullptr));
    PublicKey key;
    key.facts.type = KeyType::rsa;
    key.facts.bits = ::BN_num_bits(n.get());
    key.facts.standard_exponent = ::BN_is_word(e.get(), RSA_F4) == 1;
    key.facts.weakness = rsa_weakness(*modulus);
    if (!is_usable(key.facts)) return key;
    key.handle = make_rsa_key(n.get(), e.get());
    if (!key.handle) return bad("public key cannot be read");
    return key;
}

Result<PublicKey> read_ec_key(ByteView parameters, ByteView point) {
    PublicKey key;
    key.facts.type = KeyType::ec;
    const auto oid = der_contents(parameters, kDerOid);
    key.facts.named_curve = oid.has_value();
    if (!oid) return key;
    const auto curve = std::ranges::find(kCurves, dotted_oid(*oid), &Curve::oid);
    key.facts.common_curve = curve != kCurves.end();
    if (curve == kCurves.end()) return key;
    key.facts.bits = curve->bits;
    // RFC 5480 section 2.2. A second way to write the same key would be another key to all who
    // compare its hash.
    if (point.empty() || point.front() != 0x04) return bad("public key: point is not uncompressed");
    std::string name = curve->name;
    Bytes octets = to_bytes(point);
    std::array values{
        ::OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
        ::OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()),
        ::OSSL_PARAM_construct_end()};
    key.handle = make_key("EC", values.data());
    if (!key.handle) return bad("public key: point is not on its curve");
    return key;
}

}  // namespace

Result<PublicKey> read_public_key(ByteView spki) {
    const auto contents = der_contents(spki, kDerSequence);
    DerReader reader(contents.value_or(ByteView{}));
    const auto algorithm = reader.take(kDerSequence);
    const auto bits = reader.take(kDerBitString);
    if (!algorithm || !bits || !reader.empty()) return bad("public key cannot be read");
    DerReader inside(algorithm->contents);
    const auto oid = inside.take(kDerOid);
    const auto parameters = inside.next();
    const auto octets = whole_octets(bits->contents);
    if (!oid || !inside.empty() || !octets) return bad("public key cannot be read");
    const ByteView parameter_octets = parameters ? parameters->whole : ByteView{};
    const std::string name = dotted_oid(oid->contents);
    if (name == kOidRsa) return read_rsa_key(parameter_octets, *octets);
    if (name == kOidEc) return read_ec_key(parameter_octets, *octets);
    return PublicKey{};
}

}  // namespace ndes
