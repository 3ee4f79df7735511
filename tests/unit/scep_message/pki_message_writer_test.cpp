#include <map>

#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

const ReplyContext kContext{.transaction_id = "transaction-1",
                            .recipient_nonce = Bytes(16, 0x5A),
                            .sender_nonce = Bytes(16, 0x77)};

// A reply as a client sees it, its signature verified against the RA's certificate.
struct Reply {
    std::map<std::string, std::pair<int, std::string>> attributes;  // OID -> ASN.1 type, value
    int attribute_count = 0;
    int signature_algorithm = NID_undef;
    int digest = NID_undef;
    int certificates = 0;
    bool has_content = false;
    Bytes content;
};

std::string dotted(const ASN1_OBJECT* object) {
    char text[128] = {};
    ::OBJ_obj2txt(text, sizeof text, object, 1);
    return text;
}

void read_attributes(CMS_SignerInfo* signer, Reply& reply) {
    reply.attribute_count = ::CMS_signed_get_attr_count(signer);
    for (int i = 0; i < reply.attribute_count; ++i) {
        X509_ATTRIBUTE* attribute = ::CMS_signed_get_attr(signer, i);
        REQUIRE(::X509_ATTRIBUTE_count(attribute) == 1);
        const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(attribute, 0);
        const int type = ::ASN1_TYPE_get(value);
        std::string text;
        if (type != V_ASN1_OBJECT) {
            const ASN1_STRING* string = value->value.asn1_string;
            text.assign(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(string)),
                        static_cast<std::size_t>(::ASN1_STRING_length(string)));
        }
        reply.attributes[dotted(::X509_ATTRIBUTE_get0_object(attribute))] = {type, text};
    }
}

Reply read_reply(const Result<Bytes>& encoded) {
    REQUIRE(encoded);
    const unsigned char* position = encoded->data();
    const CmsPtr cms(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(encoded->size())));
    REQUIRE(cms);
    CHECK(position == encoded->data() + encoded->size());
    REQUIRE(::CMS_verify(cms.get(), nullptr, nullptr, nullptr, nullptr,
                         CMS_NO_SIGNER_CERT_VERIFY) == 1);
    Reply reply;
    STACK_OF(X509)* certificates = ::CMS_get1_certs(cms.get());
    reply.certificates = sk_X509_num(certificates);
    CHECK(::X509_cmp(sk_X509_value(certificates, 0), ra().signing_certificate.handle()) == 0);
    sk_X509_pop_free(certificates, ::X509_free);
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(::CMS_get0_SignerInfos(cms.get()), 0);
    X509_ALGOR* digest = nullptr;
    X509_ALGOR* signature = nullptr;
    ::CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, &signature);
    reply.digest = ::OBJ_obj2nid(digest->algorithm);
    reply.signature_algorithm = ::OBJ_obj2nid(signature->algorithm);
    read_attributes(signer, reply);
    ASN1_OCTET_STRING** content = ::CMS_get0_content(cms.get());
    reply.has_content = content != nullptr && *content != nullptr;
    if (reply.has_content) {
        const unsigned char* octets = ::ASN1_STRING_get0_data(*content);
        reply.content.assign(octets, octets + ::ASN1_STRING_length(*content));
    }
    return reply;
}

std::pair<int, std::string> printable(const char* text) { return {V_ASN1_PRINTABLESTRING, text}; }

void check_common_attributes(Reply& reply, const char* status) {
    CHECK(reply.attributes[kOidMessageType] == printable("3"));
    CHECK(reply.attributes[kOidPkiStatus] == printable(status));
    CHECK(reply.attributes[kOidTransactionId] == printable("transaction-1"));
    CHECK(reply.attributes[kOidSenderNonce] ==
          std::pair<int, std::string>{V_ASN1_OCTET_STRING, std::string(16, '\x77')});
    CHECK(reply.attributes[kOidRecipientNonce] ==
          std::pair<int, std::string>{V_ASN1_OCTET_STRING, std::string(16, '\x5A')});
    CHECK(reply.signature_algorithm == NID_rsaEncryption);
    CHECK(reply.certificates == 1);
}

Bytes opened(const Bytes& envelope, EVP_PKEY* key, const Certificate& recipient) {
    const unsigned char* position = envelope.data();
    const CmsPtr cms(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(envelope.size())));
    REQUIRE(cms);
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    REQUIRE(::CMS_decrypt(cms.get(), key, recipient.handle(), nullptr, out.get(), CMS_BINARY) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return to_bytes(as_bytes({data, static_cast<std::size_t>(size)}));
}

