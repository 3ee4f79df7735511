#include "common/crypto/distinguished_name_text.h"

#include <algorithm>
#include <utility>

#include "common/bytes.h"
#include "common/crypto/asn1_text.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/name_attribute_types.h"

namespace ndes {
namespace {

constexpr std::size_t kMaxText = 16 * 1024;
constexpr std::string_view kEscapable = "\\\"+,;<>=# ";

// RFC 4514 section 2.4: "#" and the hexadecimal BER encoding of the value.
Result<std::string> read_hex_value(std::string_view digits) {
    auto encoding = from_hex(digits);
    if (!encoding) return fail(ErrorCode::bad_request, "'#' is not followed by hexadecimal octets");
    DerReader reader(*encoding);
    const auto value = reader.next();
    if (!value || !reader.empty() || value->identifier >= kDerConstructed) {
        return fail(ErrorCode::bad_request, "'#' is not followed by the encoding of a string");
    }
    return text_of(value->identifier, value->contents);
}

// Walks the text once; each read_ function leaves `rest_` behind what it has read.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    Result<std::vector<RelativeName>> read_all() {
        std::vector<RelativeName> names;
        skip_blanks();
        if (rest_.empty()) return names;
        for (bool new_name = true;;) {
            auto attribute = read_attribute();
            if (!attribute) return pass_on(attribute);
            if (new_name) names.emplace_back();
            names.back().push_back(*std::move(attribute));
            if (rest_.empty()) return names;
            new_name = rest_.front() != '+';
            rest_.remove_prefix(1);
        }
    }

  private:
    Result<NameAttribute> read_attribute() {
        const auto equals = rest_.find('=');
        if (equals == std::string_view::npos) {
            return fail(ErrorCode::bad_request, "no '=' after '" + std::string(rest_) + "'");
        }
        const std::string type(trimmed(rest_.substr(0, equals)));
        NameAttribute attribute{attribute_oid(type), {}};
        if (attribute.oid.empty()) {
            return fail(ErrorCode::bad_request, "unknown attribute type '" + type + "'");
        }
        rest_.remove_prefix(equals + 1);
        skip_blanks();
        auto value = read_value();
        if (!value) return pass_on(value, "value of " + type);
        if (value->empty()) return fail(ErrorCode::bad_request, "value of " + type + " is empty");
        if (!is_utf8(*value) || value->find('\0') != std::string::npos) {
            return fail(ErrorCode::bad_request, "value of " + type + " is not text");
        }
        attribute.value = *std::move(value);
        return attribute;
    }

    Result<std::string> read_value() {
        if (rest_.starts_with('"')) return read_quoted_value();
        if (rest_.starts_with('#')) {
            const auto end = std::min(rest_.find_first_of(",;+"), rest_.size());
            const std::string_view digits = trimmed(rest_.substr(1, end - 1));
            rest_.remove_prefix(end);
            return read_hex_value(digits);
        }
        return read_plain_value();
    }

    Result<std::string> read_plain_value() {
        std::string value;
        std::size_t kept = 0;  // blanks behind this are dropped unless more follows
        while (!rest_.empty() && !at_separator()) {
            const char c = rest_.front();
            if (c == '"' || c == '<' || c == '>') {
                return fail(ErrorCode::bad_request, std::string("unescaped '") + c + "'");
            }
            rest_.remove_prefix(1);
            if (c == '\\') {
                if (!read_escape(value)) return fail(ErrorCode::bad_request, "bad escape");
            } else {
                value += c;
            }
            if (c != ' ') kept = value.size();
        }
        value.resize(kept);
        return value;
    }

    Result<std::string> read_quoted_value() {
        std::string value;
        rest_.remove_prefix(1);
        for (;;) {
            if (rest_.empty()) return fail(ErrorCode::bad_request, "quote is not closed");
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '\\') {
                if (!read_escape(value)) return fail(ErrorCode::bad_request, "bad escape");
            } else if (c != '"') {
                value += c;
            } else if (rest_.starts_with('"')) {
                value += c;
                rest_.remove_prefix(1);
            } else {
                break;
            }
        }
        skip_blanks();
        if (rest_.empty() || at_separator()) return value;
        return fail(ErrorCode::bad_request, "text after the closing quote");
    }

    // What follows a backslash: a special character or two hexadecimal digits.
    bool read_escape(std::string& value) {
        if (rest_.empty()) return false;
        if (kEscapable.find(rest_.front()) != std::string_view::npos) {
            value += rest_.front();
            rest_.remove_prefix(1);
            return true;
        }
        const auto octet = from_hex(rest_.substr(0, 2));
        if (!octet || octet->size() != 1) return false;
        value += static_cast<char>(octet->front());
        rest_.remove_prefix(2);
        return true;
    }

    bool at_separator() const {
        return rest_.front() == ',' || rest_.front() == ';' || rest_.front() == '+';
    }
    void skip_blanks() {
        while (rest_.starts_with(' '))
            rest_.remove_prefix(1);
    }
    static std::string_view trimmed(std::string_view text) {
        while (text.starts_with(' '))
            text.remove_prefix(1);
        while (text.ends_with(' '))
            text.remove_suffix(1);
        return text;
    }

    std::string_view rest_;
};

}  // namespace

Result<std::vector<RelativeName>> read_relative_names(std::string_view text) {
    if (text.size() > kMaxText) return fail(ErrorCode::bad_request, "name is too long");
    return Reader(text).read_all();
}

}  // namespace ndes
