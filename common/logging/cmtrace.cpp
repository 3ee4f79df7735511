#include "common/logging/cmtrace.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "common/utf8.h"

namespace ndes {
namespace {

constexpr std::string_view kTextBegin = "<![LOG[";
constexpr std::string_view kTextEnd = "]LOG]!>";
constexpr std::string_view kTextEllipsis = "\xE2\x80\xA6";

// Two forms of one character: \xNN up to U+00FF, \u{NNNN} above.
void append_escape(std::string& out, char32_t c) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    if (c <= 0xFF) {
        out += "\\x";
        out += kDigits[c >> 4];
        out += kDigits[c & 15];
        return;
    }
    out += "\\u{";
    for (int shift = c > 0xFFFF ? 20 : 12; shift >= 0; shift -= 4)
        out += kDigits[(c >> shift) & 15];
    out += '}';
}

struct Escape {
    char32_t code_point;
    std::size_t length;
};

std::optional<char32_t> hex_number(std::string_view digits) {
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return {};
    return value;
}

// What a reader of the line takes `text`, which begins with a backslash, for.
std::optional<Escape> leading_escape(std::string_view text) {
    if (text.size() >= 4 && text[1] == 'x') {
        const auto value = hex_number(text.substr(2, 2));
        if (value) return Escape{*value, 4};
        return {};
    }
    if (!text.starts_with("\\u{")) return {};
    const std::size_t close = text.substr(0, 10).find('}');
    if (close == std::string_view::npos) return {};
    const auto value = hex_number(text.substr(3, close - 3));
    const bool surrogate = value && *value >= 0xD800 && *value <= 0xDFFF;
    if (!value || surrogate || *value > 0x10FFFF) return {};
    return Escape{*value, close + 1};
}

enum class Place { text, attribute };

bool needs_escape(Place place, std::string_view rest, const Utf8Step& step) {
    switch (step.code_point) {
        case '\\': return leading_escape(rest).has_value();
        case '"':
        case '<':
        case '>': return place == Place::attribute;
        default: return is_deceptive(step.code_point);
    }
}

// Appends `text` so that it stays on one line, inside its delimiters and within `limit` octets,
// and can be read back.
void append_escaped(std::string& out, std::string_view text, Place place, std::size_t limit) {
    const std::size_t most = out.size() + limit;
    while (!text.empty()) {
        const std::size_t before = out.size();
        std::size_t taken = 0;
        if (place == Place::text && text.starts_with(kTextEnd)) {
            out += "]LOG]\\x21>";
            taken = kTextEnd.size();
        } else {
            const Utf8Step step = first_utf8(text);
            taken = step.length;
            if (needs_escape(place, text, step)) {
                append_escape(out, step.code_point);
            } else if (step.well_formed) {
                out += text.substr(0, taken);
            } else {
                append_utf8(out, step.code_point);
            }
        }
        if (out.size() > most) {
            out.resize(before);
            out += kTextEllipsis;
            return;
        }
        text.remove_prefix(taken);
    }
}

std::string unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t backslash = std::min(text.find('\\'), text.size());
        out += text.substr(0, backslash);
        text.remove_prefix(backslash);
        if (text.empty()) break;
        const auto escape = leading_escape(text);
        append_utf8(out, escape ? escape->code_point : U'\\');
        text.remove_prefix(escape ? escape->length : 1);
    }
    return out;
}

void append_time_and_date(std::string& out, WallTime time) {
    const std::string rfc = to_rfc3339(time);  // 2026-11-20T13:35:00.123Z
    const std::string_view text = rfc;
    out += "<time=\"";
    out += text.substr(11, 12);
    out += "+00\" date=\"";
    out += text.substr(5, 5);
    out += '-';
    out += text.substr(0, 4);
    out += '"';
}

// "13:35:00.123" and "11-20-2026".
Result<WallTime> time_and_date(std::string_view time, std::string_view date) {
    if (time.size() != 12 || date.size() != 10 || date[5] != '-') {
        return fail(ErrorCode::bad_request, "not a CMTrace time");
    }
    std::string rfc(date.substr(6));
    rfc.append("-").append(date.substr(0, 5)).append("T").append(time).append("Z");
    return from_rfc3339(rfc);
}

// Walks along a line, taking what must be there. After one failure nothing more is taken.
class Reader {
  public:
    explicit Reader(std::string_view rest) : rest_(rest) {}
    void literal(std::string_view text) {
        if (good_ && rest_.starts_with(text)) return rest_.remove_prefix(text.size());
        good_ = false;
    }
    std::string_view until(std::string_view end) {
        const std::size_t at = good_ ? rest_.find(end) : std::string_view::npos;
        if (at == std::string_view::npos) {
            good_ = false;
            return {};
        }
        const std::string_view taken = rest_.substr(0, at);
        rest_.remove_prefix(at + end.size());
        return taken;
    }
    template <class Number>
    Number number_until(std::string_view end) {
        const std::string_view digits = until(end);
        Number value = 0;
        const auto [stop, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        good_ = good_ && error == std::errc() && stop == digits.data() + digits.size();
        return value;
    }
    bool at_end() const { return good_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool good_ = true;
};

}  // namespace

std::string format_cmtrace(const CmtraceRecord& record) {
    std::string line;
    line.reserve(record.text.size() + 192);
    line += kTextBegin;
    append_escaped(line, record.text, Place::text, kMaxCmtraceText);
    line += kTextEnd;
    append_time_and_date(line, record.time);
    line += " component=\"";
    append_escaped(line, record.component, Place::attribute, 256);
    line += "\" context=\"";
    append_escaped(line, record.context, Place::attribute, kMaxCmtraceContext);
    line += "\" type=\"";
    line += std::to_string(record.type);
    line += "\" thread=\"";
    line += std::to_string(record.thread);
    line += "\" file=\"";
    append_escaped(line, record.file, Place::attribute, 256);
    line += "\">";
    return line;
}

Result<CmtraceRecord> parse_cmtrace(std::string_view line) {
    Reader reader(line);
    CmtraceRecord record;
    reader.literal(kTextBegin);
    record.text = unescape(reader.until(kTextEnd));
    reader.literal("<time=\"");
    const std::string_view time = reader.until("+00\" date=\"");
    const std::string_view date = reader.until("\" component=\"");
    record.component = unescape(reader.until("\" context=\""));
    record.context = unescape(reader.until("\" type=\""));
    record.type = reader.number_until<int>("\" thread=\"");
    record.thread = reader.number_until<unsigned long>("\" file=\"");
    record.file = unescape(reader.until("\">"));
    const auto when = time_and_date(time, date);
    if (!reader.at_end() || !when || record.type < 1 || record.type > 3) {
        return fail(ErrorCode::bad_request, "not a CMTrace line");
    }
    record.time = *when;
    return record;
}

std::string loggable(std::string_view text, std::size_t limit) {
    std::string out;
    append_escaped(out, text, Place::text, limit);
    return out;
}

}  // namespace ndes
