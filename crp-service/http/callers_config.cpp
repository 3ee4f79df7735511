#include "crp-service/http/callers_config.h"

#include <set>
#include <utility>

#include "common/bytes.h"
#include "crp-service/adapters/adapters_config.h"

namespace ndes::crp {

std::optional<SubjectAltName> read_san(ConfigTable& table) {
    const std::string san = table.text("san", "");
    if (san.empty()) return std::nullopt;
    const std::size_t colon = san.find(':');
    SubjectAltName name;
    if (colon == std::string::npos || colon + 1 == san.size() ||
        !from_string(san.substr(0, colon), name.type)) {
        table.fault("san", "must be TYPE:VALUE with TYPE one of upn, email, dns, uri, ip");
        return std::nullopt;
    }
    name.value = san.substr(colon + 1);
    return name;
}

std::vector<std::string> read_pins(ConfigTable& table) {
    std::vector<std::string> pins;
    for (const std::string& pin : table.text_list("spki_sha256")) {
        const auto octets = from_hex(pin);
        if (octets && octets->size() == 32) {
            pins.push_back(to_hex(*octets));
        } else {
            table.fault("spki_sha256",
                        "each pin must be 64 hexadecimal digits (crpctl caller pin)");
        }
    }
    return pins;
}

namespace {

void read_issuer_and_san(ConfigTable& table, CallerRule& caller) {
    if (const std::string issuer = table.text("issuer", ""); !issuer.empty()) {
        auto name = DistinguishedName::from_text(issuer);
        if (name) {
            caller.issuer = std::move(*name);
        } else {
            table.fault("issuer", name.error().text);
        }
    }
    caller.san = read_san(table);
}

void read_validity(ConfigTable& table, CallerRule& caller) {
    const auto read = [&table](std::string_view key) -> std::optional<WallTime> {
        const std::string text = table.text(key, "");
        if (text.empty()) return std::nullopt;
        const auto time = from_rfc3339(text);
        if (!time) table.fault(key, "must be a UTC time as in 2027-01-31T00:00:00Z");
        return time ? std::optional<WallTime>(*time) : std::nullopt;
    };
    ValidityPeriod& validity = caller.validity;
    validity.from = read("valid_from");
    validity.until = read("valid_until");
    if (validity.from && validity.until && *validity.until <= *validity.from) {
        table.fault("valid_until", "must be later than valid_from");
    }
}

CallerRule read_caller(ConfigTable& table, const std::filesystem::path& folder,
                       const Adapters& adapters) {
    CallerRule caller;
    caller.name = table.required_text("name");
    if (caller.name.size() > 64) table.fault("name", "must have at most 64 octets");
    for (const std::string& word : table.text_list("roles")) {
        Role role{};
        if (from_string(word, role)) {
            caller.roles.add(role);
        } else {
            table.fault("roles", "\"" + word + "\" is not a role; use ndes, mdm, admin, monitor");
        }
    }
    if (caller.roles.empty()) table.fault("roles", "must name at least one role");
    caller.spki_sha256 = read_pins(table);
    read_issuer_and_san(table, caller);
    caller.may_generate_challenges = table.boolean("may_generate_challenges", false);
    if (caller.may_generate_challenges && !caller.roles.has(Role::ndes)) {
        table.fault("may_generate_challenges", "is for callers with the role ndes only");
    }
    caller.templates = table.text_list("templates");
    read_validity(table, caller);
    read_adapter_caller(table, folder, adapters, caller);
    const bool by_name = caller.issuer.has_value() && caller.san.has_value();
    if (caller.issuer.has_value() != caller.san.has_value()) {
        table.fault("issuer", "issuer and san must be given together");
    } else if (by_name ? !caller.spki_sha256.empty()
                       : caller.spki_sha256.empty() && caller.adapter.empty()) {
        table.fault("spki_sha256", "give either pins, or issuer and san");
    }
    return caller;
}

}  // namespace

std::vector<CallerRule> read_callers(ConfigTable& root, const std::filesystem::path& folder,
                                     const Adapters& adapters) {
    std::vector<CallerRule> callers;
    std::set<std::string> names;
    std::set<std::string> pins;
    for (ConfigTable& table : root.tables("caller")) {
        CallerRule caller = read_caller(table, folder, adapters);
        if (!names.insert(caller.name).second) table.fault("name", "is used by another caller");
        for (const std::string& pin : caller.spki_sha256) {
            if (!pins.insert(pin).second) {
                table.fault("spki_sha256", "the pin is used by another caller");
            }
        }
        callers.push_back(std::move(caller));
    }
    check_adapter_callers(root, callers, adapters);
    return callers;
}

}  // namespace ndes::crp
