#include "crp-service/cli/doctor/doctor.h"

#include <algorithm>
#include <utility>

namespace ndes::crp::cli::doctor {

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok: return "ok";
        case Outcome::skipped: return "skipped";
        case Outcome::warning: return "warning";
        case Outcome::failed: return "failed";
    }
    return "failed";
}

Finding Finding::ok(std::string observed) {
    Finding finding;
    finding.observed_ = std::move(observed);
    return finding;
}

Finding Finding::skipped(std::string why) {
    Finding finding = ok(std::move(why));
    finding.skipped_ = true;
    return finding;
}

void Finding::found(const std::string& what) {
    observed_ += (observed_.empty() ? "" : "; ") + what;
}

void Finding::warn(std::string observed, std::string effect, std::string repair) {
    add({Outcome::warning, std::move(observed), std::move(effect), std::move(repair)});
}

void Finding::fail(std::string observed, std::string effect, std::string repair) {
    add({Outcome::failed, std::move(observed), std::move(effect), std::move(repair)});
}

void Finding::add(Trouble trouble) { troubles_.push_back(std::move(trouble)); }

Outcome Finding::outcome() const {
    Outcome worst = skipped_ ? Outcome::skipped : Outcome::ok;
    for (const Trouble& trouble : troubles_)
        worst = std::max(worst, trouble.outcome);
    return worst;
}

const std::string& Finding::observed() const {
    const auto worst = std::ranges::max_element(troubles_, {}, &Trouble::outcome);
    return worst == troubles_.end() ? observed_ : worst->observed;
}

std::vector<Trouble> Finding::troubles() const {
    std::vector<Trouble> sorted = troubles_;
    std::ranges::stable_sort(sorted, std::ranges::greater(), &Trouble::outcome);
    return sorted;
}

}  // namespace ndes::crp::cli::doctor
