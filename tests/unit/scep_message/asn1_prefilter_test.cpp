#include "scep-server/message/asn1_prefilter.h"

#include "common/crypto/ber_elements.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

TEST_CASE("BER is told from what only looks like it") {
    CHECK(is_ber(Bytes{0x30, 0x00}));
    CHECK(is_ber(Bytes{0x30, 0x80, 0x00, 0x00}));
    CHECK(is_ber(indefinite(0x30, indefinite(0x24, octet_string({1, 2})))));
    CHECK_FALSE(is_ber({}));
    CHECK_FALSE(is_ber(Bytes{0x30, 0x80}));
    CHECK_FALSE(is_ber(Bytes{0x30, 0x80, 0x00}));
    CHECK_FALSE(is_ber(Bytes{0x30, 0x00, 0x00}));
    CHECK_FALSE(is_ber(Bytes{0x30, 0x02, 0x00, 0x00}));  // end-of-contents as an element
    CHECK_FALSE(is_ber(Bytes{0x30, 0x03, 0x04, 0x02, 0x00}));
}

TEST_CASE("elements are taken in turn, and only as what they are") {
    const Bytes contents =
        join({der_integer(5), indefinite(0x30, octet_string({1})), der(0xA1, {}), {0x05, 0x00}});
    BerElements elements(contents);
    CHECK_FALSE(elements.take(V_ASN1_SEQUENCE));
    CHECK(to_bytes(*elements.take(V_ASN1_INTEGER)) == Bytes{5});
    CHECK(to_bytes(*elements.take(V_ASN1_SEQUENCE)) == octet_string({1}));
    CHECK_FALSE(elements.take_context(0));
    CHECK(elements.take_context(1)->empty());
    CHECK(elements.take()->header.is(V_ASN1_NULL));
    CHECK(elements.done());
    CHECK_FALSE(elements.take());
    CHECK_FALSE(elements.take(V_ASN1_INTEGER));
}

TEST_CASE("a right message passes, in DER and in BER") {
    CHECK_FALSE(check_signed_shape(make_message()));
    CHECK_FALSE(check_signed_shape(make_message({.ber = true})));
}

TEST_CASE("what is not one signed message is stopped before OpenSSL") {
    const Bytes version = der_integer(1);
    const Bytes digests = set({});
    const Bytes content = sequence({der_oid(kOidData), der(0xA0, octet_string({1}))});
    const Bytes certificates = der(0xA0, sequence({}));
    const Bytes signer = sequence({der_integer(1), sequence({}), sequence({}), der(0xA0, {}),
                                   sequence({}), octet_string({1})});
    const auto message = [](std::initializer_list<Bytes> parts) {
        return content_info(kOidSignedData, sequence(parts));
    };
    CHECK_FALSE(
        check_signed_shape(message({version, digests, content, certificates, set({signer})})));

    std::vector<Bytes> eleven(11, sequence({}));
    Bytes too_many;
    for (const Bytes& certificate : eleven)
        too_many = join({too_many, certificate});
    struct Case {
        const char* name;
        Bytes octets;
    };
    const std::vector<Case> cases{
        {"nothing", {}},
        {"text", to_bytes(as_bytes("hello"))},
        {"trailing octet",
         join({message({version, digests, content, certificates, set({signer})}), {0x00}})},
        {"envelopedData", content_info(kOidEnvelopedData, sequence({}))},
        {"content missing", sequence({der_oid(kOidSignedData)})},
        {"content detached",
         message({version, digests, sequence({der_oid(kOidData)}), certificates, set({signer})})},
        {"content of another type",
         message({version, digests,
                  sequence({der_oid(kOidSignedData), der(0xA0, octet_string({1}))}), certificates,
                  set({signer})})},
        {"content not an OCTET STRING",
         message({version, digests, sequence({der_oid(kOidData), der(0xA0, sequence({}))}),
                  certificates, set({signer})})},
        {"no certificate", message({version, digests, content, set({signer})})},
        {"attribute certificate",
         message({version, digests, content, der(0xA0, der(0xA1, {})), set({signer})})},
        {"eleven certificates",
         message({version, digests, content, der(0xA0, too_many), set({signer})})},
        {"CRL", message({version, digests, content, certificates, der(0xA1, sequence({})),
                         set({signer})})},
        {"no signer", message({version, digests, content, certificates, set({})})},
        {"two signers", message({version, digests, content, certificates, set({signer, signer})})},
        {"no signed attributes", message({version, digests, content, certificates,
                                          set({sequence({der_integer(1), sequence({}), sequence({}),
                                                         sequence({}), octet_string({1})})})})},
        {"something behind the signer",
         message({version, digests, content, certificates, set({signer}), der_integer(1)})},
        {"too long", octet_string(Bytes(kMaxMessage, 0))},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const auto fault = check_signed_shape(c.octets);
        REQUIRE(fault);
        CHECK(fault->fail_info == FailInfo::bad_request);
        CHECK_FALSE(fault->text.empty());
    }
}

