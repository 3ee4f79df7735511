#include "scep-server/own_files.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "common/expiry/certificate_maker.h"
#include "common/expiry/module_client.h"

namespace ndes::scep {
namespace {

namespace fs = std::filesystem;

KeySource key_beside_ra(const fs::path& certificate) {
    std::error_code ignored;
    const fs::path uri = fs::path(certificate).replace_extension(".uri");
    return KeySource(fs::exists(uri, ignored) ? uri
                                              : fs::path(certificate).replace_extension(".key"));
}

void add_pair(ExpiringList& list, const std::string& use, const fs::path& certificate,
              const KeySource& key) {
    add_certificates(list, use, certificate, Take::first);
    add_key(list, use, key);
}

void add_ra(ExpiringList& list, const ProfileConfig& profile, WallTime now) {
    const RaConfig& ra = profile.ra;
    for (const bool signing : {true, false}) {
        const std::string use = use_of(signing ? "ra-signing" : "ra-encryption", profile.name);
        if (ra.store.empty()) {
            add_pair(list, use,
                     signing ? ra.signing_certificate_file : ra.encryption_certificate_file,
                     signing ? ra.signing_key : ra.encryption_key);
        } else if (const auto newest = newest_ra(ra.store, signing, now)) {
            list.push_back(expiring_certificate(use, newest->file, newest->certificate));
            add_key(list, use, key_beside_ra(newest->file));
        } else {
            Expiring none;
            none.use = use;
            none.file = ra.store;
            none.id = ra.store.string();
            none.fault = ra.store.string() + ": holds no RA certificate for this";
            list.push_back(std::move(none));
        }
    }
}

void add_issuer(ExpiringList& list, const ProfileConfig& profile) {
    const IssuerConfig& issuer = profile.issuer;
    const auto use = [&](const char* what) { return use_of(what, profile.name); };
    add_certificates(list, use("ca"), issuer.certificate_file, Take::all);
    if (issuer.kind == "local") add_key(list, use("ca"), issuer.key);
    add_certificates(list, use("next-ca"), issuer.next_ca_file, Take::first);
    add_crls(list, use("crl"), issuer.crl_file);
    add_certificates(list, use("issuer-server-ca"), issuer.server_ca_file, Take::all);
    add_pair(list, use("issuer-client"), issuer.client_certificate_file, issuer.client_key_file);
    add_key(list, use("issuer-auth"), issuer.auth_key_file);
}

// What a profile shares with the first one is listed once.
void drop_shared(ExpiringList& list) {
    std::set<std::string> seen;
    std::erase_if(list, [&](const Expiring& one) {
        const std::string what = one.use.substr(0, one.use.find('/'));
        return !seen.insert(what + " " + std::string(to_string(one.kind)) + " " +
                            one.file.string() + " " + one.id)
                    .second;
    });
}

}  // namespace

std::string use_of(const std::string& what, const std::string& profile) {
    return profile.empty() ? what : what + "/" + profile;
}

std::optional<RaFile> newest_ra(const fs::path& store, bool signing, WallTime now) {
    const KeyUsage usage = signing ? KeyUsage::digital_signature : KeyUsage::key_encipherment;
    std::optional<RaFile> best;
    std::error_code fault;
    for (fs::directory_iterator at(store, fault), end; !fault && at != end; at.increment(fault)) {
        if (at->path().extension() != ".pem") continue;
        auto found = load_certificates(at->path());
        if (!found) continue;
        Certificate& one = found->front();
        if (!one.has_extended_key_usage(kRequestAgentUsage) || !one.has_key_usage(usage) ||
            one.not_before() > now)
            continue;
        if (!best || one.not_before() > best->certificate.not_before())
            best = RaFile{at->path(), std::move(one)};
    }
    return best;
}

ExpiringList own_files(const Config& config, WallTime now) {
    ExpiringList list;
    add_pair(list, "device", config.server.certificate_file, config.server.key_file);
    if (config.admin.enabled) {
        add_pair(list, "admin", config.admin.certificate_file, config.admin.key_file);
        add_certificates(list, "admin-client-ca", config.admin.client_ca_file, Take::all);
    }
    for (const ProfileConfig& profile : config.profiles) {
        add_ra(list, profile, now);
        add_issuer(list, profile);
        if (profile.policy.none) continue;
        if (const auto client = find_module_client(profile.policy.module_config)) {
            ExpiringList of_module;
            add_module_client(of_module, *client, now);
            for (Expiring& one : of_module) {
                one.use = use_of(one.use, profile.name);
                list.push_back(std::move(one));
            }
        }
    }
    add_key(list, "journal-key", config.journal.key_file);
    if (config.admin.enabled) add_key(list, "admin-password", config.admin.password_file);
    add_key(list, "pkcs11-pin", config.pkcs11.pin_file);
    drop_shared(list);
    return list;
}

}  // namespace ndes::scep
