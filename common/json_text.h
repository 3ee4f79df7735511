// JSON text: writes one JSON object straight into a string, for the paths where a tree per message
// would cost more than the rest. Reading is strict_json.h's. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/bytes.h"

namespace ndes {

// Appends `text` as a JSON string. Controls, bidirectional and zero-width characters are \u
// escapes, ill-formed UTF-8 becomes U+FFFD; after `limit` octets as written it is cut and "…"
// added.
void append_json_string(std::string& out, std::string_view text,
                        std::size_t limit = std::string::npos / 2);

// Members appear in the order of the calls. Names are the caller's business: each once.
class JsonObjectText {
  public:
    // `expected` octets are set aside at once.
    explicit JsonObjectText(std::size_t expected = 256) { out_.reserve(expected); }

    void text(std::string_view name, std::string_view value);
    void boolean(std::string_view name, bool value);
    void integer(std::string_view name, std::int64_t value);
    void base64(std::string_view name, ByteView value);
    void null(std::string_view name);
    // `json` is a JSON text already.
    void json(std::string_view name, std::string_view json);

    // Closes the object and hands it over; the writer is empty afterwards.
    std::string finish();

  private:
    void begin(std::string_view name);
    std::string out_;
};

// ["a","b"] of the items' texts, `text_of(item)` each.
template <class Items, class TextOf>
std::string json_text_list(const Items& items, TextOf text_of) {
    std::string out = "[";
    for (const auto& item : items) {
        if (out.size() > 1) out += ',';
        append_json_string(out, text_of(item));
    }
    return out += ']';
}

}  // namespace ndes
