#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

tl::expected<SignedRequest, Refusal> read(std::vector<Bytes> attributes) {
    return read_signed(make_message({.attributes = std::move(attributes)}), {});
}

TEST_CASE("requests have their numbers, and every other number is refused by name") {
    for (int number = 0; number <= 255; ++number) {
        INFO(number);
        const auto request = read(scep_attributes(std::to_string(number)));
        const bool is_request = number == 17 || (number >= 19 && number <= 22);
        REQUIRE(request.has_value() == is_request);
        if (is_request) {
            CHECK(static_cast<int>(request->message_type) == number);
            continue;
        }
        CHECK(request.error().no_request);
        CHECK(request.error().fail_info == FailInfo::bad_request);
        CHECK(request.error().transaction_id == "transaction-1");
        CHECK(request.error().error.text ==
              "messageType " + std::to_string(number) + " is no request");
    }
}

TEST_CASE("the message type counts before the signature") {
    Bytes message = make_message({.attributes = scep_attributes("18")});
    message.back() ^= 0x01;
    const auto request = read_signed(message, {});
    REQUIRE_FALSE(request);
    CHECK(request.error().no_request);
}

TEST_CASE("a message type that is not a plain decimal number is refused") {
    for (const char* digits : {"", "019", "19 ", " 19", "+19", "-19", "0x13", "1e1", "19.", "1 9",
                               "00", "1234567", "99999999999999999999", "\xD9\xA1\xD9\xA9"}) {
        INFO(digits);
        const auto request = read(scep_attributes(digits));
        REQUIRE_FALSE(request);
        CHECK(request.error().fail_info == FailInfo::bad_request);
        CHECK(request.error().transaction_id == "transaction-1");
        CHECK(request.error().sender_nonce == Bytes(16, 0x5A));
    }
    CHECK_FALSE(read({message_type("19", kUtf8), transaction_id("a"), sender_nonce()}));
    CHECK_FALSE(
        read({message_type(std::string_view("19\0", 3)), transaction_id("a"), sender_nonce()}));
    CHECK_FALSE(
        read({attribute(kOidMessageType, {der_integer(19)}), transaction_id("a"), sender_nonce()}));
}

TEST_CASE("transaction IDs as clients form them") {
    const std::string decimal(77, '9');
    for (const std::string& id :
         {std::string("C28C1F6715A51888D9ECAB9E426A6A5EAA6F4B70"), decimal,
          std::string("0mNnWbTS9s/GHQxzr1+wLbs0c3E="),
          std::string("5f9d3c2e-8d0c-4c7a-9a53-1f1c8a2f6c11"), std::string(255, 'a')}) {
        const auto request = read({message_type("19"), transaction_id(id), sender_nonce()});
        REQUIRE(request);
        CHECK(request->transaction_id == id);
    }
    CHECK(read({message_type("19"), transaction_id("abc", kUtf8), sender_nonce()}));
}

TEST_CASE("an attribute that is missing, doubled or of the wrong type is refused by name") {
    const Bytes type = message_type("19");
    const Bytes id = transaction_id("a");
    const Bytes nonce = sender_nonce();
    struct Case {
        const char* name;
        std::vector<Bytes> attributes;
        const char* cause;
    };
    const std::vector<Case> cases{
        {"no messageType", {id, nonce}, "messageType is missing"},
        {"no transactionID", {type, nonce}, "transactionID is missing"},
        {"no senderNonce", {type, id}, "senderNonce is missing"},
        {"two messageTypes", {type, message_type("17"), id, nonce}, "messageType occurs twice"},
        {"two transactionIDs",
         {type, id, transaction_id("b"), nonce},
         "transactionID occurs twice"},
        {"two senderNonces",
         {type, id, nonce, sender_nonce(Bytes(16, 1))},
         "senderNonce occurs twice"},
        {"messageType with two values",
         {attribute(kOidMessageType, {der_text(kPrintable, "17"), der_text(kPrintable, "19")}), id,
          nonce},
         "messageType has not exactly one value"},
        {"messageType without value",
         {attribute(kOidMessageType, {}), id, nonce},
         "messageType has not exactly one value"},
        {"transactionID empty", {type, transaction_id(""), nonce}, "transactionID has not 1"},
        {"transactionID of 256",
         {type, transaction_id(std::string(256, 'a')), nonce},
         "transactionID has not 1"},
        {"transactionID with line feed",
         {type, transaction_id("a\nb"), nonce},
         "transactionID holds a forbidden character"},
        {"transactionID with NUL",
         {type, transaction_id(std::string_view("a\0b", 3)), nonce},
         "transactionID holds a forbidden character"},
        {"transactionID with 8 bits",
         {type, transaction_id("\xC3\xA9", kUtf8), nonce},
         "transactionID holds a forbidden character"},
        {"transactionID as IA5String",
         {type, transaction_id("a", kIa5), nonce},
         "transactionID is not a PrintableString"},
        {"transactionID as OCTET STRING",
         {type, transaction_id("a", 0x04), nonce},
         "transactionID is not a PrintableString"},
        {"senderNonce of 7", {type, id, sender_nonce(Bytes(7, 1))}, "senderNonce has not 8"},
        {"senderNonce of 65", {type, id, sender_nonce(Bytes(65, 1))}, "senderNonce has not 8"},
        {"senderNonce as PrintableString",
         {type, id, attribute(kOidSenderNonce, {der_text(kPrintable, "0123456789abcdef")})},
         "senderNonce is not an OCTET STRING"},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const auto request = read(c.attributes);
        REQUIRE_FALSE(request);
        CHECK(request.error().fail_info == FailInfo::bad_request);
        INFO(request.error().error.text);
        CHECK(request.error().error.text.find(c.cause) != std::string::npos);
    }
}

TEST_CASE("unsigned attributes change nothing and replace nothing") {
    const auto request = read_signed(make_message({.unsigned_attributes = message_type("17")}), {});
    REQUIRE(request);
    CHECK(request->message_type == MessageType::pkcs_req);
    const auto without =
        read_signed(make_message({.attributes = {transaction_id("a"), sender_nonce()},
                                  .unsigned_attributes = message_type("19")}),
                    {});
    REQUIRE_FALSE(without);
    CHECK(without.error().transaction_id == "a");
}

}  // namespace
}  // namespace ndes::scep
