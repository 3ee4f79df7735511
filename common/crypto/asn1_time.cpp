#include "common/crypto/asn1_time.h"

#include <ctime>

namespace ndes {

WallTime wall_time(const ASN1_TIME* time) {
    std::tm fields{};
    if (::ASN1_TIME_to_tm(time, &fields) != 1) return WallTime{};
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&fields)));
}

}  // namespace ndes
