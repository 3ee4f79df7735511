#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

constexpr AlgorithmPolicy kStrict;
constexpr AlgorithmPolicy kLegacy{.legacy_des_sha1 = true};

void check_refused(const Bytes& message, FailInfo info, const AlgorithmPolicy& policy = kStrict) {
    const auto request = read_signed(message, policy);
    REQUIRE_FALSE(request);
    CHECK(request.error().fail_info == info);
    CHECK(request.error().transaction_id == "transaction-1");
}

TEST_CASE("a request is read with all that a reply repeats") {
    const auto request = read_signed(make_message(), kStrict);
    REQUIRE(request);
    CHECK(request->transaction_id == "transaction-1");
    CHECK(request->message_type == MessageType::pkcs_req);
    CHECK(request->sender_nonce == Bytes(16, 0x5A));
    CHECK(request->signer.der() == client().der());
    CHECK(request->digest_name == "SHA-256");
    CHECK(request->cipher_name == "aes-128-cbc");
    CHECK_FALSE(request->used_legacy);
}

TEST_CASE("every permitted digest and cipher goes round") {
    for (const char* digest : {"SHA256", "SHA384", "SHA512", "SHA1"}) {
        for (const char* cipher :
             {"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc", "des-cbc"}) {
            INFO(digest << " " << cipher);
            const bool legacy =
                std::string_view(digest) == "SHA1" || std::string_view(cipher) == "des-cbc";
            const Bytes message =
                make_message({.content = good_envelope(cipher), .digest = digest});
            const auto request = read_signed(message, kLegacy);
            REQUIRE(request);
            CHECK(request->cipher_name == cipher);
            CHECK(request->used_legacy == legacy);
            const auto content = open_envelope(*request, ra());
            REQUIRE(content);
            CHECK(*content == client_csr());
            CHECK(read_signed(message, kStrict).has_value() == !legacy);
            if (legacy) check_refused(message, FailInfo::bad_alg);
        }
    }
}

TEST_CASE("algorithms that no switch permits") {
    for (const char* digest : {"MD5", "SHA224"}) {
        INFO(digest);
        const Bytes message = make_message({.digest = digest});
        check_refused(message, FailInfo::bad_alg, kLegacy);
        CHECK(read_signed(message, kLegacy).error().digest_name.empty());
    }
    const AlgorithmPolicy no_3des{.legacy_des_sha1 = true, .allow_3des = false};
    check_refused(make_message({.content = good_envelope("des-ede3-cbc")}), FailInfo::bad_alg,
                  no_3des);
}

TEST_CASE("signatures as clients make them") {
    CHECK(read_signed(make_message({.pss = true}), kStrict));
    const Bytes rsa_encryption = algorithm(kOidRsaEncryption, {0x05, 0x00});
    CHECK(read_signed(make_message({.signature_algorithm = rsa_encryption}), kStrict));
    CHECK(
        read_signed(make_message({.signature_algorithm = algorithm(kOidRsaEncryption)}), kStrict));

    const EvpPkeyPtr key = new_ec_key();
    const Certificate signer = make_certificate(key.get());
    CHECK(read_signed(make_message({.key = key.get(), .signer = &signer}), kStrict));
}

TEST_CASE("signatures that prove nothing") {
    check_refused(make_message({.key = rsa_key(3)}), FailInfo::bad_message_check);
    const Bytes md5_with_rsa = algorithm("1.2.840.113549.1.1.4", {0x05, 0x00});
    check_refused(make_message({.signature_algorithm = md5_with_rsa}), FailInfo::bad_alg);
    check_refused(make_message({.signature_algorithm = algorithm("1.3.101.112")}),
                  FailInfo::bad_message_check);
    const EvpPkeyPtr ed25519(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const Certificate signer = make_certificate(
        ed25519.get(), {.issuer = &ra().signing_certificate, .issuer_key = rsa_key(0)});
    check_refused(make_message({.signer = &signer}), FailInfo::bad_alg);
}

TEST_CASE("the signer is the one certificate that the identifier names") {
    const Certificate other = make_certificate(rsa_key(3), {.subject = "CN=other", .serial = 9});
    const auto request =
        read_signed(make_message({.certificates = {other.der(), client().der()}}), kStrict);
    REQUIRE(request);
    CHECK(request->signer.der() == client().der());

    check_refused(make_message({.certificates = {other.der()}}), FailInfo::bad_request);
    const Certificate twin =
        make_certificate(rsa_key(3), {.subject = "CN=SCEP SIGNER", .serial = 7});
    check_refused(make_message({.certificates = {client().der(), twin.der()}}),
                  FailInfo::bad_request);
    check_refused(make_message({.certificates = {twin.der(), client().der()}}),
                  FailInfo::bad_request);
}

TEST_CASE("content that is no envelope is refused before the signature is looked at") {
    check_refused(make_message({.content = client_csr()}), FailInfo::bad_request);
    check_refused(make_message({.content = {0x30, 0x00}, .key = rsa_key(3)}),
                  FailInfo::bad_request);
}

TEST_CASE("a message in BER reads the same") {
    const auto request = read_signed(make_message({.ber = true}), kStrict);
    REQUIRE(request);
    CHECK(*open_envelope(*request, ra()) == client_csr());
}

TEST_CASE("a refusal carries what a CertRep needs") {
    const auto request = read_signed(make_message({.key = rsa_key(3)}), kStrict);
    REQUIRE_FALSE(request);
    CHECK(request.error().sender_nonce == Bytes(16, 0x5A));
    CHECK(request.error().signer->der() == client().der());
    CHECK(request.error().digest_name == "SHA-256");
    CHECK_FALSE(request.error().error.text.empty());
}

}  // namespace
}  // namespace ndes::scep
