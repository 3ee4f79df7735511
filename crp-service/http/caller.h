// Who may call the API and as what: the roles and the caller list of the configuration.
// Knows no HTTP, TLS or path. A CallerList is immutable (replaced whole on reload); any thread.
#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/crypto/distinguished_name.h"
#include "crp-service/domain/validity_period.h"

namespace ndes::crp {

enum class Role : unsigned { ndes = 1, mdm = 2, admin = 4, monitor = 8 };

// "ndes", "mdm", "admin", "monitor".
const char* to_string(Role role);
bool from_string(std::string_view text, Role& role);

class RoleSet {
  public:
    constexpr RoleSet() = default;
    constexpr RoleSet(std::initializer_list<Role> roles) {
        for (Role role : roles)
            add(role);
    }
    constexpr void add(Role role) { bits_ |= static_cast<unsigned>(role); }
    constexpr bool has(Role role) const { return (bits_ & static_cast<unsigned>(role)) != 0; }
    constexpr bool meets(RoleSet other) const { return (bits_ & other.bits_) != 0; }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr bool operator==(const RoleSet&) const = default;

  private:
    unsigned bits_ = 0;
};

// One [[caller.credential]] table: what an adapter knows its caller by.
struct CredentialFiles {
    std::string id;                              // as sent: webhook, client or user name
    std::vector<std::filesystem::path> secrets;  // several during a rotation
};

// One [[caller]] table: pins, or issuer and subject alternative name together. A caller of an
// adapter has credentials in their place, or beside them: then it has to show both.
struct CallerRule {
    std::string name;  // owner of what it creates; unique in the list
    RoleSet roles;
    std::vector<std::string> spki_sha256;     // lower-case hex; several during a key change
    std::optional<DistinguishedName> issuer;  // with `san`, in place of pins
    std::optional<SubjectAltName> san;
    bool may_generate_challenges = false;  // ndes only
    std::vector<std::string> templates;    // that it may ask or order for; empty: all
    ValidityPeriod validity;               // when it is in force
    std::string adapter = {};  // not empty: calls the paths of this adapter, and nothing else
    std::vector<CredentialFiles> credentials = {};

    bool names_certificate() const { return !spki_sha256.empty() || issuer.has_value(); }
    // `pin`: the certificate's spki_sha256.
    bool is_met_by(const Certificate& certificate, std::string_view pin) const;
    bool may_use_template(std::string_view wanted) const {
        return templates.empty() ||
               std::find(templates.begin(), templates.end(), wanted) != templates.end();
    }
};

class CallerList {
  public:
    explicit CallerList(std::vector<CallerRule> rules);

    // The rule that `certificate` (already verified) meets; pins go first. Null if none does.
    // `pin`: its spki_sha256. Lives as long as this list. Never an adapter's caller.
    const CallerRule* find(const Certificate& certificate, std::string_view pin) const;
    const CallerRule* find(const Certificate& certificate) const {
        return find(certificate, certificate.spki_sha256());
    }

    // Null if there is none. Lives as long as this list.
    const CallerRule* named(std::string_view name) const;

    std::size_t size() const { return rules_.size(); }

  private:
    std::vector<CallerRule> rules_;
    std::map<std::string, std::size_t, std::less<>> by_pin_;
};

}  // namespace ndes::crp
