#include "crp-service/domain/record_id.h"

#include <algorithm>

#include "crp-service/domain/records.h"

namespace ndes::crp {

bool is_record_id(std::string_view text) {
    constexpr std::string_view kOthers = "._-@:{}";
    return !text.empty() && text.size() <= kMaxIdOctets &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      kOthers.find(c) != std::string_view::npos;
           });
}

}  // namespace ndes::crp
