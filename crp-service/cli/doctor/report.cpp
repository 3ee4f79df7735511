#include "crp-service/cli/doctor/report.h"

#include <algorithm>

#include "common/logging/cmtrace.h"
#include "common/strict_json.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr std::size_t kLongestText = 2048;

// Text from certificates, other machines and files.
std::string safe(const std::string& text) { return loggable(text, kLongestText); }

const char* mark_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok: return "ok     ";
        case Outcome::skipped: return "skipped";
        case Outcome::warning: return "WARNING";
        case Outcome::failed: return "FAILED ";
    }
    return "FAILED ";
}

std::string heading(const Examined& one) {
    return std::string(mark_of(one.finding.outcome())) + " " + one.check->id + " " +
           std::string(to_string(one.check->hop)) + ": " + one.check->title;
}

std::string trouble_text(const Trouble& trouble) {
    std::string text = "    " + safe(trouble.observed) + "\n";
    if (!trouble.effect.empty()) text += "      effect: " + safe(trouble.effect) + "\n";
    if (!trouble.repair.empty()) text += "      repair: " + safe(trouble.repair) + "\n";
    return text;
}

std::vector<const Examined*> worst_first(const std::vector<Examined>& examined) {
    std::vector<const Examined*> sorted;
    for (const Examined& one : examined)
        sorted.push_back(&one);
    std::ranges::stable_sort(sorted, std::ranges::greater(),
                             [](const Examined* one) { return one->finding.outcome(); });
    return sorted;
}

std::string plural(int count, const char* word) {
    return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

std::string ids_of(const std::vector<Examined>& examined, Outcome outcome) {
    std::string ids;
    for (const Examined& one : examined)
        if (one.finding.outcome() == outcome)
            ids += (ids.empty() ? "" : ", ") + std::string(one.check->id);
    return ids;
}

std::string verdict(const std::vector<Examined>& examined) {
    const Tally tally = tally_of(examined);
    std::string text = plural(tally.failed, "failure") + ", " + plural(tally.warning, "warning") +
                       ", " + std::to_string(tally.ok) + " ok, " + std::to_string(tally.skipped) +
                       " skipped";
    if (tally.failed > 0) text += ": look at " + ids_of(examined, Outcome::failed) + " first";
    return text + "\n";
}

}  // namespace

Tally tally_of(const std::vector<Examined>& examined) {
    Tally tally;
    for (const Examined& one : examined) {
        switch (one.finding.outcome()) {
            case Outcome::ok: ++tally.ok; break;
            case Outcome::skipped: ++tally.skipped; break;
            case Outcome::warning: ++tally.warning; break;
            case Outcome::failed: ++tally.failed; break;
        }
    }
    return tally;
}

std::string text_report(const std::vector<Examined>& examined) {
    std::string text;
    for (const Examined* one : worst_first(examined)) {
        text += heading(*one);
        const auto troubles = one->finding.troubles();
        if (troubles.empty()) {
            text += " - " + safe(one->finding.observed()) + "\n";
            continue;
        }
        text += "\n";
        for (const Trouble& trouble : troubles)
            text += trouble_text(trouble);
    }
    return text + verdict(examined);
}

std::string json_report(const std::vector<Examined>& examined) {
    using Ordered = nlohmann::ordered_json;
    Ordered checks = Ordered::array();
    for (const Examined& one : examined) {
        Ordered troubles = Ordered::array();
        for (const Trouble& trouble : one.finding.troubles())
            troubles.push_back({{"status", to_string(trouble.outcome)},
                                {"observed", trouble.observed},
                                {"effect", trouble.effect},
                                {"repair", trouble.repair}});
        const auto first = [&](const char* field) {
            return troubles.empty() ? Ordered(nullptr) : troubles.front().at(field);
        };
        checks.push_back({{"id", one.check->id},
                          {"hop", to_string(one.check->hop)},
                          {"status", to_string(one.finding.outcome())},
                          {"title", one.check->title},
                          {"observed", one.finding.observed()},
                          {"expected", one.check->expected},
                          {"effect", first("effect")},
                          {"repair", first("repair")},
                          {"durationMs", one.took.count()},
                          {"troubles", troubles}});
    }
    const Tally tally = tally_of(examined);
    const Ordered body{{"checks", checks},
                       {"summary",
                        {{"failed", tally.failed},
                         {"warning", tally.warning},
                         {"ok", tally.ok},
                         {"skipped", tally.skipped}}}};
    return body.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

int nagios_code(const Tally& tally) {
    if (tally.failed > 0) return 2;
    if (tally.warning > 0) return 1;
    return tally.ok > 0 ? 0 : 3;
}

std::string nagios_report(const std::vector<Examined>& examined, std::chrono::milliseconds took) {
    constexpr const char* kWords[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    const Tally tally = tally_of(examined);
    std::string text = std::string("NDES-CRP ") + kWords[nagios_code(tally)] + " - ";
    const auto troubles = worst_first(examined);
    if (tally.failed + tally.warning > 0) {
        const Examined& worst = *troubles.front();
        text += std::to_string(tally.failed) + " failed";
        if (tally.failed > 0) text += " (" + ids_of(examined, Outcome::failed) + ")";
        text += ", " + std::to_string(tally.warning) + " warned";
        if (tally.warning > 0) text += " (" + ids_of(examined, Outcome::warning) + ")";
        text += ": " + safe(worst.finding.observed());
    } else {
        text += std::to_string(tally.ok) + " checks are good, " + std::to_string(tally.skipped) +
                " skipped";
    }
    std::ranges::replace(text, '|', '/');  // begins the performance data
    std::ranges::replace(text, '\n', ' ');
    return text + " | failed=" + std::to_string(tally.failed) +
           ";;0;0 warning=" + std::to_string(tally.warning) +
           ";0;;0 ok=" + std::to_string(tally.ok) +
           ";;;0 skipped=" + std::to_string(tally.skipped) +
           ";;;0 time=" + std::to_string(took.count()) + "ms;;;0\n";
}

}  // namespace ndes::crp::cli::doctor
