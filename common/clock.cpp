#include "common/clock.h"

#include <algorithm>
#include <array>

#include "common/digits.h"

namespace ndes {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

class SystemClock final : public Clock {
  public:
    WallTime now() const override {
        return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    }
    SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
};

// What four year digits can say.
constexpr WallTime kFirst = sys_days(std::chrono::year(0) / 1 / 1);
constexpr WallTime kLast = WallTime(sys_days(std::chrono::year(10000) / 1 / 1)) - milliseconds(1);

bool take_date(std::string_view& text, sys_days& date) {
    int year = 0, month = 0, day = 0;
    if (!take_digits(text, 4, year) || !take_char(text, '-') || !take_digits(text, 2, month) ||
        !take_char(text, '-') || !take_digits(text, 2, day)) {
        return false;
    }
    const year_month_day ymd{std::chrono::year(year),
                             std::chrono::month(static_cast<unsigned>(month)),
                             std::chrono::day(static_cast<unsigned>(day))};
    date = ymd.ok() ? sys_days(ymd) : sys_days();
    return ymd.ok();
}

// One to nine digits after the point; what is finer than a millisecond is cut off.
bool take_fraction(std::string_view& text, milliseconds& fraction) {
    int digits = 0, value = 0, digit = 0;
    for (; digits < 9 && take_digits(text, 1, digit); ++digits) {
        if (digits < 3) value = value * 10 + digit;
    }
    for (int i = digits; i < 3; ++i)
        value *= 10;
    fraction = milliseconds(value);
    return digits > 0;
}

bool take_time_of_day(std::string_view& text, milliseconds& time) {
    int hour = 0, minute = 0, second = 0;
    if (!take_digits(text, 2, hour) || !take_char(text, ':') || !take_digits(text, 2, minute) ||
        !take_char(text, ':') || !take_digits(text, 2, second)) {
        return false;
    }
    milliseconds fraction{0};
    if (take_char(text, '.') && !take_fraction(text, fraction)) return false;
    time = hours(hour) + minutes(minute) + seconds(second) + fraction;
    // No leap second: WallTime has no room for it.
    return hour < 24 && minute < 60 && second < 60;
}

bool take_offset(std::string_view& text, minutes& offset) {
    if (take_char(text, 'Z')) return true;
    const bool west = text.starts_with('-');
    int hour = 0, minute = 0;
    if (!take_char(text, west ? '-' : '+') || !take_digits(text, 2, hour) ||
        !take_char(text, ':') || !take_digits(text, 2, minute)) {
        return false;
    }
    offset = hours(hour) + minutes(minute);
    if (west) offset = -offset;
    return hour < 24 && minute < 60;
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string to_rfc3339(WallTime time) {
    time = std::clamp(time, kFirst, kLast);
    const sys_days day = std::chrono::floor<days>(time);
    const year_month_day date(day);
    const auto ms = static_cast<unsigned>((time - day).count());
    std::array<char, 24> text{};
    char* out = put_digits(text.data(), static_cast<unsigned>(int{date.year()}), 4);
    *out++ = '-';
    out = put_digits(out, unsigned{date.month()}, 2);
    *out++ = '-';
    out = put_digits(out, unsigned{date.day()}, 2);
    *out++ = 'T';
    out = put_digits(out, ms / 3'600'000, 2);
    *out++ = ':';
    out = put_digits(out, ms / 60'000 % 60, 2);
    *out++ = ':';
    out = put_digits(out, ms / 1000 % 60, 2);
    *out++ = '.';
    out = put_digits(out, ms % 1000, 3);
    *out++ = 'Z';
    return {text.data(), text.size()};
}

Result<WallTime> from_rfc3339(std::string_view text) {
    sys_days date;
    milliseconds time{0};
    minutes offset{0};
    if (!take_date(text, date) || !take_char(text, 'T') || !take_time_of_day(text, time) ||
        !take_offset(text, offset) || !text.empty()) {
        return fail(ErrorCode::bad_request, "not an RFC 3339 time");
    }
    const WallTime utc = date + time - offset;
    if (utc < kFirst || utc > kLast) {
        return fail(ErrorCode::bad_request, "time outside the years 0000 to 9999");
    }
    return utc;
}

}  // namespace ndes
