#include "common/crypto/der_reader.h"

#include "tests/catch.h"
#include "tests/unit/crypto/der_writer.h"

namespace ndes {
namespace {

using namespace test;

TEST_CASE("elements are taken one by one, and only those asked for") {
    const Bytes octets = join({der_integer(7), sequence({der_integer(8)}), {0x05, 0x00}});
    DerReader reader(octets);
    CHECK_FALSE(reader.take(kDerSequence));
    const auto number = reader.take(kDerInteger);
    REQUIRE(number);
    CHECK(to_bytes(number->contents) == Bytes{7});
    CHECK(to_bytes(number->whole) == der_integer(7));
    CHECK(reader.next()->identifier == kDerSequence);
    CHECK_FALSE(reader.empty());
    CHECK(reader.take(kDerNull));
    CHECK(reader.empty());
    CHECK_FALSE(reader.next());
    CHECK_FALSE(reader.take(kDerNull));
}

TEST_CASE("what is cut short or has no definite length is not taken") {
    for (const Bytes& octets : {Bytes{0x30}, Bytes{0x30, 0x01}, Bytes{0x30, 0x80, 0x00, 0x00},
                                Bytes{0x30, 0x82, 0x01}, Bytes{0x1F, 0x01, 0x00}}) {
        DerReader reader(octets);
        CHECK_FALSE(reader.next());
        CHECK_FALSE(reader.empty());
    }
    CHECK_FALSE(der_contents(join({der_integer(1), {0x00}}), kDerInteger));
    CHECK_FALSE(whole_octets(Bytes{}));
    CHECK_FALSE(whole_octets(Bytes{0x01, 0x02}));
}

TEST_CASE("object identifiers") {
    for (const char* oid :
         {"2.5.4.3", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.14", "2.999.3", "1.39",
          "0.0", "2.16.840.1.101.3.4.2.1", "1.2.9223372036854775807"}) {
        const Bytes octets = der_oid(oid);
        CHECK(dotted_oid(ByteView(octets).subspan(2)) == oid);
    }
    CHECK(dotted_oid(Bytes{}).empty());
    CHECK(dotted_oid(Bytes{0x2A, 0x86}).empty());
    CHECK(dotted_oid(Bytes{0x2A, 0x80, 0x01}).empty());
    CHECK(dotted_oid(Bytes(65, 0x01)).empty());
    CHECK_FALSE(dotted_oid(Bytes(64, 0x01)).empty());
    const Bytes huge = der_oid("1.2.99999999999999999999999");
    CHECK(dotted_oid(ByteView(huge).subspan(2)).empty());
}

}  // namespace
}  // namespace ndes