bool contains(const Bytes& whole, const Bytes& part) {
    return std::search(whole.begin(), whole.end(), part.begin(), part.end()) != whole.end();
}

// A SUCCESS reply with these certificates.
Result<Bytes> encode_issued(const ReplyContext& context, const RaIdentity& identity,
                            const std::vector<Certificate>& certificates,
                            const Certificate& recipient, std::string_view cipher,
                            std::string_view password = {}) {
    auto list = encode_certificate_list(certificates);
    if (!list) return list;
    auto envelope = encrypt_reply({recipient, cipher, password}, *list);
    if (!envelope) return envelope;
    return encode_success(context, identity, *envelope);
}

TEST_CASE("SUCCESS holds the certificates, leaf first, for the request's signer alone") {
    const Certificate leaf =
        make_certificate(rsa_key(3), {.subject = "CN=a leaf with a long name", .serial = 90});
    const Certificate ca = ra().signing_certificate;
    Reply reply = read_reply(encode_issued(kContext, ra(), {leaf, ca}, client(), "aes-256-cbc"));
    check_common_attributes(reply, "0");
    CHECK(reply.attributes.count(kOidFailInfo) == 0);
    CHECK(opened(reply.content, rsa_key(2), client()) == *encode_certificate_list({leaf, ca}));
    CHECK_FALSE(contains(reply.content, leaf.der()));
}

TEST_CASE("SUCCESS mirrors cipher and digest and is never weaker") {
    const std::vector<std::pair<const char*, const char*>> ciphers{
        {"aes-128-cbc", "2.16.840.1.101.3.4.1.2"},  {"aes-192-cbc", "2.16.840.1.101.3.4.1.22"},
        {"aes-256-cbc", "2.16.840.1.101.3.4.1.42"}, {"des-ede3-cbc", "1.2.840.113549.3.7"},
        {"des-cbc", "1.2.840.113549.3.7"},
    };
    for (const auto& [name, oid] : ciphers) {
        INFO(name);
        const Reply reply = read_reply(encode_issued(kContext, ra(), {client()}, client(), name));
        CHECK(contains(reply.content, der_oid(oid)));
        CHECK_FALSE(opened(reply.content, rsa_key(2), client()).empty());
    }
    const std::vector<std::pair<const char*, int>> digests{
        {"SHA-256", NID_sha256}, {"SHA-384", NID_sha384}, {"SHA-512", NID_sha512},
        {"SHA-1", NID_sha1},     {"MD5", NID_sha256},     {"", NID_sha256}};
    for (const auto& [name, nid] : digests) {
        ReplyContext context = kContext;
        context.digest_name = name;
        CHECK(read_reply(encode_pending(context, ra())).digest == nid);
    }
}

TEST_CASE("FAILURE says why and carries an empty content, not none") {
    for (const FailInfo info : {FailInfo::bad_alg, FailInfo::bad_message_check,
                                FailInfo::bad_request, FailInfo::bad_time, FailInfo::bad_cert_id}) {
        Reply reply = read_reply(encode_failure(kContext, ra(), info));
        check_common_attributes(reply, "2");
        const std::string number = std::to_string(static_cast<int>(info));
        CHECK(reply.attributes[kOidFailInfo] == printable(number.c_str()));
        CHECK(reply.attributes.count(kOidFailInfoText) == 0);
        CHECK(reply.has_content);
        CHECK(reply.content.empty());
    }
    // eContentType data, [0] EXPLICIT, OCTET STRING of no octets.
    const auto encoded = encode_failure(kContext, ra(), FailInfo::bad_request);
    CHECK(contains(*encoded, sequence({der_oid(kOidData), der(0xA0, octet_string({}))})));
}

TEST_CASE("FAILURE may carry a text, cut between characters") {
    Reply reply = read_reply(encode_failure(kContext, ra(), FailInfo::bad_request, "no \xC3\xA9"));
    CHECK(reply.attributes[kOidFailInfoText] ==
          std::pair<int, std::string>{V_ASN1_UTF8STRING, "no \xC3\xA9"});
    std::string long_text;
    for (int i = 0; i < 200; ++i)
        long_text += "\xC3\xA9";
    reply = read_reply(encode_failure(kContext, ra(), FailInfo::bad_request, long_text));
    CHECK(reply.attributes[kOidFailInfoText].second == long_text.substr(0, 254));
}

