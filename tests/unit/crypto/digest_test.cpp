#include "common/crypto/digest.h"

#include <openssl/obj_mac.h>

#include "tests/catch.h"

namespace ndes {
namespace {

TEST_CASE("SHA-256 gives the values of FIPS 180-4") {
    CHECK(sha256_hex(as_bytes("abc")) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256(as_bytes("abc")).size() == 32);
}

TEST_CASE("HMAC-SHA-256 gives the values of RFC 4231") {
    CHECK(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(to_hex(hmac_sha256(Bytes(131, 0xAA),
                             as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("digests have one spelling") {
    CHECK(digest_name(NID_sha256) == "SHA-256");
    CHECK(digest_name(NID_sha1) == "SHA-1");
    CHECK(digest_name(NID_md5) == "MD5");
    CHECK(digest_name(NID_undef).empty());
    CHECK(digest_name(NID_aes_128_cbc).empty());
}

}  // namespace
}  // namespace ndes
