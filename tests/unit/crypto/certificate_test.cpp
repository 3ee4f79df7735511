#include "common/crypto/certificate.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include <openssl/pem.h>
#include <unistd.h>

#include "common/crypto/certificate_facts.h"
#include "common/crypto/digest.h"
#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

std::string pem_of(const Certificate& certificate) {
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    ::PEM_write_bio_X509(out.get(), certificate.handle());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

TEST_CASE("a certificate says what it holds") {
    const Certificate c = test::make_certificate(
        test::rsa_key(), {.subject = "CN=a\\, b,O=c",
                          .serial = 0xABCDEF,
                          .key_usage = "critical,digitalSignature,keyEncipherment",
                          .extended_key_usage = "clientAuth",
                          .subject_alt_name = "DNS:a.example,IP:192.0.2.1"});
    CHECK(c.subject_text() == "CN=a\\, b,O=c");
    CHECK(c.issuer_text() == c.subject_text());
    CHECK(c.subject()->same_names(*c.issuer()));
    CHECK(c.serial() == "abcdef");
    CHECK(c.sha256() == sha256_hex(c.der()));
    CHECK(c.sha1().size() == 40);
    CHECK(c.spki_sha256() == sha256_hex(test::spki_of(test::rsa_key())));
    CHECK(to_unix_ms(c.not_before()) == 1'767'225'600'000);  // 2026-01-01T00:00:00Z
    CHECK(to_unix_ms(c.not_after()) == 2'082'758'400'000);   // 2036-01-01T00:00:00Z
    CHECK(c.has_key_usage(KeyUsage::digital_signature));
    CHECK(c.has_key_usage(KeyUsage::key_encipherment));
    CHECK_FALSE(c.has_key_usage(KeyUsage::key_cert_sign));
    CHECK_FALSE(c.has_key_usage(KeyUsage::decipher_only));
    CHECK(c.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
    CHECK_FALSE(c.has_extended_key_usage("1.3.6.1.5.5.7.3.1"));
    CHECK_FALSE(c.has_extended_key_usage("not an oid"));
    const auto names = c.subject_alt_names();
    REQUIRE(names);
    CHECK(*names == std::vector<SubjectAltName>{{SubjectAltNameType::dns, "a.example"},
                                                {SubjectAltNameType::ip, "192.0.2.1"}});
}

TEST_CASE("a certificate without extensions") {
    const Certificate c = test::make_certificate(test::rsa_key(), {.version = 1});
    CHECK(c.has_key_usage(KeyUsage::key_cert_sign));
    CHECK(c.has_key_usage(KeyUsage::decipher_only));
    CHECK_FALSE(c.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
    CHECK(c.subject_alt_names()->empty());
}

TEST_CASE("anyExtendedKeyUsage is not a particular usage") {
    const Certificate c =
        test::make_certificate(test::rsa_key(), {.extended_key_usage = "anyExtendedKeyUsage"});
    CHECK_FALSE(c.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
}

TEST_CASE("who issued a certificate and whose key it is") {
    const Certificate ca = test::make_certificate(test::rsa_key(0), {.subject = "CN=ca"});
    const Certificate leaf =
        test::make_certificate(test::rsa_key(1), {.issuer = &ca, .issuer_key = test::rsa_key(0)});
    const Certificate impostor = test::make_certificate(test::rsa_key(1), {.subject = "CN=ca"});
    CHECK(ca.is_self_signed());
    CHECK_FALSE(leaf.is_self_signed());
    CHECK(leaf.is_issued_by(ca));
    CHECK_FALSE(leaf.is_issued_by(impostor));
    CHECK_FALSE(ca.is_issued_by(leaf));
    CHECK(leaf.matches(test::rsa_key(1)));
    CHECK_FALSE(leaf.matches(test::rsa_key(0)));
    CHECK_FALSE(leaf.matches(nullptr));
}

TEST_CASE("a certificate is read from exactly its DER") {
    const Certificate c = test::make_certificate(test::rsa_key());
    const auto again = Certificate::from_der(c.der());
    REQUIRE(again);
    CHECK(again->der() == c.der());

    Bytes longer = c.der();
    longer.push_back(0);
    const std::vector<Bytes> wrong{{},
                                   {0x30},
                                   {0x30, 0x80, 0x00, 0x00},
                                   longer,
                                   Bytes(c.der().begin(), c.der().end() - 1),
                                   test::sequence({Bytes(70'000, 0)})};
    for (const Bytes& der : wrong) {
        const auto refused = Certificate::from_der(der);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::bad_request);
    }
}

TEST_CASE("certificates are loaded from PEM in order") {
    const auto path =
        std::filesystem::temp_directory_path() / ("ndes_cert_test." + std::to_string(::getpid()));
    const Certificate a = test::make_certificate(test::rsa_key(), {.subject = "CN=a"});
    const Certificate b = test::make_certificate(test::rsa_key(), {.subject = "CN=b"});
    std::ofstream(path) << "text before\n" << pem_of(a) << pem_of(b);
    const auto loaded = load_certificates(path);
    REQUIRE(loaded);
    REQUIRE(loaded->size() == 2);
    CHECK(loaded->at(0).der() == a.der());
    CHECK(loaded->at(1).der() == b.der());

    for (const std::string& text :
         {std::string("nothing"), pem_of(a).substr(0, 200),
          pem_of(a) + "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n"}) {
        std::ofstream(path) << text;
        const auto refused = load_certificates(path);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::configuration);
        CHECK(refused.error().text.find(path.filename()) != std::string::npos);
    }
    std::filesystem::remove(path);
    CHECK_FALSE(load_certificates(path));
}

TEST_CASE("facts read without OpenSSL are those that OpenSSL reads") {
    using namespace ndes::test;
    const EvpPkeyPtr ec = new_ec_key();
    const Certificate issuer = make_certificate(rsa_key(0), {.subject = "CN=CA,O=a\\, b"});
    for (const Certificate& certificate :
         {issuer,
          make_certificate(rsa_key(1), {.subject = "CN=a+serialNumber=1,O=b",
                                       .issuer = &issuer,
                                       .issuer_key = rsa_key(0),
                                       .serial = 0x80FF,
                                       .key_usage = "digitalSignature",
                                       .subject_alt_name = "DNS:a"}),
          make_certificate(ec.get(), {.serial = 0, .version = 1})}) {
        const auto facts = read_certificate_facts(certificate.der());
        REQUIRE(facts);
        CHECK(facts->sha256 == certificate.sha256());
        CHECK(facts->sha1 == certificate.sha1());
        CHECK(facts->serial == certificate.serial());
        CHECK(facts->spki_sha256 == certificate.spki_sha256());
        CHECK(facts->subject == certificate.subject_text());
        CHECK(facts->issuer == certificate.issuer_text());
        CHECK(facts->not_before == certificate.not_before());
        CHECK(facts->not_after == certificate.not_after());
    }
    const Bytes named = make_certificate(rsa_key(1), {.issuer = &issuer,
                                                      .issuer_key = rsa_key(0),
                                                      .key_usage = "digitalSignature",
                                                      .subject_alt_name = "DNS:a"})
                            .der();
    const auto said = read_certificate_extensions(named);
    REQUIRE(said);
    CHECK(said->subject_alt_names == std::vector{SubjectAltName{SubjectAltNameType::dns, "a"}});
    CHECK(said->key_usage == std::vector{KeyUsage::digital_signature});
    CHECK(read_certificate_extensions(make_certificate(ec.get(), {.version = 1}).der()));
    // Under a tag that X.509 does not have, they are no reason to lose the certificate.
    Bytes odd = named;
    const std::array<std::uint8_t, 3> oid_of_san{0x55, 0x1D, 0x11};
    auto tag = std::ranges::search(odd, oid_of_san).begin();
    REQUIRE(tag != odd.end());
    while (*tag != 0xA3)
        --tag;
    *tag = 0xA4;
    CHECK(read_certificate_facts(odd));
    CHECK_FALSE(read_certificate_extensions(odd));

    const Bytes& good = issuer.der();
    CHECK_FALSE(read_certificate_facts(join({good, {0x00}})));
    CHECK_FALSE(read_certificate_facts(sequence({})));
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK_FALSE(read_certificate_facts(ByteView(good).first(size)));
}

}  // namespace
}  // namespace ndes
