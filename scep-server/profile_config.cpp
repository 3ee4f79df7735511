#include "scep-server/profile_config.h"

#include <optional>
#include <utility>

#include "common/crypto/rsa_weakness.h"
#include "scep-server/message/scep_types.h"

namespace ndes::scep {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLeastCrlLifetime{10 * 60 * 1000};
constexpr std::size_t kKibibyte = 1024;
constexpr std::int64_t kLeastRsaBits = 1024;  // less is within a hobbyist's reach
constexpr std::int64_t kWeekMinutes = 7L * 24 * 60;

ScepConfig read_scep(ConfigTable table, const ScepConfig& base) {
    ScepConfig scep = base;
    scep.path = table.text("path", base.path);
    if (!scep.path.starts_with('/') || scep.path.find_first_not_of('/') == std::string::npos)
        table.fault("path", "must begin with '/' and name a folder");
    if (scep.path.find_first_of("?#% ") != std::string::npos)
        table.fault("path", "must not hold '?', '#', '%' or a space");
    scep.legacy_des_sha1 = table.boolean("legacy_des_sha1", base.legacy_des_sha1);
    scep.allow_3des = table.boolean("allow_3des", base.allow_3des);
    scep.allow_renewal = table.boolean("allow_renewal", base.allow_renewal);
    scep.minimum_rsa_bits = static_cast<int>(
        table.integer("minimum_rsa_bits", base.minimum_rsa_bits, kLeastRsaBits, kMostRsaBits));
    scep.max_message = table.size("max_message", base.max_message, 4 * kKibibyte, kMaxMessage);
    scep.fail_info_text = table.text("fail_info_text", base.fail_info_text);
    if (scep.fail_info_text.size() > 255)
        table.fault("fail_info_text", "must have at most 255 octets");
    return scep;
}

// As requests are told apart (http/scep_request.h): letters in either case, '/' at the end or not.
bool is_same_path(std::string_view one, std::string_view other) {
    const auto folded = [](std::string_view path) {
        std::string text(path.substr(0, path.find_last_not_of('/') + 1));
        for (char& letter : text)
            if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
        return text;
    };
    return folded(one) == folded(other);
}

// Registries have "certsrv/mscep_admin", the white paper "MSCEP_Admin": the same folder.
std::string without_certsrv(const std::string& folder) {
    constexpr std::string_view kBase = "certsrv/";
    if (folder.size() <= kBase.size()) return folder;
    for (std::size_t i = 0; i < kBase.size(); ++i)
        if ((folder[i] | 0x20) != kBase[i]) return folder;  // its letters in either case
    return folder.substr(kBase.size());
}

void read_passwords(ConfigTable& table, const MscepConfig& base, MscepConfig& mscep) {
    mscep.enforce_password = table.boolean_or_bit("EnforcePassword", base.enforce_password);
    mscep.password_max = static_cast<std::size_t>(
        table.integer("PasswordMax", static_cast<std::int64_t>(base.password_max), 1, 1'000'000));
    mscep.password_validity = std::chrono::minutes(
        table.integer("PasswordValidity", base.password_validity.count(), 1, 52 * kWeekMinutes));
    mscep.password_length = static_cast<std::size_t>(
        table.integer("PasswordLength", static_cast<std::int64_t>(base.password_length), 8, 64));
    mscep.password_vdir = without_certsrv(table.text("PasswordVDir", base.password_vdir));
    if (mscep.password_vdir.find_first_of("/?#% ") != std::string::npos)
        table.fault("PasswordVDir", "must be the name of one folder");
    mscep.use_single_password = table.boolean_or_bit("UseSinglePassword", base.use_single_password);
    mscep.encrypted_password = table.path("EncryptedPassword", base.encrypted_password);
}

MscepConfig read_mscep(ConfigTable table, const MscepConfig& base) {
    MscepConfig mscep = base;
    TemplateConfig& templates = mscep.templates;
    templates.signature = table.text("SignatureTemplate", base.templates.signature);
    templates.encryption = table.text("EncryptionTemplate", base.templates.encryption);
    templates.general_purpose =
        table.text("GeneralPurposeTemplate", base.templates.general_purpose);
    mscep.enterprise_ca = table.boolean_or_bit("CAType", base.enterprise_ca);
    mscep.configuration = table.text("Configuration", base.configuration);
    mscep.refresh_period =
        std::chrono::days(table.integer("RefreshPeriod", base.refresh_period.count(), 1, 366));
    mscep.cache_request = std::chrono::minutes(
        table.integer("CacheRequest", base.cache_request.count(), 0, 520 * kWeekMinutes));
    // Where ndesd keeps its certificates is said by [ra].
    table.boolean_or_bit("CertsInMyStore", true);
    mscep.hash_algorithm = table.text("HashAlgorithm", base.hash_algorithm);
    mscep.disable_renewal_subject_name_match = table.boolean_or_bit(
        "DisableRenewalSubjectNameMatch", base.disable_renewal_subject_name_match);
    read_passwords(table, base, mscep);
    return mscep;
}

// A file or a token, one of the two; `base` when neither is named.
KeySource read_key(ConfigTable& table, std::string_view file, std::string_view uri,
                   const KeySource& base) {
    KeySource key{table.path(file), table.text(uri, "")};
    if (key.empty()) key = base;
    if (key.empty()) table.fault(file, "is required");
    if (!key.file.empty() && !key.uri.empty())
        table.fault(uri, "cannot stand beside " + std::string(file));
    if (!key.uri.empty() && !key.uri.starts_with("pkcs11:"))
        table.fault(uri, "must begin with pkcs11:");
    if (key.uri.find("pin-") != std::string::npos)
        table.fault(uri, "must not hold a PIN: pkcs11.pin_file names it");
    return key;
}

// An RA is all of one table: two halves from two tables would not fit.
RaConfig read_ra(ConfigTable table) {
    RaConfig ra;
    ra.overlap = table.duration("overlap", ra.overlap, milliseconds{0}, 366 * kDay);
    ra.store = table.path("store");
    ra.auto_renew = table.boolean("auto_renew", ra.auto_renew);
    ra.renew_before =
        table.duration("renew_before", ra.renew_before, milliseconds{60'000}, 366 * kDay);
    ra.renew_validity =
        table.duration("renew_validity", ra.renew_validity, milliseconds{60'000}, 3660 * kDay);
    if (!ra.store.empty()) return ra;
    if (ra.auto_renew) table.fault("auto_renew", "needs store");
    ra.signing_certificate_file = table.required_path("signing_certificate_file");
    ra.signing_key = read_key(table, "signing_key_file", "signing_key_uri", {});
    ra.encryption_certificate_file = table.required_path("encryption_certificate_file");
    ra.encryption_key = read_key(table, "encryption_key_file", "encryption_key_uri", {});
    return ra;
}

// "SHA384" of the registry as issuer.hash spells it; nothing for one that the start refuses.
std::optional<std::string> hash_of(const MscepConfig& mscep) {
    for (const char* digits : {"256", "384", "512"})
        if (mscep.hash_algorithm == std::string("SHA") + digits ||
            mscep.hash_algorithm == std::string("SHA-") + digits)
            return std::string("SHA-") + digits;
    return std::nullopt;
}

void read_local_issuer(ConfigTable& table, const IssuerConfig& base, IssuerConfig& issuer) {
    issuer.key = read_key(table, "key_file", "key_uri", base.key);
    issuer.backdate = table.duration("backdate", base.backdate, milliseconds{0}, kDay);
    issuer.hash = table.choice("hash", issuer.hash, {"SHA-256", "SHA-384", "SHA-512"});
    issuer.crl_lifetime =
        table.duration("crl_lifetime", base.crl_lifetime, milliseconds{0}, 366 * kDay);
    if (issuer.crl_lifetime == milliseconds{0}) return;
    if (issuer.crl_lifetime < kLeastCrlLifetime) table.fault("crl_lifetime", "is 10min at least");
    if (issuer.crl_file.empty()) table.fault("crl_lifetime", "needs crl_file");
}

// cfssl, est and command: a CA that somebody else runs.
void read_other_issuer(ConfigTable& table, const IssuerConfig& base, IssuerConfig& issuer) {
    issuer.deadline =
        table.duration("deadline", base.deadline, milliseconds{100}, milliseconds{120'000});
    if (issuer.kind == "command") {
        issuer.command = table.text_list("command");
        if (issuer.command.empty()) issuer.command = base.command;
        if (issuer.command.empty()) table.fault("command", "is required");
        return;
    }
    const auto required = [&](std::string_view key, const std::filesystem::path& from_base) {
        auto path = table.path(key, from_base);
        if (path.empty()) table.fault(key, "is required");
        return path;
    };
    issuer.url = table.text("url", base.url);
    if (issuer.url.empty()) table.fault("url", "is required");
    if (issuer.kind == "est") {
        issuer.server_ca_file = required("server_ca_file", base.server_ca_file);
        issuer.client_certificate_file =
            required("client_certificate_file", base.client_certificate_file);
        issuer.client_key_file = required("client_key_file", base.client_key_file);
        return;
    }
    issuer.server_ca_file = table.path("server_ca_file", base.server_ca_file);
    issuer.auth_key_file = required("auth_key_file", base.auth_key_file);
    issuer.profile = table.text("profile", base.profile);
    issuer.label = table.text("label", base.label);
}

// Another kind is another CA: of the first's nothing but the way requests are treated fits it.
IssuerConfig base_for(const std::string& kind, const IssuerConfig& base) {
    if (kind == base.kind) return base;
    IssuerConfig other;
    other.kind = kind;
    other.manual_approval = base.manual_approval;
    other.hash = base.hash;
    other.default_validity_days = base.default_validity_days;
    return other;
}

// `hash`: HashAlgorithm where this profile has one of its own.
IssuerConfig read_issuer(ConfigTable table, const IssuerConfig& outer,
                         const std::optional<std::string>& hash) {
    const std::string kind = table.choice("kind", outer.kind, {"local", "cfssl", "est", "command"});
    const IssuerConfig base = base_for(kind, outer);
    IssuerConfig issuer = base;
    if (hash) issuer.hash = *hash;
    issuer.certificate_file = table.path("certificate_file", base.certificate_file);
    if (issuer.certificate_file.empty()) table.fault("certificate_file", "is required");
    issuer.crl_file = table.path("crl_file", base.crl_file);
    issuer.next_ca_file = table.path("next_ca_file", base.next_ca_file);
    issuer.manual_approval = table.choice("approval", base.manual_approval ? "manual" : "automatic",
                                          {"automatic", "manual"}) == "manual";
    const milliseconds validity = table.duration(
        "default_validity", base.default_validity_days * kDay, kDay, 10 * 366 * kDay);
    issuer.default_validity_days = static_cast<int>(validity / kDay);
    if (kind == "local")
        read_local_issuer(table, base, issuer);
    else
        read_other_issuer(table, base, issuer);
    return issuer;
}

PolicyConfig read_policy(ConfigTable table) {
    PolicyConfig policy;
    policy.module = table.required_path("module");
    policy.none = table.text("module", "") == "none";
    policy.module_config = table.path("module_config");
    policy.renew_client = table.boolean("renew_client", policy.renew_client);
    policy.renew_client_new_key =
        table.choice("renew_client_key", "keep", {"keep", "new"}) == "new";
    if (policy.renew_client && policy.module_config.empty())
        table.fault("renew_client", "needs module_config, which names the certificate");
    return policy;
}

void check_enforcement(ConfigTable table, const ProfileConfig& profile) {
    if (!profile.mscep.enforce_password && !profile.policy.none)
        table.fault("EnforcePassword",
                    "can be 0 only with policy.module = \"none\": a policy module is never asked "
                    "about a request without a password");
}

// We renew what we can issue.
void check_renewal(ConfigTable table, const ProfileConfig& profile) {
    if (profile.issuer.kind == "local") return;
    const char* const why = "needs issuer.kind = \"local\"";
    ConfigTable ra = table.table("ra");
    if (profile.ra.auto_renew && ra.present()) ra.fault("auto_renew", why);
    ConfigTable policy = table.table("policy");
    if (profile.policy.renew_client && policy.present()) policy.fault("renew_client", why);
}

ProfileConfig read_profile(ConfigTable table, const ProfileConfig& base) {
    ProfileConfig profile = base;
    profile.name = table.required_text("name");
    if (profile.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") !=
        std::string::npos)
        table.fault("name", "must be of a-z, 0-9, '-' and '_'");
    ConfigTable scep = table.table("scep");
    profile.scep = read_scep(scep, base.scep);
    if (is_same_path(profile.scep.path, base.scep.path))
        scep.fault("path", "is required, and its own");
    profile.mscep = read_mscep(table.table("mscep"), base.mscep);
    if (ConfigTable ra = table.table("ra"); ra.present()) profile.ra = read_ra(ra);
    const bool own_hash = profile.mscep.hash_algorithm != base.mscep.hash_algorithm;
    profile.issuer = read_issuer(table.table("issuer"), base.issuer,
                                 own_hash ? hash_of(profile.mscep) : std::nullopt);
    if (ConfigTable policy = table.table("policy"); policy.present()) {
        profile.policy = read_policy(policy);
        profile.policy.own = true;
    }
    check_enforcement(table.table("mscep"), profile);
    check_renewal(table, profile);
    return profile;
}

}  // namespace

std::vector<ProfileConfig> read_profiles(ConfigTable root) {
    ProfileConfig first;
    first.scep = read_scep(root.table("scep"), first.scep);
    first.mscep = read_mscep(root.table("mscep"), first.mscep);
    first.ra = read_ra(root.table("ra"));
    first.issuer = read_issuer(root.table("issuer"), first.issuer, hash_of(first.mscep));
    first.policy = read_policy(root.table("policy"));
    check_enforcement(root.table("mscep"), first);
    check_renewal(root, first);

    std::vector<ProfileConfig> profiles{first};
    for (ConfigTable table : root.tables("profile")) {
        ProfileConfig profile = read_profile(table, first);
        for (const ProfileConfig& other : profiles) {
            if (other.name == profile.name) table.fault("name", "is given twice");
            if (is_same_path(other.scep.path, profile.scep.path) && !other.name.empty())
                table.table("scep").fault("path", "is another profile's");
        }
        profiles.push_back(std::move(profile));
    }
    return profiles;
}

}  // namespace ndes::scep
