#include "crp-service/state_messages/smx.h"

#include <array>
#include <cstdio>

#include <pugixml.hpp>

#include "common/utf8.h"

namespace ndes::crp {
namespace {

// XML 1.0 section 2.2, production 2, without tab and line ends: an attribute would lose them.
bool is_xml_character(char32_t c) { return c >= 0x20 && c != 0xFFFE && c != 0xFFFF; }

std::string xml_text(std::string_view text) {
    std::string out;
    for (std::string_view rest = text; !rest.empty();) {
        const Utf8Step step = first_utf8(rest);
        const bool fits = step.well_formed && is_xml_character(step.code_point);
        append_utf8(out, fits ? step.code_point : kReplacementCharacter);
        rest.remove_prefix(step.length);
    }
    return out;
}

void add_text(pugi::xml_node parent, const char* name, std::string_view text) {
    parent.append_child(name).text().set(xml_text(text).c_str());
}

void add_attribute(pugi::xml_node node, const char* name, std::string_view value) {
    node.append_attribute(name).set_value(xml_text(value).c_str());
}

class ByteWriter final : public pugi::xml_writer {
  public:
    void write(const void* data, std::size_t size) override {
        const auto* octets = static_cast<const std::uint8_t*>(data);
        bytes.insert(bytes.end(), octets, octets + size);
    }
    Bytes bytes;
};

void add_header(pugi::xml_node report, const StateMessage& message) {
    pugi::xml_node header = report.append_child("ReportHeader");
    pugi::xml_node machine = header.append_child("Identification").append_child("Machine");
    add_text(machine, "ClientInstalled", "1");
    add_text(machine, "ClientType", "1");
    add_text(machine, "ClientID", message.device_id);
    add_text(machine, "ClientVersion", "1.0");
    add_text(machine, "NetBIOSName", message.device_id);
    add_text(machine, "CodePage", "65001");
    add_text(machine, "SystemDefaultLCID", "1033");
    add_text(machine, "Priority", "5");
    pugi::xml_node details = header.append_child("ReportDetails");
    add_text(details, "ReportContent", "State Message Data");
    add_text(details, "ReportType", "Full");
    add_text(details, "Date", to_cim_time(message.created_at));
    add_text(details, "Version", "1.0");
    add_text(details, "Format", "1.0");
}

void add_params(pugi::xml_node state_message, const StateMessage& message) {
    const std::array<const std::string*, 8> params{&message.id,
                                                   &message.transaction_id,
                                                   &message.device_id,
                                                   &message.user_id,
                                                   &message.certificate_request_id,
                                                   &message.reason,
                                                   &message.certificate_sha1,
                                                   &message.certificate_serial};
    pugi::xml_node list = state_message.append_child("UserParameters");
    add_attribute(list, "Flags", "0");
    add_attribute(list, "Count", std::to_string(params.size()));
    for (const std::string* param : params)
        add_text(list, "Param", *param);
}

bool is_failure(StateId state) {
    return state == StateId::challenge_validation_failed || state == StateId::issue_failed;
}

void add_body(pugi::xml_node report, const StateMessage& message) {
    pugi::xml_node node = report.append_child("ReportBody").append_child("StateMessage");
    add_attribute(node, "MessageTime", to_cim_time(message.created_at));
    add_attribute(node, "SerialNumber", std::to_string(message.sequence));
    pugi::xml_node topic = node.append_child("Topic");
    add_attribute(topic, "ID", message.certificate_request_id);
    add_attribute(topic, "Type", std::to_string(kStateTopicType));
    add_attribute(topic, "IDType", "3");
    add_attribute(topic, "User", message.user_id);
    add_attribute(topic, "UserSID", "");
    pugi::xml_node state = node.append_child("State");
    add_attribute(state, "ID", std::to_string(static_cast<int>(message.state)));
    add_attribute(state, "Criticality", is_failure(message.state) ? "1" : "0");
    add_params(node, message);
}

}  // namespace

std::string to_cim_time(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    char text[64];
    std::snprintf(
        text, sizeof(text), "%04d%02u%02u%02d%02d%02d.%03d000+000", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return text;
}

Bytes to_smx(const StateMessage& message) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    add_attribute(declaration, "version", "1.0");
    add_attribute(declaration, "encoding", "utf-16");
    pugi::xml_node report = document.append_child("Report");
    add_header(report, message);
    add_body(report, message);
    ByteWriter writer;
    document.save(writer, "", pugi::format_raw | pugi::format_write_bom, pugi::encoding_utf16_le);
    return std::move(writer.bytes);
}

}  // namespace ndes::crp
