#include "crp-service/store/postgresql/values.h"

#include <charconv>

namespace ndes::crp::pg {

Values::Raw Values::raw() const {
    Raw raw;
    raw.values.reserve(fields_.size());
    for (const Field& field : fields_) {
        // A view of nothing has no address, and no address means NULL.
        const char* text = field.text.data() != nullptr ? field.text.data() : "";
        const char* value = field.format == kText ? field.literal.c_str() : text;
        raw.values.push_back(field.is_null ? nullptr : value);
        raw.lengths.push_back(static_cast<int>(field.text.size()));
        raw.formats.push_back(field.format);
    }
    return raw;
}

Literal array_of(const std::vector<std::string>& items) {
    std::string text = "{";
    for (const std::string& item : items) {
        if (text.size() > 1) text += ',';
        text += '"';
        for (const char c : item) {
            if (c == '"' || c == '\\') text += '\\';
            text += c;
        }
        text += '"';
    }
    return {text + "}"};
}

std::string Row::text() {
    const int column = next_++;
    const int length = PQgetlength(result_, row_, column);
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(length)};
}

std::int64_t Row::integer() {
    const int column = next_++;
    const int length = PQgetlength(result_, row_, column);
    const char* octets = PQgetvalue(result_, row_, column);
    if (length == 0) return 0;
    // Big-endian two's complement; one octet is a boolean.
    std::int64_t value = length > 1 && (static_cast<unsigned char>(octets[0]) & 0x80) != 0 ? -1 : 0;
    for (int i = 0; i < length && i < 8; ++i)
        value = static_cast<std::int64_t>((static_cast<std::uint64_t>(value) << 8) |
                                          static_cast<unsigned char>(octets[i]));
    return value;
}

std::int64_t Rows::changed() const {
    if (!result_) return 0;
    const std::string_view text = PQcmdTuples(result_.get());
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

}  // namespace ndes::crp::pg
