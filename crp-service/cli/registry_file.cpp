#include "crp-service/cli/registry_file.h"

#include <charconv>
#include <utility>

#include "common/crypto/asn1_text.h"
#include "common/utf8.h"

namespace ndes::crp::cli {

namespace {

Failure bad(int line, const std::string& what) {
    return fail(ErrorCode::bad_request, "line " + std::to_string(line) + ": " + what);
}

// Absent when a surrogate stands alone, or an octet too many.
std::optional<std::string> from_utf16le(ByteView octets) {
    std::string text;
    const auto unit = [&](std::size_t at) {
        return static_cast<std::uint32_t>(octets[at] | octets[at + 1] << 8);
    };
    if (octets.size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < octets.size(); i += 2) {
        std::uint32_t code = unit(i);
        if (code >= 0xD800 && code < 0xE000) {
            if (code >= 0xDC00 || i + 3 >= octets.size()) return std::nullopt;
            const std::uint32_t low = unit(i + 2);
            if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i += 2;
        }
        append_utf8(text, code);
    }
    return text;
}

// REGEDIT4 is in the ANSI code page of the machine that wrote it; Latin-1 reads its ASCII part
// and most of the rest.
std::string from_latin1(std::string_view octets) {
    std::string text;
    for (const char octet : octets)
        append_utf8(text, static_cast<unsigned char>(octet));
    return text;
}

Result<std::string> to_utf8_text(std::string_view octets) {
    if (octets.starts_with("\xFF\xFE")) {
        auto text = from_utf16le(as_bytes(octets.substr(2)));
        if (text) return std::move(*text);
        return fail(ErrorCode::bad_request, "is not UTF-16LE");
    }
    if (octets.starts_with("\xEF\xBB\xBF")) octets.remove_prefix(3);
    return is_utf8(octets) ? std::string(octets) : from_latin1(octets);
}

// The lines, with those that end in a backslash (long hex values) joined to the next.
struct Line {
    std::string text;
    int number = 0;
};
std::vector<Line> split_lines(std::string_view text) {
    std::vector<Line> lines;
    bool goes_on = false;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
            line.remove_prefix(1);
        if (!goes_on) lines.push_back({{}, number});
        goes_on = line.ends_with('\\') && !line.starts_with('[');
        if (goes_on) line.remove_suffix(1);
        lines.back().text += line;
    }
    return lines;
}

// Reads "…" with \" and \\ at the front of `text` and takes it off.
std::optional<std::string> take_quoted(std::string_view& text) {
    if (!text.starts_with('"')) return std::nullopt;
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return value;
        }
        if (text[i] == '\\' && i + 1 < text.size()) ++i;
        value += text[i];
    }
    return std::nullopt;
}

std::optional<Bytes> read_hex_list(std::string_view text) {
    Bytes octets;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view digits = text.substr(0, comma);
        unsigned octet = 0;
        const auto [end, fault] =
            std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
        if (fault != std::errc() || end != digits.data() + digits.size() || octet > 0xFF)
            return std::nullopt;
        octets.push_back(static_cast<std::uint8_t>(octet));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return octets;
}

std::optional<std::uint64_t> little_endian(ByteView octets) {
    if (octets.empty() || octets.size() > 8) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t i = octets.size(); i > 0; --i)
        number = number << 8 | octets[i - 1];
    return number;
}

// "hex:…", "hex(2):…"; type 2 is text in UTF-16LE, or in octets in REGEDIT4.
bool read_hex(std::string_view text, RegistryValue& value) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    auto octets = read_hex_list(text.substr(colon + 1));
    if (!octets) return false;
    if (text.starts_with("hex(2)") || text.starts_with("hex(1)")) {
        auto wide = from_utf16le(*octets);
        std::string read = wide ? std::move(*wide) : from_latin1(as_text(*octets));
        read.resize(read.find('\0') == std::string::npos ? read.size() : read.find('\0'));
        value.text = std::move(read);
    } else {
        value.number = little_endian(*octets);
    }
    value.octets = std::move(*octets);
    return true;
}

bool read_data(std::string_view text, RegistryValue& value) {
    if (text.starts_with('"')) {
        value.text = take_quoted(text);
        return value.text.has_value() && text.empty();
    }
    if (text.starts_with("hex")) return read_hex(text, value);
    constexpr std::string_view kDword = "dword:";
    if (!text.starts_with(kDword)) return false;
    text.remove_prefix(kDword.size());
    std::uint32_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    value.number = number;
    return fault == std::errc() && end == text.data() + text.size();
}

}  // namespace

Result<std::vector<RegistryValue>> read_registry_file(std::string_view octets) {
    auto text = to_utf8_text(octets);
    if (!text) return pass_on(text);
    const std::vector<Line> lines = split_lines(*text);
    if (lines.empty() || (lines.front().text != "REGEDIT4" &&
                          lines.front().text != "Windows Registry Editor Version 5.00"))
        return bad(1, "is neither \"Windows Registry Editor Version 5.00\" nor \"REGEDIT4\"");
    std::vector<RegistryValue> values;
    std::string key;
    bool deleted = false;
    for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
        std::string_view rest = line->text;
        if (rest.empty() || rest.starts_with(';')) continue;
        if (rest.starts_with('[')) {
            if (!rest.ends_with(']')) return bad(line->number, "the key has no ']'");
            deleted = rest.starts_with("[-");
            key = rest.substr(1, rest.size() - 2);
            continue;
        }
        RegistryValue value{key, {}, line->number, {}, {}, {}};
        if (rest.starts_with('@')) {
            rest.remove_prefix(1);
        } else if (auto name = take_quoted(rest)) {
            value.name = std::move(*name);
        } else {
            return bad(line->number, "is neither a key nor a value");
        }
        if (key.empty()) return bad(line->number, "stands below no key");
        if (!rest.starts_with('=')) return bad(line->number, "lacks '='");
        rest.remove_prefix(1);
        if (rest == "-" || deleted) continue;
        if (!read_data(rest, value))
            return bad(line->number, "the value of \"" + value.name + "\" cannot be read");
        values.push_back(std::move(value));
    }
    return values;
}

}  // namespace ndes::crp::cli
