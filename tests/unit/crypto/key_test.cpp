#include "common/crypto/key.h"

#include <filesystem>
#include <fstream>

#include <openssl/pem.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

// A file of this test alone, gone afterwards.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& text, fs::perms mode = fs::perms::owner_read)
        : path_(fs::temp_directory_path() / ("ndes_key_test." + std::to_string(::getpid()))) {
        fs::remove(path_);
        std::ofstream(path_) << text;
        fs::permissions(path_, mode);
    }
    ~TemporaryFile() { fs::remove(path_); }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

std::string pem_of(EVP_PKEY* key, const EVP_CIPHER* cipher = nullptr) {
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    unsigned char pass[] = "secret";
    ::PEM_write_bio_PKCS8PrivateKey(out.get(), key, cipher,
                                    cipher == nullptr ? nullptr : reinterpret_cast<char*>(pass),
                                    cipher == nullptr ? 0 : 6, nullptr, nullptr);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

TEST_CASE("a private key is loaded from PEM") {
    const TemporaryFile file(pem_of(test::rsa_key()));
    const auto key = load_private_key(file.path());
    REQUIRE(key);
    CHECK(::EVP_PKEY_eq(key->get(), test::rsa_key()) == 1);
}

TEST_CASE("a key file that cannot be used is refused by name") {
    const auto refused = [](const fs::path& path) {
        const auto key = load_private_key(path);
        REQUIRE_FALSE(key);
        CHECK(key.error().text.find(path.filename()) != std::string::npos);
    };
    refused("/nowhere/no_such_key.pem");
    refused(TemporaryFile("no key").path());
    refused(TemporaryFile(pem_of(test::rsa_key(), ::EVP_aes_128_cbc())).path());
}

TEST_CASE("a key file that others can read is refused") {
    const TemporaryFile file(pem_of(test::rsa_key()),
                             fs::perms::owner_read | fs::perms::others_read);
    const auto key = load_private_key(file.path());
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::configuration);
}

TEST_CASE("facts of public keys") {
    const KeyFacts rsa = key_facts(test::rsa_key());
    CHECK(rsa.type == KeyType::rsa);
    CHECK(rsa.bits == 2048);
    CHECK(rsa.standard_exponent);

    const KeyFacts ec = key_facts(test::new_ec_key("P-384").get());
    CHECK(ec.type == KeyType::ec);
    CHECK(ec.bits == 384);
    CHECK(ec.named_curve);

    const EvpPkeyPtr ed25519(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    CHECK(key_facts(ed25519.get()).type == KeyType::other);

    const EvpPkeyCtxPtr context(::EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    BignumPtr three(::BN_new());
    ::BN_set_word(three.get(), 3);
    ::EVP_PKEY_keygen_init(context.get());
    ::EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 1024);
    ::EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), three.get());
    EVP_PKEY* made = nullptr;
    REQUIRE(::EVP_PKEY_generate(context.get(), &made) == 1);
    const EvpPkeyPtr weak(made);
    CHECK_FALSE(key_facts(weak.get()).standard_exponent);
    CHECK(key_facts(weak.get()).bits == 1024);
}

TEST_CASE("a curve given by explicit parameters is told from a named one") {
    const EvpPkeyPtr key = test::new_ec_key();
    ::EVP_PKEY_set_utf8_string_param(key.get(), "encoding", "explicit");
    const auto spki = spki_der(key.get());
    REQUIRE(spki);
    const unsigned char* position = spki->data();
    const EvpPkeyPtr read(::d2i_PUBKEY(nullptr, &position, static_cast<long>(spki->size())));
    REQUIRE(read);
    CHECK_FALSE(key_facts(read.get()).named_curve);
}

}  // namespace
}  // namespace ndes
