// The calendar of ends: one event each, whose name stays while the certificate does.
#include "crp-service/cli/expiry/ical.h"

#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp::cli;

namespace {

OwnFile file_of(const std::string& subject, const std::string& id) {
    OwnFile file{"crpd", {}};
    file.what.use = "server";
    file.what.subject = subject;
    file.what.id = id;
    file.what.serial = "0a";
    file.what.file = "/etc/x.pem";
    file.what.ends = from_rfc3339("2027-01-31T10:00:00Z").value();
    return file;
}

std::string uid_in(const std::string& text) {
    const std::size_t at = text.find("UID:");
    return text.substr(at, text.find("\r\n", at) - at);
}

const WallTime kNow = from_rfc3339("2026-11-29T22:45:00Z").value();

}  // namespace

TEST_CASE("an event has the end, four alarms and text that breaks no line") {
    const std::string text = to_ical({file_of("CN=a\\,b;c", "1")}, kNow);
    CHECK(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
    CHECK(text.find("DTSTART:20270131T100000Z\r\n") != std::string::npos);
    CHECK(text.find(R"(CN=a\\\,b\;c)") != std::string::npos);
    for (const char* before : {"-P30D", "-P14D", "-P7D", "-P1D"})
        CHECK(text.find(std::string("TRIGGER:") + before + "\r\n") != std::string::npos);
    CHECK(text.ends_with("END:VCALENDAR\r\n"));
}

TEST_CASE("long lines are folded between characters") {
    std::string name = "CN=";
    for (int i = 0; i < 80; ++i)
        name += "ä";
    const std::string text = to_ical({file_of(name, "1")}, kNow);
    std::string unfolded;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find("\r\n", at);
        CHECK(end - at <= 75);
        const bool folded = text[at] == ' ';
        unfolded += (folded ? "" : "\n") + text.substr(at + (folded ? 1 : 0), end - at - folded);
        at = end + 2;
    }
    CHECK(unfolded.find(name) != std::string::npos);
}

TEST_CASE("an event's name is the certificate's, whenever it is made; a key has none") {
    const OwnFile one = file_of("CN=a", "1");
    CHECK(uid_in(to_ical({one}, kNow)) == uid_in(to_ical({one}, kNow + std::chrono::hours(9))));
    CHECK(uid_in(to_ical({one}, kNow)) != uid_in(to_ical({file_of("CN=a", "2")}, kNow)));
    OwnFile key = file_of("", "k");
    key.what.ends.reset();
    CHECK(to_ical({key}, kNow).find("VEVENT") == std::string::npos);
}
