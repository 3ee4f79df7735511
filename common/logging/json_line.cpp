#include "common/logging/json_line.h"

#include <algorithm>

#include "common/utf8.h"

namespace ndes {
namespace {

void append_utf16_escape(std::string& out, char32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += kDigits[(unit >> shift) & 15];
}

void append_unicode_escape(std::string& out, char32_t c) {
    if (c < 0x10000) return append_utf16_escape(out, c);
    append_utf16_escape(out, 0xD800 + ((c - 0x10000) >> 10));
    append_utf16_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

constexpr bool is_ordinary(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

void append_special(std::string& out, const Utf8Step& step, std::string_view octets) {
    switch (step.code_point) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default: break;
    }
    if (is_deceptive(step.code_point)) return append_unicode_escape(out, step.code_point);
    if (!step.well_formed) return append_utf8(out, step.code_point);
    out += octets;
}

void append_string(std::string& out, std::string_view text) {
    out += '"';
    const std::size_t most = out.size() + kMaxJsonValue;
    while (!text.empty()) {
        std::size_t run = 0;
        while (run < text.size() && is_ordinary(text[run]))
            ++run;
        if (out.size() + run > most) {
            out += text.substr(0, std::min(run, most - std::min(most, out.size())));
            out += "\xE2\x80\xA6";
            break;
        }
        out += text.substr(0, run);
        text.remove_prefix(run);
        if (text.empty()) break;
        const Utf8Step step = first_utf8(text);
        append_special(out, step, text.substr(0, step.length));
        text.remove_prefix(step.length);
    }
    out += '"';
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::debug: return "debug";
        case Severity::info: return "info";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    return "error";
}

std::string format_json_line(const JsonLine& line, const LogFields& fields) {
    std::string out;
    out.reserve(256 + line.message.size() + fields.size() * 64);
    out += "{\"time\":\"";
    out += to_rfc3339(line.time);
    out += "\",\"severity\":\"";
    out += to_string(line.severity);
    out += "\",\"program\":";
    append_string(out, line.program);
    out += ",\"message\":";
    append_string(out, line.message);
    out += ",\"file\":";
    append_string(out, line.file);
    out += ",\"line\":";
    out += std::to_string(line.line);
    for (const auto& [name, value] : fields) {
        out += ',';
        append_string(out, name);
        out += ':';
        append_string(out, value);
    }
    out += "}\n";
    return out;
}

}  // namespace ndes
