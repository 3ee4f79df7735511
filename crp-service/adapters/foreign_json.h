// Reading messages of other products: fields that are only passed on to people, and texts that come
// broken into lines. Pure functions; any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "common/strict_json.h"

namespace ndes::crp {

// The fields that we read, to be read strictly: another product's messages grow. What is no object
// stays what it is.
Json only_fields(const Json& object, std::initializer_list<const char*> fields);

std::string without_line_ends(std::string text);
// The same for a field of an object, if it is a text.
void join_lines(Json& object, std::string_view field);

// For a log: the field's text, escaped and cut; "" when it is absent or no text.
std::string told_text(const Json& object, std::string_view field);

}  // namespace ndes::crp