TEST_CASE("PENDING carries an empty content and no failInfo") {
    Reply reply = read_reply(encode_pending(kContext, ra()));
    check_common_attributes(reply, "3");
    CHECK(reply.attributes.count(kOidFailInfo) == 0);
    CHECK(reply.has_content);
    CHECK(reply.content.empty());
}

TEST_CASE("a reply to a request without a readable nonce leaves recipientNonce out") {
    ReplyContext context = kContext;
    context.recipient_nonce.clear();
    const Reply reply = read_reply(encode_failure(context, ra(), FailInfo::bad_request));
    CHECK(reply.attributes.count(kOidRecipientNonce) == 0);
}

TEST_CASE("a key that cannot decrypt gets its reply under the challenge") {
    const EvpPkeyPtr ec = new_ec_key();
    const Certificate device = make_certificate(ec.get());
    for (const char* cipher : {"aes-128-cbc", "aes-256-cbc", "des-ede3-cbc"}) {
        INFO(cipher);
        const Reply reply = read_reply(
            encode_issued(kContext, ra(), {client()}, device, cipher, "the one-time challenge"));
        const unsigned char* position = reply.content.data();
        const CmsPtr cms(
            ::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(reply.content.size())));
        REQUIRE(cms);
        const auto opens_under = [&](std::string password) {
            const BioPtr out(::BIO_new(::BIO_s_mem()));
            const bool given =
                ::CMS_decrypt_set1_password(cms.get(),
                                            reinterpret_cast<unsigned char*>(password.data()),
                                            static_cast<ossl_ssize_t>(password.size())) == 1 &&
                ::CMS_decrypt(cms.get(), nullptr, nullptr, nullptr, out.get(), CMS_BINARY) == 1;
            take_openssl_errors();
            char* data = nullptr;
            const long size = BIO_get_mem_data(out.get(), &data);
            return given && to_bytes(as_bytes({data, static_cast<std::size_t>(size)})) ==
                                *encode_certificate_list({client()});
        };
        CHECK_FALSE(opens_under("another challenge"));
        CHECK(opens_under("the one-time challenge"));
    }
}

TEST_CASE("a CRL goes into a SignedData without certificates") {
    const Bytes crl{0x30, 0x03, 0x02, 0x01, 0x07};
    const Bytes list = encode_crl_list(crl);
    const Bytes at_crls{0xA1, 0x05};
    CHECK(contains(list, crl));
    CHECK(contains(list, at_crls));
}

TEST_CASE("a reply that cannot be made is an error") {
    const EvpPkeyPtr ec = new_ec_key();
    const Certificate ec_client = make_certificate(ec.get());
    const auto for_ec = encode_issued(kContext, ra(), {client()}, ec_client, "aes-128-cbc");
    REQUIRE_FALSE(for_ec);
    CHECK(for_ec.error().code == ErrorCode::bad_request);
    CHECK(for_ec.error().text.find("cannot decrypt") != std::string::npos);

    const auto in_ofb = encode_issued(kContext, ra(), {client()}, client(), "aes-256-ofb");
    REQUIRE_FALSE(in_ofb);
    CHECK(in_ofb.error().code == ErrorCode::bad_request);
    CHECK_FALSE(encode_issued(kContext, ra(), {}, client(), "aes-128-cbc"));

    RaIdentity mixed;
    mixed.signing_certificate = ra().signing_certificate;
    mixed.signing_key = share(rsa_key(3));
    const auto wrong_key = encode_pending(kContext, mixed);
    REQUIRE_FALSE(wrong_key);
    CHECK(wrong_key.error().code == ErrorCode::internal);
}

TEST_CASE("fail infos have the words of RFC 8894") {
    CHECK(to_string(FailInfo::bad_alg) == "badAlg");
    CHECK(to_string(FailInfo::bad_message_check) == "badMessageCheck");
    CHECK(to_string(FailInfo::bad_request) == "badRequest");
    CHECK(to_string(FailInfo::bad_time) == "badTime");
    CHECK(to_string(FailInfo::bad_cert_id) == "badCertId");
}

}  // namespace
}  // namespace ndes::scep
