#include "tests/unit/crypto/der_mutator.h"

#include <array>
#include <iterator>
#include <string_view>

#include "tests/unit/crypto/der_writer.h"

namespace ndes::test {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::uint8_t, 24> kIdentifiers{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x12,
                                                    0x13, 0x14, 0x16, 0x1A, 0x1C, 0x1E, 0x24, 0x30,
                                                    0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xA0, 0xA4};

constexpr std::array kTexts{"secret"sv,
                            "a.example"sv,
                            "administrator@example.com"sv,
                            ""sv,
                            "a\0b"sv,
                            "a\nb"sv,
                            "caf\xC3\xA9"sv,
                            "caf\xE9"sv,
                            " a "sv,
                            "a\xE2\x80\xAE"
                            "b"sv,
                            "\xEF\xBB\xBF"
                            "a"sv,
                            "\xF0\x9F\x94\x91"sv,
                            "\xC0\x80"sv,
                            "\0a\0b"sv,
                            "\xD8\x3D\xDD\x11"sv,
                            "a,b+c=d;\"#"sv,
                            "S-1-5-21-500"sv,
                            "\x01\x02\x03\x04"sv,
                            "DE"sv,
                            "0123456789abcdef"sv,
                            "tag:microsoft.com,2022-09-14:sid:S-1-5-21-500"sv,
                            "*.example"sv,
                            "\0\0\0a"sv,
                            "\xFF"sv};

constexpr std::array kOids{"2.5.4.3",
                           "2.5.4.10",
                           "2.5.4.11",
                           "2.5.4.6",
                           "2.5.4.5",
                           "1.2.840.113549.1.9.1",
                           "0.9.2342.19200300.100.1.25",
                           "1.2.840.113549.1.9.7",
                           "1.2.840.113549.1.9.14",
                           "1.3.6.1.4.1.311.2.1.14",
                           "2.5.29.17",
                           "2.5.29.15",
                           "2.5.29.37",
                           "2.5.29.19",
                           "2.5.29.14",
                           "1.3.6.1.4.1.311.25.2",
                           "1.3.6.1.4.1.311.20.2.3",
                           "1.3.6.1.5.5.7.3.2",
                           "1.2.3.4",
                           "2.999.1",
                           "1.2.840.113549.1.1.1",
                           "1.2.840.10045.2.1",
                           "1.2.840.10045.3.1.7",
                           "1.3.132.0.10"};

}  // namespace

DerMutator::DerMutator(std::uint64_t seed, const std::vector<DerNode>& seeds)
    : engine_(seed), seeds_(seeds) {}

std::size_t DerMutator::below(std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(engine_() % bound);
}

void DerMutator::mutate(DerNode& root) {
    do {
        mutate_once(root);
    } while (!one_in(2) && below(8) != 0);
}

void DerMutator::flip(Bytes& encoding) {
    if (encoding.empty()) return;
    std::uint8_t& octet = encoding[below(encoding.size())];
    octet = one_in(2) ? static_cast<std::uint8_t>(octet ^ (1U << below(8)))
                      : static_cast<std::uint8_t>(below(256));
}

const DerNode& DerMutator::some_node() {
    const DerNode* node = &seeds_[below(seeds_.size())];
    while (!node->children.empty() && !one_in(4))
        node = &node->children[below(node->children.size())];
    return *node;
}

void DerMutator::mutate_once(DerNode& root) {
    const std::vector<DerNode*> nodes = all_nodes(root);
    DerNode& node = *nodes[below(nodes.size())];
    switch (below(12)) {
        case 0: node.identifier = kIdentifiers[below(kIdentifiers.size())]; return;
        case 1: node.long_length = true; return;
        case 2: node = DerNode(some_node()); return;
        case 3: {
            DerNode wrapper{one_in(2) ? std::uint8_t{0x30} : std::uint8_t{0x31}, true, {}, {}};
            wrapper.children.push_back(node);
            node = std::move(wrapper);
            return;
        }
        default: node.nested ? change_children(node) : change_contents(node);
    }
}

void DerMutator::change_children(DerNode& node) {
    std::vector<DerNode>& children = node.children;
    const std::size_t i = below(children.size());
    const auto at = children.begin() + static_cast<std::ptrdiff_t>(i);
    switch (below(6)) {
        case 0:
            if (!children.empty()) children.erase(at);
            return;
        case 1:
            if (!children.empty()) children.push_back(DerNode(children[i]));
            return;
        case 2:
            if (!children.empty()) std::swap(children[i], children[below(children.size())]);
            return;
        case 3: children.insert(at, some_node()); return;
        case 4:
            if (one_in(8)) children.clear();
            return;
        default:
            if (!children.empty()) children[i] = DerNode(some_node());
    }
}

void DerMutator::change_contents(DerNode& node) {
    Bytes& contents = node.contents;
    const std::size_t i = below(contents.size());
    if (node.identifier == 0x06 && !one_in(6)) {
        const Bytes oid = der_oid(kOids[below(kOids.size())]);
        contents.assign(oid.begin() + 2, oid.end());
        return;
    }
    switch (below(6)) {
        case 0: flip(contents); return;
        case 1:
            contents.insert(contents.begin() + static_cast<std::ptrdiff_t>(i),
                            static_cast<std::uint8_t>(below(256)));
            return;
        case 2: contents.resize(i); return;
        case 3: contents = Bytes(one_in(4) ? 400 : 63 + below(4), 'a'); return;
        default: contents = to_bytes(as_bytes(kTexts[below(kTexts.size())]));
    }
}

}  // namespace ndes::test
