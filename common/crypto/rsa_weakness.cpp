#include "common/crypto/rsa_weakness.h"

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "common/crypto/openssl_ptr.h"

namespace ndes {
namespace {

constexpr unsigned kSmallestPermittedFactor = 752;
constexpr unsigned kLargestRocaPrime = 353;  // RSALib uses at least these from 992 bits on
constexpr int kShortestRocaModulus = 992;
constexpr unsigned kFermatRounds = 100;

struct SmallPrime {
    unsigned prime = 0;
    std::bitset<kSmallestPermittedFactor> powers;  // of 65537 modulo `prime`
};

// Primes whose product fits 63 bits: one long division serves them all.
struct PrimeGroup {
    std::uint64_t product = 1;
    std::vector<SmallPrime> primes;
};

bool is_prime(unsigned n) {
    for (unsigned divisor = 2; divisor * divisor <= n; ++divisor) {
        if (n % divisor == 0) return false;
    }
    return true;
}

std::vector<PrimeGroup> make_groups() {
    std::vector<PrimeGroup> groups(1);
    for (unsigned n = 3; n < kSmallestPermittedFactor; n += 2) {
        if (!is_prime(n)) continue;
        if (groups.back().product > (std::uint64_t{1} << 62) / n) groups.emplace_back();
        SmallPrime prime{n, {}};
        for (unsigned power = 1; !prime.powers.test(power); power = power * (65537 % n) % n)
            prime.powers.set(power);
        groups.back().product *= n;
        groups.back().primes.push_back(prime);
    }
    return groups;
}

// Both tests that ask for residues by small primes.
std::string_view residue_weakness(const BIGNUM* n) {
    static const std::vector<PrimeGroup> groups = make_groups();
    bool all_powers = ::BN_num_bits(n) >= kShortestRocaModulus;
    for (const PrimeGroup& group : groups) {
        const std::uint64_t rest = ::BN_mod_word(n, group.product);
        for (const SmallPrime& small : group.primes) {
            const std::uint64_t residue = rest % small.prime;
            if (residue == 0) return "the modulus has a small factor";
            if (small.prime <= kLargestRocaPrime && !small.powers.test(residue)) all_powers = false;
        }
    }
    return all_powers ? "the modulus has the fingerprint of ROCA (CVE-2017-15361)" : "";
}

struct BnCtxFree {
    void operator()(BN_CTX* context) const { ::BN_CTX_free(context); }
};
using BnCtxPtr = std::unique_ptr<BN_CTX, BnCtxFree>;

// Largest r with r * r <= n: half of the digits from the upper half of n, the rest by one step of
// Newton's method.
BignumPtr square_root(const BIGNUM* n, BN_CTX* context) {
    BignumPtr root(::BN_new());
    const int bits = ::BN_num_bits(n);
    if (bits <= 32) {
        const std::uint64_t value = ::BN_get_word(n);
        std::uint64_t small = 0;
        for (std::uint64_t bit = std::uint64_t{1} << 16; bit > 0; bit >>= 1) {
            if ((small | bit) * (small | bit) <= value) small |= bit;
        }
        ::BN_set_word(root.get(), small);
        return root;
    }
    const int shift = (bits - 1) / 4;
    const BignumPtr upper(::BN_new());
    ::BN_rshift(upper.get(), n, 2 * shift);
    // One too large, so that Newton's method comes down from above and never stops short.
    const BignumPtr estimate = square_root(upper.get(), context);
    ::BN_add_word(estimate.get(), 1);
    ::BN_lshift(estimate.get(), estimate.get(), shift);
    for (;;) {
        ::BN_div(root.get(), nullptr, n, estimate.get(), context);
        if (::BN_cmp(root.get(), estimate.get()) >= 0) {
            ::BN_copy(root.get(), estimate.get());
            return root;
        }
        ::BN_add(root.get(), root.get(), estimate.get());
        ::BN_rshift1(root.get(), root.get());
        ::BN_copy(estimate.get(), root.get());
    }
}

bool is_square(const BIGNUM* n, BN_CTX* context) {
    const BignumPtr root = square_root(n, context);
    const BignumPtr square(::BN_new());
    ::BN_sqr(square.get(), root.get(), context);
    return ::BN_cmp(square.get(), n) == 0;
}

// Tells most numbers that are no squares from their residue alone.
class SquareSieve {
  public:
    explicit SquareSieve(unsigned modulus) : modulus_(modulus) {
        for (unsigned i = 0; i < modulus; ++i)
            squares_.set(i * i % modulus);
    }
    unsigned modulus() const { return modulus_; }
    bool may_be_square(std::uint64_t residue) const { return squares_.test(residue % modulus_); }

  private:
    unsigned modulus_;
    std::bitset<256> squares_;
};

// Is a² - n a square for one of the first a above the square root of n? Only residues are looked at
// until all sieves let one pass.
bool falls_to_fermat(const BIGNUM* n) {
    static const std::array sieves{SquareSieve(256), SquareSieve(63), SquareSieve(65),
                                   SquareSieve(11),  SquareSieve(17), SquareSieve(19),
                                   SquareSieve(23)};
    const BnCtxPtr context(::BN_CTX_new());
    const BignumPtr a = square_root(n, context.get());
    ::BN_add_word(a.get(), 1);  // n itself being a square is p = q, and found as a - 1
    const BignumPtr square(::BN_new());
    std::array<std::uint64_t, sieves.size()> a_rest{};
    std::array<std::uint64_t, sieves.size()> n_rest{};
    for (std::size_t i = 0; i < sieves.size(); ++i) {
        // One below the first a: the loop begins with p = q.
        a_rest[i] = ::BN_mod_word(a.get(), sieves[i].modulus()) + sieves[i].modulus() - 1;
        n_rest[i] = ::BN_mod_word(n, sieves[i].modulus());
    }
    for (unsigned round = 0; round <= kFermatRounds; ++round) {
        bool may_be = true;
        for (std::size_t i = 0; may_be && i < sieves.size(); ++i) {
            const std::uint64_t modulus = sieves[i].modulus();
            const std::uint64_t rest = (a_rest[i] + round) % modulus;
            may_be = sieves[i].may_be_square(rest * rest + modulus - n_rest[i]);
        }
        if (!may_be) continue;
        const BignumPtr candidate(::BN_dup(a.get()));
        ::BN_sub_word(candidate.get(), 1);
        ::BN_add_word(candidate.get(), round);
        ::BN_sqr(square.get(), candidate.get(), context.get());
        ::BN_sub(square.get(), square.get(), n);
        if (::BN_is_negative(square.get()) == 0 && is_square(square.get(), context.get())) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::string_view rsa_weakness(ByteView modulus) {
    const BignumPtr n(::BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
    if (::BN_num_bits(n.get()) > kMostRsaBits) return "";
    if (::BN_is_odd(n.get()) == 0) return "the modulus is even";
    if (const auto weakness = residue_weakness(n.get()); !weakness.empty()) return weakness;
    if (falls_to_fermat(n.get())) return "the primes are close together (Fermat)";
    return "";
}

}  // namespace ndes
