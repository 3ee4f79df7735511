#include "crp-service/cli/expiry/ical.h"

#include "common/crypto/digest.h"
#include "common/expiry/renewal.h"
#include "common/utf8.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kMostOctets = 75;  // of a line, RFC 5545 section 3.1

// Section 3.3.11; control characters may stand nowhere.
std::string ical_text(const std::string& value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == ';' || c == ',') text += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            text += c == '\n' ? "\\n" : " ";
            continue;
        }
        text += c;
    }
    return text;
}

// Folds a line, never inside a character.
void put_line(std::string& out, std::string_view line) {
    std::size_t used = 0;
    while (!line.empty()) {
        const std::size_t length = first_utf8(line).length;
        if (used + length > kMostOctets) {
            out += "\r\n ";
            used = 1;
        }
        out += line.substr(0, length);
        used += length;
        line.remove_prefix(length);
    }
    out += "\r\n";
}

void put_event(std::string& out, const OwnFile& file, WallTime now) {
    const Expiring& one = file.what;
    const std::string name =
        file.program + ": " + one.use + " " + std::string(to_string(one.kind)) + " " + one.subject;
    put_line(out, "BEGIN:VEVENT");
    put_line(
        out,
        "UID:" + sha256_hex(as_bytes(file.program + " " + one.use + " " + one.id)).substr(0, 32) +
            "@ndes-crp");
    put_line(out, "DTSTAMP:" + file_stamp(now));
    put_line(out, "DTSTART:" + file_stamp(*one.ends));
    put_line(out, "SUMMARY:" + ical_text(name + " ends"));
    put_line(out,
             "DESCRIPTION:" + ical_text("serial " + one.serial + "\nfile " + one.file.string()));
    for (const char* before : {"-P30D", "-P14D", "-P7D", "-P1D"}) {
        put_line(out, "BEGIN:VALARM");
        put_line(out, "ACTION:DISPLAY");
        put_line(out, "DESCRIPTION:" + ical_text(name + " ends soon"));
        put_line(out, std::string("TRIGGER:") + before);
        put_line(out, "END:VALARM");
    }
    put_line(out, "END:VEVENT");
}

}  // namespace

std::string to_ical(const std::vector<OwnFile>& files, WallTime now) {
    std::string out;
    put_line(out, "BEGIN:VCALENDAR");
    put_line(out, "VERSION:2.0");
    put_line(out, "PRODID:-//NDES-CRP//crpctl expiry//EN");
    for (const OwnFile& file : files)
        if (file.what.ends) put_event(out, file, now);
    put_line(out, "END:VCALENDAR");
    return out;
}

}  // namespace ndes::crp::cli
