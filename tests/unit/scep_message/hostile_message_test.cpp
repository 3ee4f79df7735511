// Octets made to hurt: every cut, every changed octet, nests and floods.
#include <algorithm>
#include <ctime>

#include "scep-server/message/asn1_prefilter.h"
#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

// Processor time, so that a busy machine does not count; far above what a linear reader needs,
// far below what a quadratic one takes.
constexpr double kAtOnceSeconds = 0.2;

void check_refused_at_once(const Bytes& message) {
    const std::clock_t start = std::clock();
    CHECK_FALSE(read_signed(message, {}));
    CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < kAtOnceSeconds);
}

Bytes repeated(const Bytes& unit, std::size_t total) {
    Bytes all;
    all.reserve(total + unit.size());
    while (all.size() < total)
        all.insert(all.end(), unit.begin(), unit.end());
    return all;
}

TEST_CASE("nests and floods are refused at once") {
    check_refused_at_once(repeated({0x30, 0x80}, 2'000'000));
    check_refused_at_once(repeated({0x30, 0x80}, kMaxMessage - 2));
    check_refused_at_once(repeated({0x24, 0x80}, kMaxMessage - 2));
    check_refused_at_once(repeated({0x31, 0x00}, kMaxMessage - 2));
    Bytes nested;
    while (nested.size() < 60'000)
        nested = der(0x30, nested);
    check_refused_at_once(nested);
    check_refused_at_once(join({{0x30, 0x83, 0x0F, 0x42, 0x40}, Bytes(1'000'000, 0x30)}));
    // The most elements that fit, where a message has its content.
    const Bytes flood = repeated({0x05, 0x00}, 60'000);
    check_refused_at_once(content_info(kOidSignedData, der(0x30, flood)));
    check_refused_at_once(make_message({.content = der(0x30, flood)}));
    check_refused_at_once(make_message({.content = repeated({0x30, 0x80}, 50'000)}));
}

TEST_CASE("a message cut at any octet is refused") {
    for (const bool ber : {false, true}) {
        const Bytes message = make_message({.ber = ber});
        for (std::size_t size = 0; size < message.size(); ++size) {
            const auto request = read_signed(ByteView(message).first(size), {});
            INFO(size);
            CHECK_FALSE(request);
        }
    }
}

TEST_CASE("a message changed at any octet never reads as another one") {
    const Bytes message = make_message();
    const auto original = read_signed(message, {});
    REQUIRE(original);
    for (std::size_t i = 0; i < message.size(); ++i) {
        Bytes changed = message;
        changed[i] ^= 0x01;
        const auto request = read_signed(changed, {});
        if (!request) continue;
        // Only what the signature does not cover may vary, and none of it is used.
        INFO(i);
        CHECK(request->transaction_id == original->transaction_id);
        CHECK(request->message_type == original->message_type);
        CHECK(request->sender_nonce == original->sender_nonce);
        CHECK(request->envelope == original->envelope);
    }
}

TEST_CASE("an envelope cut at any octet is refused") {
    const Bytes envelope = good_envelope();
    for (std::size_t size = 0; size < envelope.size(); ++size) {
        CHECK_FALSE(check_envelope_shape(ByteView(envelope).first(size)));
    }
}

TEST_CASE("a cipher rewritten to a stream mode is refused (CVE-2026-34182)") {
    Bytes envelope = good_envelope("aes-256-cbc");
    const Bytes cbc = der_oid("2.16.840.1.101.3.4.1.42");
    const auto at = std::search(envelope.begin(), envelope.end(), cbc.begin(), cbc.end());
    REQUIRE(at != envelope.end());
    *(at + static_cast<std::ptrdiff_t>(cbc.size()) - 1) = 43;  // aes-256-ofb
    const auto request = read_signed(make_message({.content = envelope}), {});
    REQUIRE_FALSE(request);
    CHECK(request.error().fail_info == FailInfo::bad_alg);
}

TEST_CASE("AuthEnvelopedData in AES-GCM is refused") {
    const Bytes gcm = make_envelope(client_csr(), {ra().encryption_certificate}, "aes-256-gcm");
    const auto request = read_signed(make_message({.content = gcm}), {});
    REQUIRE_FALSE(request);
    CHECK(request.error().fail_info == FailInfo::bad_request);
}

}  // namespace
}  // namespace ndes::scep
