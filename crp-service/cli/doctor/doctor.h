// Doctor: the checks of `crpctl doctor`, what each looks at and says. The identifiers DR-01… are
// fixed for ever. A check changes nothing, but for DR-39, which is made with --deep alone.
// Value types; one thread.
#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ndes::crp::cli::doctor {

class Site;

// Where on an enrolment's way a check looks.
enum class Hop { device, proxy, ndesd, module, crp, database, ca, mdm, host };
inline constexpr std::array<std::string_view, 9> kHopWords{
    "device", "proxy", "ndesd", "module", "crp", "database", "ca", "mdm", "host"};
inline std::string_view to_string(Hop hop) { return kHopWords[static_cast<std::size_t>(hop)]; }

// From good to bad; `skipped`: not looked at, so nothing is known.
enum class Outcome { ok, skipped, warning, failed };
std::string_view to_string(Outcome outcome);

// One thing that is wrong: what, what it does to devices or operators, what to type.
struct Trouble {
    Outcome outcome = Outcome::failed;  // warning or failed
    std::string observed;
    std::string effect;
    std::string repair;
};

// What a check says. ok and skipped: `observed` tells what was found, or why nobody looked.
class Finding {
  public:
    static Finding ok(std::string observed);
    static Finding skipped(std::string why);

    // For a check of several things: begins good; what was found well is told when all is.
    Finding() = default;
    void found(const std::string& what);
    void warn(std::string observed, std::string effect, std::string repair);
    void fail(std::string observed, std::string effect, std::string repair);
    void add(Trouble trouble);

    Outcome outcome() const;
    const std::string& observed() const;    // of the worst trouble, if there is one
    std::vector<Trouble> troubles() const;  // the worst first

  private:
    bool skipped_ = false;
    std::string observed_;
    std::vector<Trouble> troubles_;
};

struct Check {
    const char* id;  // "DR-05"
    Hop hop;
    const char* title;
    const char* expected;
    Finding (*look)(Site&);
};

// One of the list that cannot be here, and why.
struct AbsentCheck {
    const char* id;
    const char* title;
    const char* why;
};

// By identifier.
std::span<const Check> all_checks();
std::span<const AbsentCheck> absent_checks();

struct Examined {
    const Check* check = nullptr;
    Finding finding;
    std::chrono::milliseconds took{0};
};

}  // namespace ndes::crp::cli::doctor
