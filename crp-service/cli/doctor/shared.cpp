#include <array>
#include <filesystem>

#include "crp-service/cli/doctor/checks.h"

namespace ndes::crp::cli::doctor {

using std::chrono::days;

std::string name_of(const Certificate& certificate, const std::filesystem::path& file) {
    return certificate.subject_text() + " (" + file.string() + ")";
}

Finding not_to_be_had(const Error& why) { return Finding::skipped(why.text); }

bool has_systemd() {
    std::error_code fault;
    return std::filesystem::is_directory("/run/systemd/system", fault);
}

std::string span_text(std::chrono::milliseconds span) {
    struct Unit {
        std::int64_t milliseconds;
        const char* name;
    };
    constexpr std::array<Unit, 4> kUnits{
        {{86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1'000, " s"}}};
    const std::int64_t count = std::abs(span.count());
    for (const Unit& unit : kUnits)
        if (count >= unit.milliseconds)
            return std::to_string(count / unit.milliseconds) + unit.name;
    return std::to_string(count) + " ms";
}

std::string day_text(WallTime time) { return to_rfc3339(time).substr(0, 10); }

std::optional<Trouble> judge_end(const std::string& what, WallTime ends, WallTime now,
                                 const std::string& effect, const std::string& repair) {
    constexpr days kWarn{30};
    constexpr days kFail{7};
    if (ends - now > kWarn) return std::nullopt;
    const std::string when =
        ends <= now ? " ended on " + day_text(ends)
                    : " ends in " + span_text(ends - now) + " (" + day_text(ends) + ")";
    return Trouble{ends - now > kFail ? Outcome::warning : Outcome::failed, what + when, effect,
                   repair};
}

std::optional<Trouble> judge_crl(const std::string& what, WallTime made, WallTime next,
                                 WallTime now, const std::string& repair) {
    if (now >= next)
        return Trouble{Outcome::failed, what + " should have been replaced on " + to_rfc3339(next),
                       "Who checks revocation refuses every certificate of this CA.", repair};
    if (next - now > (next - made) / 10) return std::nullopt;
    return Trouble{Outcome::warning, what + " is good for " + span_text(next - now) + " only",
                   "Who checks revocation will refuse every certificate of this CA then.", repair};
}

std::optional<Trouble> judge_clock(const std::string& other, std::chrono::milliseconds offset) {
    using std::chrono::minutes;
    const std::string observed = "The clock is " + span_text(offset) +
                                 (offset.count() > 0 ? " ahead of " : " behind ") + other;
    const char* repair = "timedatectl set-ntp true, on the machine that is wrong";
    if (std::chrono::abs(offset) >= minutes(5))
        return Trouble{Outcome::failed, observed,
                       "From 5 min on, devices get no certificate, or one that is not valid yet.",
                       repair};
    if (std::chrono::abs(offset) >= minutes(1))
        return Trouble{Outcome::warning, observed,
                       "From 5 min on, devices will get no certificate.", repair};
    return std::nullopt;
}

}  // namespace ndes::crp::cli::doctor
