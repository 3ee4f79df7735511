// DerTree: an encoding taken apart into nodes, so that tests can change one node and encode again.
// Written apart from the readers under test. Value type; one thread.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "common/bytes.h"

namespace ndes::test {

struct DerNode {
    std::uint8_t identifier = 0;
    // Constructed, or an OCTET STRING whose contents are one element.
    bool nested = false;
    std::vector<DerNode> children;  // when nested
    Bytes contents;                 // else
    bool long_length = false;       // encode the length in an octet more than it needs

    Bytes encode() const;
};

// `octets` must be DER.
DerNode read_der_tree(ByteView octets);

// Puts the children of every SET in the order DER wants.
void sort_sets(DerNode& node);

// All nodes below and including `root`; valid until the tree changes.
std::vector<DerNode*> all_nodes(DerNode& root);

}  // namespace ndes::test
