#include "common/crypto/public_key.h"

#include "common/crypto/rsa_weakness.h"
#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

using namespace test;

Bytes octets_of(const BIGNUM* number) {
    Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
    ::BN_bn2bin(number, octets.data());
    return octets;
}

BignumPtr prime_of(int bits) {
    BignumPtr prime(::BN_new());
    REQUIRE(::BN_generate_prime_ex(prime.get(), bits, 0, nullptr, nullptr, nullptr) == 1);
    return prime;
}

BignumPtr product(const BIGNUM* a, const BIGNUM* b) {
    BN_CTX* const context = ::BN_CTX_new();
    BignumPtr result(::BN_new());
    ::BN_mul(result.get(), a, b, context);
    ::BN_CTX_free(context);
    return result;
}

// p * q with q the first prime at or above p + 2^distance.
Bytes modulus_of_neighbours(int bits, int distance) {
    const BignumPtr p = prime_of(bits);
    const BignumPtr step(::BN_new());
    ::BN_set_bit(step.get(), distance);
    const BignumPtr q(::BN_new());
    ::BN_add(q.get(), p.get(), step.get());
    if (::BN_is_odd(q.get()) == 0) ::BN_add_word(q.get(), 1);
    while (::BN_check_prime(q.get(), nullptr, nullptr) != 1)
        ::BN_add_word(q.get(), 2);
    return octets_of(product(p.get(), q.get()).get());
}

Bytes multiple_of(unsigned factor, int bits) {
    const BignumPtr number = prime_of(bits);
    ::BN_mul_word(number.get(), factor);
    return octets_of(number.get());
}

// The form of RSALib's primes, and so of its moduli: a power of 65537 modulo all small primes.
Bytes power_of_65537(int exponent) {
    const BignumPtr power(::BN_new());
    ::BN_set_word(power.get(), 1);
    for (int i = 0; i < exponent; ++i)
        ::BN_mul_word(power.get(), 65537);
    return octets_of(power.get());
}

TEST_CASE("weak moduli are told by what is wrong with them") {
    CHECK(rsa_weakness(multiple_of(2, 1024)) == "the modulus is even");
    for (const unsigned factor : {3U, 5U, 7U, 353U, 751U}) {
        INFO(factor);
        CHECK(rsa_weakness(multiple_of(factor, 1024)) == "the modulus has a small factor");
    }
    CHECK(rsa_weakness(multiple_of(757, 1024)).empty());
    CHECK(rsa_weakness(power_of_65537(65)).find("ROCA") != std::string_view::npos);
    CHECK(rsa_weakness(power_of_65537(129)).find("ROCA") != std::string_view::npos);
    CHECK(rsa_weakness({}) == "the modulus is even");
}

TEST_CASE("primes that Fermat's method parts within 100 rounds are close") {
    const BignumPtr prime = prime_of(512);
    CHECK(rsa_weakness(octets_of(product(prime.get(), prime.get()).get())).find("Fermat") !=
          std::string_view::npos);
    // (p - q)^2 / (8 sqrt(n)) rounds: with n of 1024 bits 2^259 needs some 32, 2^262 thousands.
    CHECK(rsa_weakness(modulus_of_neighbours(512, 1)).find("Fermat") != std::string_view::npos);
    CHECK(rsa_weakness(modulus_of_neighbours(512, 200)).find("Fermat") != std::string_view::npos);
    CHECK(rsa_weakness(modulus_of_neighbours(512, 258)).find("Fermat") != std::string_view::npos);
    CHECK(rsa_weakness(modulus_of_neighbours(512, 264)).empty());
}

TEST_CASE("ordinary keys are not weak") {
    for (std::size_t i = 0; i < 4; ++i) {
        const auto key = read_public_key(spki_of(rsa_key(i)));
        REQUIRE(key);
        CHECK(key->facts.weakness.empty());
        CHECK(is_usable(key->facts));
    }
}

