// Messages captured from clients that this project did not write (tests/testdata/README.md).
#include <filesystem>
#include <fstream>
#include <iterator>

#include <openssl/pem.h>

#include "common/crypto/csr.h"
#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes::scep {
namespace {

std::string read_data(const std::string& name) {
    std::ifstream file(std::filesystem::path(NDES_TEST_DATA) / "scep" / name, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

RaIdentity captured_ra() {
    const std::string pem = read_data("ra_test_key.pem");
    const BioPtr source(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    RaIdentity ra;
    ra.decryption_key =
        EvpPkeyPtr(::PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr));
    ra.encryption_certificate =
        load_certificates(std::filesystem::path(NDES_TEST_DATA) / "scep/ra_certificate.pem")
            ->front();
    return ra;
}

struct Case {
    const char* file;
    bool legacy;
    const char* digest;
    const char* cipher;
    const char* subject;
};
const Case kCases[] = {
    {"scepclient_pkcsreq.der", true, "SHA-1", "des-cbc", "CN=device,OU=MDM,O=Org,C=US"},
    {"strongswan_pkcsreq.der", false, "SHA-256", "aes-128-cbc", "CN=device,O=Org,C=DE"},
    {"strongswan_3des_sha512_pss.der", false, "SHA-512", "des-ede3-cbc", "CN=device,O=Org,C=DE"},
};

TEST_CASE("captured messages are read down to the challenge") {
    const RaIdentity ra = captured_ra();
    for (const Case& c : kCases) {
        INFO(c.file);
        const std::string message = read_data(c.file);
        const auto request =
            read_signed(as_bytes(message), {.legacy_des_sha1 = c.legacy, .allow_3des = true});
        REQUIRE(request);
        CHECK(request->message_type == MessageType::pkcs_req);
        CHECK(request->digest_name == c.digest);
        CHECK(request->cipher_name == c.cipher);
        CHECK(request->used_legacy == c.legacy);
        CHECK(request->signer.is_self_signed());
        const auto content = open_envelope(*request, ra);
        REQUIRE(content);
        const auto csr = parse_csr(*content);
        INFO((csr ? "" : csr.error().text));
        REQUIRE(csr);
        CHECK(verify_self_signature(*csr));
        CHECK(csr->challenge == "secret");
        CHECK(csr->spki == ndes::test::spki_of(request->signer.public_key()));
        CHECK(csr->subject.same_names(*DistinguishedName::from_text(c.subject)));
    }
}

TEST_CASE("captured messages that need the legacy switch are refused without it") {
    for (const Case& c : kCases) {
        if (!c.legacy) continue;
        const std::string message = read_data(c.file);
        const auto request = read_signed(as_bytes(message), {});
        REQUIRE_FALSE(request);
        CHECK(request.error().fail_info == FailInfo::bad_alg);
    }
}

}  // namespace
}  // namespace ndes::scep
