#include "crp-service/state_messages/smx.h"

#include <pugixml.hpp>

#include "tests/catch.h"

using ndes::crp::StateId;
using ndes::crp::StateMessage;

namespace {

StateMessage sample() {
    StateMessage message;
    message.id = "0190-aa";
    message.sequence = 42;
    message.state = StateId::issued;
    message.transaction_id = "T1";
    message.device_id = "device-1";
    message.user_id = "jos\u00e9@example.org";
    message.certificate_request_id = "ModelName=A;Version=1;Hash=2";
    message.reason = "Success";
    message.certificate_sha1 = "ab12";
    message.certificate_serial = "0c";
    message.created_at = *ndes::from_rfc3339("2026-11-20T13:35:00.007Z");
    return message;
}

pugi::xml_document parse(const ndes::Bytes& smx) {
    pugi::xml_document document;
    const auto result = document.load_buffer(smx.data(), smx.size());
    INFO(result.description());
    REQUIRE(result);
    return document;
}

}  // namespace

TEST_CASE("a message is UTF-16LE with byte order mark") {
    const ndes::Bytes smx = ndes::crp::to_smx(sample());
    REQUIRE(smx.size() > 4);
    CHECK(smx[0] == 0xFF);
    CHECK(smx[1] == 0xFE);
    CHECK(smx[2] == '<');
    CHECK(smx[3] == 0);
    CHECK(smx.size() % 2 == 0);
}

TEST_CASE("every field stands where the README says") {
    const auto document = parse(ndes::crp::to_smx(sample()));
    const auto report = document.child("Report");
    const auto machine = report.child("ReportHeader").child("Identification").child("Machine");
    CHECK(machine.child_value("ClientID") == std::string("device-1"));
    CHECK(machine.child_value("NetBIOSName") == std::string("device-1"));
    const auto details = report.child("ReportHeader").child("ReportDetails");
    CHECK(details.child_value("Date") == std::string("20261120133500.007000+000"));
    CHECK(details.child_value("ReportContent") == std::string("State Message Data"));
    const auto message = report.child("ReportBody").child("StateMessage");
    CHECK(message.attribute("MessageTime").value() == std::string("20261120133500.007000+000"));
    CHECK(message.attribute("SerialNumber").as_int() == 42);
    CHECK(message.child("Topic").attribute("Type").as_int() == 5001);
    CHECK(message.child("Topic").attribute("IDType").as_int() == 3);
    CHECK(message.child("Topic").attribute("ID").value() ==
          std::string("ModelName=A;Version=1;Hash=2"));
    CHECK(message.child("Topic").attribute("User").value() == std::string("jos\u00e9@example.org"));
    CHECK(message.child("State").attribute("ID").as_int() == 9);
    CHECK(message.child("State").attribute("Criticality").as_int() == 0);
    const auto params = message.child("UserParameters");
    CHECK(params.attribute("Count").as_int() == 8);
    std::vector<std::string> values;
    for (const auto& param : params.children("Param"))
        values.emplace_back(param.child_value());
    CHECK(values == std::vector<std::string>{"0190-aa", "T1", "device-1", "jos\u00e9@example.org",
                                             "ModelName=A;Version=1;Hash=2", "Success", "ab12",
                                             "0c"});
}

TEST_CASE("failures are marked critical") {
    const auto [state, critical] = GENERATE(table<StateId, int>({
        {StateId::challenge_validation_succeeded, 0},
        {StateId::challenge_validation_failed, 1},
        {StateId::issue_failed, 1},
        {StateId::issue_pending, 0},
        {StateId::issued, 0},
        {StateId::renew_verified, 0},
    }));
    StateMessage message = sample();
    message.state = state;
    const auto document = parse(ndes::crp::to_smx(message));
    const auto node = document.child("Report").child("ReportBody").child("StateMessage");
    CHECK(node.child("State").attribute("ID").as_int() == static_cast<int>(state));
    CHECK(node.child("State").attribute("Criticality").as_int() == critical);
}

TEST_CASE("hostile text neither breaks the XML nor adds to it") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"</Param><State ID=\"9\"/>&amp;", "</Param><State ID=\"9\"/>&amp;"},
        {std::string("a\0b", 3), "a\ufffdb"},
        {"a\r\nb\x01", "a\ufffd\ufffdb\ufffd"},
        {"\xff\xc3", "\ufffd\ufffd"},
        {"\xef\xbf\xbf", "\ufffd"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},  // outside the basic plane: a surrogate pair
        {"]]>", "]]>"},
    }));
    StateMessage message = sample();
    message.transaction_id = text;
    message.user_id = text;
    const auto document = parse(ndes::crp::to_smx(message));
    const auto node = document.child("Report").child("ReportBody").child("StateMessage");
    CHECK(node.child("Topic").attribute("User").value() == expected);
    const auto first = node.child("UserParameters").child("Param");
    CHECK(first.next_sibling().child_value() == expected);
}
