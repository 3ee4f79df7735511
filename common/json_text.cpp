#include "common/json_text.h"

#include <utility>

#include "common/utf8.h"

namespace ndes {
namespace {

constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

void append_utf16_escape(std::string& out, char32_t unit) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4)
        out += kDigits[(unit >> shift) & 15];
}

// RFC 8259 section 7: beyond the basic plane, a surrogate pair.
void append_unicode_escape(std::string& out, char32_t c) {
    if (c < 0x10000) return append_utf16_escape(out, c);
    append_utf16_escape(out, 0xD800 + ((c - 0x10000) >> 10));
    append_utf16_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

constexpr bool is_ordinary(char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; }

std::size_t ordinary_run(std::string_view text) {
    std::size_t run = 0;
    while (run < text.size() && is_ordinary(text[run]))
        ++run;
    return run;
}

// Appends the first character of `text`, which is not ordinary; returns the octets it took.
std::size_t append_special(std::string& out, std::string_view text) {
    const Utf8Step step = first_utf8(text);
    switch (step.code_point) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (is_deceptive(step.code_point)) {
                append_unicode_escape(out, step.code_point);
            } else {
                append_utf8(out, step.code_point);
            }
    }
    return step.length;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, std::size_t limit) {
    out += '"';
    const std::size_t begin = out.size();
    while (!text.empty()) {
        const std::size_t used = out.size() - begin;
        const std::size_t run = ordinary_run(text);
        if (used + run > limit) {
            if (used < limit) out += text.substr(0, limit - used);
            out += kEllipsis;
            break;
        }
        out += text.substr(0, run);
        text.remove_prefix(run);
        if (!text.empty()) text.remove_prefix(append_special(out, text));
    }
    out += '"';
}

void JsonObjectText::begin(std::string_view name) {
    out_ += out_.empty() ? '{' : ',';
    append_json_string(out_, name);
    out_ += ':';
}

void JsonObjectText::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
}

void JsonObjectText::boolean(std::string_view name, bool value) {
    json(name, value ? "true" : "false");
}

void JsonObjectText::integer(std::string_view name, std::int64_t value) {
    json(name, std::to_string(value));
}

void JsonObjectText::base64(std::string_view name, ByteView value) {
    begin(name);
    out_ += '"';
    out_ += to_base64(value);
    out_ += '"';
}

void JsonObjectText::null(std::string_view name) { json(name, "null"); }

void JsonObjectText::json(std::string_view name, std::string_view json) {
    begin(name);
    out_ += json;
}

std::string JsonObjectText::finish() {
    if (out_.empty()) out_ += '{';
    out_ += '}';
    return std::exchange(out_, {});
}

}  // namespace ndes
