// csr_differential [COUNT [SEED]]: reads COUNT mutated requests with our reader and with OpenSSL's.
// Whatever we accept OpenSSL must accept, with the same subject, alternative names, challenge,
// usages and key, and a self-signature that we take for good must be good to OpenSSL, too. The
// other way round is free: we are meant to refuse more. Exits 1 at the first disagreement, with the
// request in hexadecimal.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/unit/crypto/csr_facts.h"
#include "tests/unit/crypto/der_mutator.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes::test {
namespace {

// Accepted mutants must be so many that the comparison means something.
constexpr std::size_t kLeastAcceptedPercent = 10;

Bytes text_extension_request() {
    const Bytes upn = der(0xA0, join({der_oid("1.3.6.1.4.1.311.20.2.3"),
                                      der(0xA0, der_text(kUtf8, "user@example.com"))}));
    const Bytes names = sequence({upn, der_text(0x81, "user@example.com"),
                                  der_text(0x82, "host.example"), der_text(0x86, "urn:x:1"),
                                  der(0x87, {192, 0, 2, 1}), der(0x87, Bytes(16, 0x20))});
    return attribute(
        kExtensionRequest,
        {sequence(
            {extension("2.5.29.17", names), extension("2.5.29.15", {0x03, 0x02, 0x05, 0xA0}, true),
             extension("2.5.29.37", sequence({der_oid("1.3.6.1.5.5.7.3.2")})),
             extension("2.5.29.19", sequence({{0x01, 0x01, 0xFF}})),
             extension("1.3.6.1.4.1.311.25.2",
                       sequence({der(0xA0, join({der_oid("1.3.6.1.4.1.311.25.2.1"),
                                                 der(0xA0, der_text(0x04, "S-1-5-21-1"))}))})),
             extension("1.2.3.4", {0x05, 0x00})})});
}

std::vector<CsrParts> sample_parts() {
    const Bytes challenge = attribute(kChallengePassword, {der_text(kPrintable, "secret-42")});
    const Bytes long_name = name_of(
        {name_part("2.5.4.6", kPrintable, "DE"), name_part("2.5.4.10", kT61, "Caf\xE9"),
         name_part("2.5.4.11", kBmp, std::string_view("\x00\x61\x20\xAC", 4)),
         name_part("2.5.4.3", kUtf8, "caf\xC3\xA9"), name_part("1.2.840.113549.1.9.1", kIa5, "a@b"),
         set({sequence({der_oid("2.5.4.3"), der_text(kUtf8, "a")}),
              sequence({der_oid("2.5.4.5"), der_text(kPrintable, "1")})})});
    std::vector<CsrParts> parts(6);
    parts[1].attributes = challenge;
    parts[2].attributes = join({challenge, text_extension_request()});
    parts[2].subject = long_name;
    parts[3].omit_attributes = true;
    parts[4].attributes =
        join({attribute("1.2.840.113549.1.9.20", {der_text(kBmp, std::string_view("\0a", 2))}),
              attribute(kMicrosoftExtensions,
                        {sequence({extension("2.5.29.17", sequence({der_text(0x82, "a.b")}))})})});
    parts[5].attributes =
        attribute(kChallengePassword, {der_text(kUtf8, std::string(300, 'a') + "\r\nb")});
    return parts;
}

// Signs the tree's first part anew, so that a mutant gets as far as a good request does.
void sign_again(DerNode& root, EVP_PKEY* key) {
    if (root.children.size() < 3) return;
    Bytes signature = sign(key, "SHA256", false, root.children[0].encode());
    signature.insert(signature.begin(), 0x00);
    root.children[2] = DerNode{0x03, false, {}, std::move(signature), false};
}

struct Counts {
    std::size_t accepted = 0;
    std::size_t verified = 0;
    std::size_t refused_by_us_alone = 0;
    std::map<std::string, std::size_t> causes;
};

class Comparison {
  public:
    explicit Comparison(std::uint64_t seed) : mutator_(seed, seeds_) {
        keys_.push_back(new_ec_key());
        keys_.push_back(new_ec_key("P-384"));
        keys_.push_back(new_rsa_key(1024));
        for (const EvpPkeyPtr& key : keys_) {
            for (const CsrParts& parts : sample_parts()) {
                seeds_.push_back(read_der_tree(make_csr(key.get(), parts)));
                key_of_seed_.push_back(key.get());
            }
        }
    }

    // True when both readers agree.
    bool compare_one() {
        const std::size_t chosen = mutator_.below(seeds_.size());
        DerNode root = seeds_[chosen];
        if (!mutator_.one_in(64)) mutator_.mutate(root);
        if (!mutator_.one_in(6)) sort_sets(root);
        Bytes encoding = root.encode();
        const bool flipped = mutator_.one_in(8);
        if (flipped) mutator_.flip(encoding);
        auto ours = parse_csr(encoding);
        if (ours && !flipped && !mutator_.one_in(16)) {
            // The signature has no part in parsing, so that it is made for what is accepted alone.
            sign_again(root, key_of_seed_[chosen]);
            encoding = root.encode();
            ours = parse_csr(encoding);
        }
        if (!ours) {
            ++counts.causes[ours.error().text.substr(0, 60)];
            // OpenSSL's opinion is only of interest for the count.
            if (mutator_.one_in(16) && read_by_openssl(encoding)) ++counts.refused_by_us_alone;
            return true;
        }
        ++counts.accepted;
        return agrees(*ours, encoding);
    }

    Counts counts;

  private:
    bool agrees(const CertificateRequest& ours, const Bytes& encoding) {
        const bool verified = verify_self_signature(ours);
        if (verified) ++counts.verified;
        const auto theirs = read_by_openssl(encoding);
        const std::string facts = facts_by_us(ours);
        if (theirs && theirs->facts == facts && (theirs->verified || !verified)) return true;
        std::printf("disagreement on %s\nours (verified %d):\n%s\nOpenSSL's:\n%s\n",
                    to_hex(encoding).c_str(), verified ? 1 : 0, facts.c_str(),
                    theirs ? theirs->facts.c_str() : "refused");
        return false;
    }

    std::vector<EvpPkeyPtr> keys_;
    std::vector<DerNode> seeds_;
    std::vector<EVP_PKEY*> key_of_seed_;
    DerMutator mutator_;
};

int run(std::size_t count, std::uint64_t seed) {
    std::printf("csr_differential %zu %llu\n", count, static_cast<unsigned long long>(seed));
    Comparison comparison(seed);
    for (std::size_t i = 0; i < count; ++i) {
        if (!comparison.compare_one()) return EXIT_FAILURE;
    }
    const Counts& counts = comparison.counts;
    std::printf(
        "%zu mutants: %zu accepted (%zu with a good signature), %zu refused, of which about "
        "%zu OpenSSL reads; 0 disagreements\n",
        count, counts.accepted, counts.verified, count - counts.accepted,
        counts.refused_by_us_alone * 16);
    for (const auto& [cause, times] : counts.causes) {
        if (times * 1000 >= count) std::printf("%9zu %s\n", times, cause.c_str());
    }
    if (counts.accepted * 100 >= count * kLeastAcceptedPercent) return EXIT_SUCCESS;
    std::printf("too few were accepted\n");
    return EXIT_FAILURE;
}

}  // namespace
}  // namespace ndes::test

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000;
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    return ndes::test::run(count, seed);
}