TEST_CASE("a key is read as OpenSSL reads it") {
    std::vector<EvpPkeyPtr> keys;
    keys.push_back(new_rsa_key(1024));
    keys.push_back(new_rsa_key(3072));
    for (const char* curve :
         {"P-256", "P-384", "P-521", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"}) {
        keys.push_back(new_ec_key(curve));
    }
    for (const EvpPkeyPtr& made : keys) {
        const auto key = read_public_key(spki_of(made.get()));
        REQUIRE(key);
        REQUIRE(key->handle);
        CHECK(::EVP_PKEY_eq(key->handle.get(), made.get()) == 1);
        const KeyFacts facts = key_facts(made.get());
        CHECK(key->facts.type == facts.type);
        CHECK(key->facts.bits == facts.bits);
        CHECK(key->facts.named_curve);
        CHECK(is_usable(key->facts));
    }
}

TEST_CASE("keys that no policy may permit are read, but not made") {
    const auto forbidden = [](const EvpPkeyPtr& made) {
        const auto key = read_public_key(spki_of(made.get()));
        REQUIRE(key);
        CHECK_FALSE(key->handle);
        CHECK_FALSE(is_usable(key->facts));
        return key->facts;
    };
    CHECK(forbidden(EvpPkeyPtr(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))).type ==
          KeyType::other);
    CHECK_FALSE(forbidden(new_ec_key("secp256k1")).common_curve);
    CHECK_FALSE(forbidden(new_ec_key("secp224r1")).common_curve);
    EvpPkeyPtr with_parameters = new_ec_key();
    ::EVP_PKEY_set_utf8_string_param(with_parameters.get(), "encoding", "explicit");
    CHECK_FALSE(forbidden(with_parameters).named_curve);

    const auto rsa = [](const Bytes& modulus, const Bytes& exponent) {
        const Bytes key = sequence({der(0x02, modulus), der(0x02, exponent)});
        return read_public_key(sequence({sequence({der_oid("1.2.840.113549.1.1.1"), {0x05, 0x00}}),
                                         der(0x03, join({{0x00}, key}))}));
    };
    Bytes modulus(514, 0xC1);
    modulus[0] = 0;
    auto key = rsa(modulus, {1, 0, 1});  // 4104 bits
    REQUIRE(key);
    CHECK(key->facts.bits == 4104);
    CHECK_FALSE(key->handle);
    key = rsa(modulus_of_neighbours(512, 3), {1, 0, 1});
    CHECK_FALSE(key);  // a modulus with its top bit set is negative
    key = rsa(join({{0}, modulus_of_neighbours(512, 3)}), {1, 0, 1});
    REQUIRE(key);
    CHECK_FALSE(key->facts.weakness.empty());
    CHECK_FALSE(key->handle);
    for (const Bytes& exponent : {Bytes{3}, Bytes{1}, Bytes{1, 0, 0, 0, 1}, Bytes{0x11}}) {
        key = rsa(join({{0}, octets_of(product(prime_of(512).get(), prime_of(512).get()).get())}),
                  exponent);
        REQUIRE(key);
        CHECK_FALSE(key->facts.standard_exponent);
        CHECK_FALSE(key->handle);
    }
    CHECK_FALSE(rsa({0}, {1, 0, 1}));
    CHECK_FALSE(rsa({5}, {0}));
}

TEST_CASE("EC keys in another form than an uncompressed point of the curve are refused") {
    const Bytes good = spki_of(new_ec_key().get());
    const std::size_t start = good.size() - 65;
    REQUIRE(read_public_key(good));
    Bytes off_curve = good;
    off_curve.back() ^= 1;
    Bytes hybrid = good;
    hybrid[start] = static_cast<std::uint8_t>(0x06 | (good.back() & 1));
    const Bytes algorithm =
        sequence({der_oid("1.2.840.10045.2.1"), der_oid("1.2.840.10045.3.1.7")});
    const Bytes x(good.begin() + static_cast<std::ptrdiff_t>(start) + 1,
                  good.begin() + static_cast<std::ptrdiff_t>(start) + 33);
    const Bytes prefix{0x00, static_cast<std::uint8_t>(0x02 | (good.back() & 1))};
    const Bytes compressed = sequence({algorithm, der(0x03, join({prefix, x}))});
    const Bytes at_infinity = sequence({algorithm, der(0x03, {0x00, 0x00})});
    const Bytes without_point = sequence({algorithm, der(0x03, {0x00})});
    const auto refused = [](const Bytes& spki, const char* cause) {
        const auto key = read_public_key(spki);
        REQUIRE_FALSE(key);
        CHECK(key.error().text.find(cause) != std::string::npos);
    };
    refused(off_curve, "not on its curve");
    refused(hybrid, "not uncompressed");
    refused(compressed, "not uncompressed");
    refused(at_infinity, "not uncompressed");
    refused(without_point, "not uncompressed");
    refused(sequence({}), "cannot be read");
    refused({}, "cannot be read");
}

}  // namespace
}  // namespace ndes
