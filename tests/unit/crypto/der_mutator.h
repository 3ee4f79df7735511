// DerMutator: changes DER trees in the ways that attackers and careless encoders do.
// Deterministic for a seed. One thread.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/unit/crypto/der_tree.h"

namespace ndes::test {

class DerMutator {
  public:
    // Takes subtrees for splicing from `seeds`, which outlive it.
    DerMutator(std::uint64_t seed, const std::vector<DerNode>& seeds);

    // One to four changes somewhere below `root`.
    void mutate(DerNode& root);
    // Changes one octet or bit of an encoding.
    void flip(Bytes& encoding);

    std::size_t below(std::size_t bound);  // 0 .. bound - 1; 0 for a bound of 0
    bool one_in(std::size_t n) { return below(n) == 0; }

  private:
    void mutate_once(DerNode& root);
    void change_children(DerNode& node);
    void change_contents(DerNode& node);
    const DerNode& some_node();

    std::mt19937_64 engine_;
    const std::vector<DerNode>& seeds_;
};

}  // namespace ndes::test
