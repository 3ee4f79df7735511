#include "scep-server/message/algorithms.h"

#include "tests/catch.h"

namespace ndes::scep {
namespace {

TEST_CASE("a reply is in the request's cipher, and never in single DES") {
    const std::vector<std::pair<const char*, int>> cases{{"aes-128-cbc", NID_aes_128_cbc},
                                                         {"aes-192-cbc", NID_aes_192_cbc},
                                                         {"aes-256-cbc", NID_aes_256_cbc},
                                                         {"des-ede3-cbc", NID_des_ede3_cbc},
                                                         {"des-cbc", NID_des_ede3_cbc}};
    for (const auto& [name, nid] : cases) {
        INFO(name);
        const EVP_CIPHER* cipher = reply_cipher(name);
        REQUIRE(cipher != nullptr);
        CHECK(::EVP_CIPHER_get_nid(cipher) == nid);
        CHECK(static_cast<std::size_t>(::EVP_CIPHER_get_iv_length(cipher)) ==
              find_cipher_by_name(name)->block_size);
    }
    for (const char* name : {"", "aes-128-gcm", "aes-256-ofb", "AES-128-CBC", "rc2-cbc"}) {
        CHECK(reply_cipher(name) == nullptr);
    }
}

TEST_CASE("the table's object identifiers are those of its names") {
    for (const char* name :
         {"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des-ede3-cbc", "des-cbc"}) {
        const ASN1_OBJECT* object = ::OBJ_nid2obj(::OBJ_txt2nid(name));
        const std::string_view octets(reinterpret_cast<const char*>(::OBJ_get0_data(object)),
                                      ::OBJ_length(object));
        REQUIRE(find_cipher_by_oid(octets) != nullptr);
        CHECK(find_cipher_by_oid(octets)->name == name);
    }
    CHECK(find_cipher_by_oid("") == nullptr);
}

TEST_CASE("a reply is in the request's digest if that may be used at all") {
    CHECK(::EVP_MD_get_type(reply_digest("SHA-256")) == NID_sha256);
    CHECK(::EVP_MD_get_type(reply_digest("SHA-384")) == NID_sha384);
    CHECK(::EVP_MD_get_type(reply_digest("SHA-512")) == NID_sha512);
    CHECK(::EVP_MD_get_type(reply_digest("SHA-1")) == NID_sha1);
    CHECK(::EVP_MD_get_type(reply_digest("MD5")) == NID_sha256);
    CHECK(::EVP_MD_get_type(reply_digest("")) == NID_sha256);
    CHECK(is_strong_digest("SHA-256"));
    CHECK_FALSE(is_strong_digest("SHA-1"));
    CHECK_FALSE(is_strong_digest("SHA-224"));
    CHECK_FALSE(is_strong_digest("MD5"));
}

}  // namespace
}  // namespace ndes::scep
