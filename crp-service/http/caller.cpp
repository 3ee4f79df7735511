#include "crp-service/http/caller.h"

#include <utility>

#include "common/crypto/general_names.h"

namespace ndes::crp {

namespace {

constexpr std::pair<Role, const char*> kRoles[] = {
    {Role::ndes, "ndes"}, {Role::mdm, "mdm"}, {Role::admin, "admin"}, {Role::monitor, "monitor"}};

bool meets_issuer_and_san(const CallerRule& rule, const Certificate& certificate) {
    if (!rule.issuer || !rule.san) return false;
    const auto issuer = certificate.issuer();
    const auto names = certificate.subject_alt_names();
    return issuer && names && issuer->same_names(*rule.issuer) &&
           includes_alt_names(*names, {*rule.san});
}

}  // namespace

const char* to_string(Role role) {
    for (const auto& [known, word] : kRoles) {
        if (known == role) return word;
    }
    return "";
}

bool from_string(std::string_view text, Role& role) {
    for (const auto& [known, word] : kRoles) {
        if (text == word) {
            role = known;
            return true;
        }
    }
    return false;
}

bool CallerRule::is_met_by(const Certificate& certificate, std::string_view pin) const {
    return std::ranges::find(spki_sha256, pin) != spki_sha256.end() ||
           meets_issuer_and_san(*this, certificate);
}

CallerList::CallerList(std::vector<CallerRule> rules) : rules_(std::move(rules)) {
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        if (!rules_[i].adapter.empty()) continue;
        for (const std::string& pin : rules_[i].spki_sha256)
            by_pin_.emplace(pin, i);
    }
}

const CallerRule* CallerList::find(const Certificate& certificate, std::string_view pin) const {
    if (const auto pinned = by_pin_.find(pin); pinned != by_pin_.end()) {
        return &rules_[pinned->second];
    }
    for (const CallerRule& rule : rules_) {
        if (rule.adapter.empty() && meets_issuer_and_san(rule, certificate)) return &rule;
    }
    return nullptr;
}

const CallerRule* CallerList::named(std::string_view name) const {
    const auto found = std::ranges::find(rules_, name, &CallerRule::name);
    return found == rules_.end() ? nullptr : &*found;
}

}  // namespace ndes::crp
