// Which texts are identifiers of records: see kMaxIdOctets in records.h. Pure function; any thread.
#pragma once

#include <string_view>

namespace ndes::crp {

// True for 1..kMaxIdOctets characters of the set stated there.
bool is_record_id(std::string_view text);

}  // namespace ndes::crp
