#include <openssl/err.h>

#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

SignedRequest request_with(Bytes envelope, const char* cipher = "aes-128-cbc") {
    SignedRequest request;
    request.transaction_id = "transaction-1";
    request.sender_nonce = Bytes(16, 0x5A);
    request.signer = client();
    request.digest_name = "SHA-256";
    request.cipher_name = cipher;
    request.envelope = std::move(envelope);
    return request;
}

TEST_CASE("the RA's own recipient is found among several") {
    const Certificate ca = make_certificate(rsa_key(3), {.subject = "CN=ca", .serial = 11});
    const Certificate& own = ra().encryption_certificate;
    for (const auto& recipients : std::vector<std::vector<Certificate>>{
             {own}, {ca, own}, {own, ca}, {ra().signing_certificate, ca, own}}) {
        const auto content =
            open_envelope(request_with(make_envelope(client_csr(), recipients)), ra());
        REQUIRE(content);
        CHECK(*content == client_csr());
    }
}

TEST_CASE("every way an envelope cannot be opened looks the same") {
    const Bytes good = good_envelope();
    const auto changed_at = [&](std::size_t from_end) {
        Bytes octets = good;
        octets[octets.size() - from_end] ^= 0x01;
        return octets;
    };
    const Certificate impostor =
        make_certificate(rsa_key(3), {.subject = "CN=RA encryption", .serial = 3});
    const std::vector<std::pair<const char*, Bytes>> cases{
        {"for somebody else", make_envelope(client_csr(), {client()})},
        {"our name, another key", make_envelope(client_csr(), {impostor})},
        {"key does not decrypt", make_envelope_of({})},
        {"last block changed", changed_at(1)},
        {"padding changed", changed_at(17)},
        {"content is no ASN.1",
         make_envelope(to_bytes(as_bytes("hello, world")), {ra().encryption_certificate})},
        {"content is empty", make_envelope({}, {ra().encryption_certificate})},
        {"not an envelope", Bytes{0x30, 0x00}},
        {"nothing", Bytes{}},
    };
    for (const auto& [name, envelope] : cases) {
        INFO(name);
        const auto content = open_envelope(request_with(envelope), ra());
        REQUIRE_FALSE(content);
        const Refusal& refusal = content.error();
        CHECK(refusal.fail_info == FailInfo::bad_message_check);
        CHECK(refusal.error.code == ErrorCode::bad_request);
        CHECK(refusal.error.text == "envelope cannot be opened");
        CHECK(refusal.error.detail.empty());
        CHECK(refusal.transaction_id == "transaction-1");
        CHECK(refusal.sender_nonce == Bytes(16, 0x5A));
        CHECK(refusal.signer->der() == client().der());
        CHECK(refusal.digest_name == "SHA-256");
    }
    CHECK(::ERR_peek_error() == 0);
}

TEST_CASE("a thousand guessed keys open nothing but noise that is refused too") {
    for (int i = 0; i < 1000; ++i) {
        CHECK_FALSE(open_envelope(request_with(make_envelope_of({})), ra()));
    }
}

TEST_CASE("single DES is opened without the default context learning it") {
    const auto content = open_envelope(request_with(good_envelope("des-cbc"), "des-cbc"), ra());
    REQUIRE(content);
    CHECK(*content == client_csr());
    CHECK(::EVP_CIPHER_fetch(nullptr, "des-cbc", nullptr) == nullptr);
    ::ERR_clear_error();
    CHECK_FALSE(open_envelope(request_with(good_envelope("des-cbc")), ra()));
}

}  // namespace
}  // namespace ndes::scep
