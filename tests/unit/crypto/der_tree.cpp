#include "tests/unit/crypto/der_tree.h"

#include <algorithm>
#include <optional>

namespace ndes::test {
namespace {

struct Parts {
    std::size_t header = 0;
    std::size_t length = 0;
};

std::optional<Parts> measure(ByteView octets) {
    if (octets.size() < 2) return std::nullopt;
    Parts parts{2, octets[1]};
    if (octets[1] >= 0x80) {
        const std::size_t count = octets[1] & 0x7FU;
        if (count == 0 || count > 3 || octets.size() < 2 + count) return std::nullopt;
        parts = {2 + count, 0};
        for (std::size_t i = 0; i < count; ++i)
            parts.length = parts.length << 8 | octets[2 + i];
    }
    if (parts.length > octets.size() - parts.header) return std::nullopt;
    return parts;
}

std::vector<DerNode> read_all(ByteView octets) {
    std::vector<DerNode> nodes;
    while (const auto parts = measure(octets)) {
        nodes.push_back(read_der_tree(octets.first(parts->header + parts->length)));
        octets = octets.subspan(parts->header + parts->length);
    }
    return nodes;
}

bool is_one_sequence(ByteView octets) {
    const auto parts = measure(octets);
    return parts && octets[0] == 0x30 && parts->header + parts->length == octets.size();
}

}  // namespace

Bytes DerNode::encode() const {
    Bytes inside = contents;
    for (const DerNode& child : children) {
        const Bytes encoded = child.encode();
        inside.insert(inside.end(), encoded.begin(), encoded.end());
    }
    Bytes length;
    for (std::size_t rest = inside.size(); rest > 0; rest >>= 8)
        length.insert(length.begin(), static_cast<std::uint8_t>(rest & 0xFF));
    if (length.empty()) length.push_back(0);
    if (long_length && inside.size() >= 0x80) length.insert(length.begin(), 0);
    if (long_length || inside.size() >= 0x80) {
        length.insert(length.begin(), static_cast<std::uint8_t>(0x80 | length.size()));
    }
    Bytes out{identifier};
    out.insert(out.end(), length.begin(), length.end());
    out.insert(out.end(), inside.begin(), inside.end());
    return out;
}

DerNode read_der_tree(ByteView octets) {
    const Parts parts = measure(octets).value_or(Parts{octets.size(), 0});
    const ByteView inside = octets.subspan(parts.header, parts.length);
    DerNode node;
    node.identifier = octets.empty() ? 0 : octets[0];
    node.nested =
        (node.identifier & 0x20) != 0 || (node.identifier == 0x04 && is_one_sequence(inside));
    if (node.nested) {
        node.children = read_all(inside);
    } else {
        node.contents = to_bytes(inside);
    }
    return node;
}

void sort_sets(DerNode& node) {
    for (DerNode& child : node.children)
        sort_sets(child);
    if (node.identifier != 0x31) return;
    std::ranges::stable_sort(
        node.children, [](const DerNode& a, const DerNode& b) { return a.encode() < b.encode(); });
}

std::vector<DerNode*> all_nodes(DerNode& root) {
    std::vector<DerNode*> nodes{&root};
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        for (DerNode& child : nodes[i]->children)
            nodes.push_back(&child);
    }
    return nodes;
}

}  // namespace ndes::test
