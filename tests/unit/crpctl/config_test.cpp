// What crpctl config knows of a file: every key its reader can ask for, what differs, what is
// masked.
#include <algorithm>

#include "crp-service/cli/config/config_diff.h"
#include "crp-service/cli/config/config_files.h"
#include "crp-service/cli/config/config_schema.h"
#include "crp-service/cli/config/key_probe.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp::cli;

namespace {

const ConfigFileKind& kind(const char* program) {
    return *kind_of_config(program, "any.toml").value();
}

std::vector<ConfigSetting> settings_of(const char* toml) {
    auto file = ConfigFile::parse(toml, "ndesd.toml").value();
    static_cast<void>(kind("ndesd").read(file, "."));
    return file.settings();
}

}  // namespace

TEST_CASE("a file's name tells whose it is, or the program does") {
    CHECK(std::string(kind_of_config("", "/etc/x/ndes_policy_crp.toml").value()->program) ==
          "module");
    CHECK(std::string(kind_of_config("", "crpd-test.toml").value()->program) == "crpd");
    CHECK(std::string(kind_of_config("crpd", "ndesd.toml").value()->program) == "crpd");
    CHECK_FALSE(kind_of_config("", "settings.toml"));
}

TEST_CASE("the probe finds keys that depend on others") {
    const auto ndesd = probe_keys(kind("ndesd"));
    for (const char* name :
         {"server.listen", "issuer.client_key_file", "issuer.auth_key_file", "issuer.crl_lifetime",
          "issuer.command", "mscep.UseSinglePassword", "admin.caller[].spki_sha256",
          "profile[].scep.path", "profile[].issuer.command", "pkcs11.pin_file"}) {
        INFO(name);
        CHECK(ndesd.contains(name));
    }
    const auto crpd = probe_keys(kind("crpd"));
    for (const char* name : {"store.path", "store.connection_file", "caller[].credential[].id",
                             "challenge.sealed_signer[].san", "adapters.intune.tenant",
                             "state_messages.webhook[].url"}) {
        INFO(name);
        CHECK(crpd.contains(name));
    }
}

TEST_CASE("a key is required when the reader cannot do without, whatever else is set") {
    const auto crpd = probe_keys(kind("crpd"));
    CHECK(crpd.at("server.listen").required);
    CHECK(crpd.at("server").required);
    CHECK(crpd.at("caller[].name").required);
    CHECK_FALSE(crpd.at("store.path").required);  // not with PostgreSQL
    CHECK_FALSE(crpd.at("server.worker_threads").required);
    CHECK_FALSE(probe_keys(kind("ndesd")).at("admin").required);
}

TEST_CASE("a schema has types, limits, defaults and the sample's comments") {
    const Json schema = config_schema(kind("crpd"),
                                      "[server]   # the API\n"
                                      "listen = \"127.0.0.1:1\"   # where\n"
                                      "                           # exactly\n"
                                      "# worker_threads = 32      # handlers\n");
    const Json& server = schema.at("properties").at("server");
    CHECK(server.at("additionalProperties") == false);
    CHECK(server.at("properties").at("listen").at("description") == "where exactly");
    const Json& threads = server.at("properties").at("worker_threads");
    CHECK(threads.at("description") == "handlers");
    CHECK(threads.at("type") == "integer");
    CHECK(threads.at("default") == 32);
    CHECK(threads.at("maximum") == 256);
    const Json& roles =
        schema.at("properties").at("caller").at("items").at("properties").at("roles");
    CHECK(roles.at("items").at("type") == "string");
}

TEST_CASE("differences from the defaults are those of meaning") {
    const auto settings = settings_of(
        "[server]\ndrain_timeout = \"10000ms\"\nworker_threads = 4\n[mscep]\nEnforcePassword = "
        "true\n"
        "UseSinglePassword = 1\n[issuer]\nkind = \"local\"\ncertificate_file = \"ca.pem\"\n");
    std::vector<std::string> names;
    for (const ConfigDifference& one : differences_from_defaults(settings))
        names.push_back(one.name + "=" + one.value + "/" + one.other);
    CHECK(std::ranges::find(names, "server.worker_threads=4/16") != names.end());
    CHECK(std::ranges::find(names, "mscep.UseSinglePassword=1/0") != names.end());
    CHECK(std::ranges::find(names, "issuer.certificate_file=ca.pem/") != names.end());
    CHECK(std::ranges::none_of(names, [](const std::string& name) {
        return name.starts_with("server.drain_timeout") || name.starts_with("mscep.Enforce");
    }));
}

TEST_CASE("differences between two files name what one has alone") {
    const auto one =
        settings_of("[server]\nworker_threads = 4\n[admin]\nlisten = \"127.0.0.1:1\"\n");
    const auto other = settings_of("[server]\nworker_threads = 5\n");
    const auto found = differences(one, other);
    const auto threads = std::ranges::find(found, "server.worker_threads", &ConfigDifference::name);
    REQUIRE(threads != found.end());
    CHECK(threads->value == "4");
    CHECK(threads->other == "5");
    CHECK(threads->origin == "ndesd.toml:2");
    const auto listen = std::ranges::find(found, "admin.listen", &ConfigDifference::name);
    REQUIRE(listen != found.end());
    CHECK(listen->other == "-");
    CHECK(differences(one, one).empty());
}

TEST_CASE("passwords within values are not shown") {
    const auto shown = [](const char* value) {
        return shown_value({"x", value, "default", std::nullopt});
    };
    CHECK(shown("host=db password=secret user=x") == "host=db password=*** user=x");
    CHECK(shown("https://user:secret@example.org/a@b") == "https://user:***@example.org/a@b");
    CHECK(shown("https://example.org:8443/a") == "https://example.org:8443/a");
    CHECK(shown("keys/k1.key") == "keys/k1.key");
}