TEST_CASE("right envelopes pass and give their cipher") {
    for (const char* cipher :
         {"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc", "des-cbc"}) {
        INFO(cipher);
        const auto found = check_envelope_shape(good_envelope(cipher));
        REQUIRE(found);
        CHECK((*found)->name == cipher);
    }
    CHECK(check_envelope_shape(make_envelope_of({})));
    const Bytes no_parameters = recipient_info(algorithm(kOidRsaEncryption));
    CHECK(check_envelope_shape(make_envelope_of({.type = {},
                                                 .recipients = no_parameters,
                                                 .cipher = {},
                                                 .data_type = {},
                                                 .encrypted = {},
                                                 .trailing = {}})));
}

TEST_CASE("envelopes that SCEP never needs are stopped before OpenSSL") {
    const Bytes rsa = algorithm(kOidRsaEncryption, {0x05, 0x00});
    const auto aes = [](const char* oid, std::size_t vector) {
        return algorithm(oid, octet_string(Bytes(vector, 1)));
    };
    Bytes many;
    for (int i = 0; i < kMaxRecipients + 1; ++i)
        many = join({many, recipient_info(rsa)});
    struct Case {
        const char* name;
        Bytes EnvelopeParts::*part;
        Bytes value;
        FailInfo fail_info;
    };
    const std::vector<Case> cases{
        {"AuthEnvelopedData", &EnvelopeParts::type, der_oid("1.2.840.113549.1.9.16.1.23"),
         FailInfo::bad_request},
        {"encryptedData", &EnvelopeParts::type, der_oid("1.2.840.113549.1.7.6"),
         FailInfo::bad_request},
        {"KeyAgreeRecipientInfo", &EnvelopeParts::recipients, der(0xA1, {}), FailInfo::bad_alg},
        {"KEKRecipientInfo", &EnvelopeParts::recipients, der(0xA2, {}), FailInfo::bad_alg},
        {"PasswordRecipientInfo", &EnvelopeParts::recipients, der(0xA3, {}), FailInfo::bad_alg},
        {"OtherRecipientInfo", &EnvelopeParts::recipients, der(0xA4, {}), FailInfo::bad_alg},
        {"one right recipient, one other", &EnvelopeParts::recipients,
         join({recipient_info(rsa), der(0xA1, {})}), FailInfo::bad_alg},
        {"17 recipients", &EnvelopeParts::recipients, many, FailInfo::bad_request},
        {"RSAES-OAEP without parameters", &EnvelopeParts::recipients,
         recipient_info(algorithm("1.2.840.113549.1.1.7")), FailInfo::bad_alg},
        {"rsaEncryption with parameters", &EnvelopeParts::recipients,
         recipient_info(algorithm(kOidRsaEncryption, octet_string({1}))), FailInfo::bad_alg},
        {"recipient of integers", &EnvelopeParts::recipients, sequence({der_integer(1)}),
         FailInfo::bad_request},
        {"aes-128-gcm", &EnvelopeParts::cipher, aes("2.16.840.1.101.3.4.1.6", 12),
         FailInfo::bad_alg},
        {"aes-256-ofb", &EnvelopeParts::cipher, aes("2.16.840.1.101.3.4.1.43", 16),
         FailInfo::bad_alg},
        {"aes-128-ecb", &EnvelopeParts::cipher, algorithm("2.16.840.1.101.3.4.1.1"),
         FailInfo::bad_alg},
        {"rc2-cbc", &EnvelopeParts::cipher, aes("1.2.840.113549.3.2", 8), FailInfo::bad_alg},
        {"vector of 8 for AES", &EnvelopeParts::cipher, aes("2.16.840.1.101.3.4.1.2", 8),
         FailInfo::bad_alg},
        {"vector of 4,000", &EnvelopeParts::cipher, aes("2.16.840.1.101.3.4.1.2", 4000),
         FailInfo::bad_alg},
        {"no vector", &EnvelopeParts::cipher, algorithm("2.16.840.1.101.3.4.1.2"),
         FailInfo::bad_alg},
        {"vector in pieces", &EnvelopeParts::cipher,
         algorithm("2.16.840.1.101.3.4.1.2", der(0x24, octet_string(Bytes(14, 1)))),
         FailInfo::bad_alg},
        {"content of another type", &EnvelopeParts::data_type, der_oid(kOidSignedData),
         FailInfo::bad_request},
        {"content empty", &EnvelopeParts::encrypted, der(0x80, {}), FailInfo::bad_request},
        {"content not tagged", &EnvelopeParts::encrypted, octet_string({1}), FailInfo::bad_request},
        {"unprotected attributes", &EnvelopeParts::trailing, der(0xA1, {}), FailInfo::bad_request},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        EnvelopeParts parts;
        parts.*c.part = c.value;
        const auto cipher = check_envelope_shape(make_envelope_of(parts));
        REQUIRE_FALSE(cipher);
        CHECK(cipher.error().fail_info == c.fail_info);
    }
    const Bytes empty_set =
        content_info(kOidEnvelopedData, sequence({der_integer(0), set({}), sequence({})}));
    CHECK_FALSE(check_envelope_shape(empty_set));
    const Bytes originator = content_info(
        kOidEnvelopedData, sequence({der_integer(0), der(0xA0, {}), set({}), sequence({})}));
    CHECK_FALSE(check_envelope_shape(originator));
    CHECK_FALSE(check_envelope_shape({}));
}

}  // namespace
}  // namespace ndes::scep
