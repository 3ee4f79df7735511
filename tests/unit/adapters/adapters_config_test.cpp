// The settings of adapters and their callers: off by default, strict, secrets from files.
#include "crp-service/adapters/adapters_config.h"

#include <sys/stat.h>

#include "crp-service/adapters/credentials.h"
#include "crp-service/adapters/intune_access.h"
#include "crp-service/config.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

constexpr const char* kBase = R"(
[server]
listen = "127.0.0.1:8443"
certificate_file = "crp.pem"
key_file = "crp.key"
client_ca_file = "ca.pem"
[health]
listen = "[::1]:8444"
[store]
path = "crp.db"
[challenge]
key_files = ["k1.key"]
pepper_files = ["pepper.key"]
scep_url = "http://scep.example.org/certsrv/mscep/mscep.dll"
ca_certificate_file = "ca.pem"
)";

constexpr const char* kStepCa = R"(
[adapters.step_ca]
enabled = true
[[caller]]
name = "step-ca-1"
roles = ["ndes"]
adapter = "step_ca"
templates = ["Phones"]
[[caller.credential]]
id = "webhook-1"
secret_files = ["a.key", "/etc/b.key"]
[[caller.credential]]
id = "webhook-2"
secret_files = ["c.key"]
)";

Result<CrpdConfig> read(const std::string& more) {
    auto file = ConfigFile::parse(kBase + more, "crpd.toml");
    if (!file) return pass_on(file);
    return read_config(*file, "/etc/crpd");
}

std::string fault_of(const std::string& more) {
    const auto config = read(more);
    return config ? "" : config.error().text;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("adapters are off unless they are switched on") {
    const std::string caller = "[[caller]]\nname = \"a\"\nroles = [\"admin\"]\nspki_sha256 = [\"" +
                               std::string(64, 'a') + "\"]\n";
    const auto config = read(caller);
    REQUIRE(config);
    CHECK(config->adapters.empty());
    const auto off = read("[adapters.step_ca]\nenabled = false\n[adapters.intune]\n" + caller);
    REQUIRE(off);
    CHECK(off->adapters.empty());
}

TEST_CASE("a caller of an adapter has credentials in the place of pins") {
    const auto config = read(kStepCa);
    REQUIRE(config);
    CHECK(config->adapters.contains("step_ca"));
    const CallerRule& caller = config->callers.front();
    CHECK(caller.adapter == "step_ca");
    REQUIRE(caller.credentials.size() == 2);
    CHECK(caller.credentials[0].id == "webhook-1");
    CHECK(caller.credentials[0].secrets[0] == "/etc/crpd/a.key");
    CHECK(caller.credentials[0].secrets[1] == "/etc/b.key");
    CHECK_FALSE(caller.names_certificate());
}

TEST_CASE("every fault of an adapter's settings is told") {
    struct Case {
        std::string settings;
        const char* told;
    };
    const std::string good = kStepCa;
    const Case cases[] = {
        {changed(good, "enabled = true", "enabled = true\nsecret = \"x\""), "unknown key"},
        {changed(good, "[adapters.step_ca]", "[adapters.stepca]"), "unknown"},
        {changed(good, "enabled = true", "enabled = false"), "must be one of [adapters]"},
        {changed(good, "adapter = \"step_ca\"", "adapter = \"other\""),
         "must be one of [adapters]"},
        {changed(good, "[\"ndes\"]", "[\"ndes\", \"admin\"]"), "\"ndes\" alone"},
        {changed(good, "[\"ndes\"]", "[\"mdm\"]"), "\"ndes\" alone"},
        {changed(good, "templates = [\"Phones\"]", ""), "must name exactly one"},
        {changed(good, "[\"Phones\"]", "[\"Phones\", \"Laptops\"]"), "must name exactly one"},
        {changed(good, "id = \"webhook-2\"", "id = \"webhook-1\""), "stands twice"},
        {changed(good, "id = \"webhook-2\"", "id = \"a b\""), "printable"},
        {changed(good, "[\"c.key\"]", "[]"), "must name one file"},
        {changed(good, "adapter = \"step_ca\"", ""), "needs `adapter`"},
        {good + "[adapters.mdm_webhook]\nenabled = true\n", "no [[caller]] has adapter"},
        {changed(good, "adapter = \"step_ca\"",
                 "adapter = \"step_ca\"\nmay_generate_challenges = true"),
         "is not for callers of an adapter"}};
    for (const Case& one : cases) {
        INFO(one.settings);
        CHECK(fault_of(one.settings).find(one.told) != std::string::npos);
    }
}

TEST_CASE("Intune's settings have to be complete") {
    const std::string good = R"(
[adapters.intune]
enabled = true
tenant = "contoso.example"
base_url = "https://crp.example.org:8443"
token_key_file = "token.key"
previous_token_key_file = "old.key"
token_lifetime = "5min"
[[caller]]
name = "ca"
roles = ["ndes"]
adapter = "intune"
templates = ["Phones"]
[[caller.credential]]
id = "client"
secret_files = ["client.secret"]
)";
    const auto config = read(good);
    INFO(fault_of(good));
    REQUIRE(config);
    const auto& intune = dynamic_cast<const Intune&>(*config->adapters.at("intune"));
    CHECK(intune.token_lifetime == std::chrono::minutes(5));
    CHECK(intune.files().size() == 2);
    CHECK(fault_of(changed(good, "contoso.example", "a/b")).find("tenant") != std::string::npos);
    CHECK(fault_of(changed(good, "https://", "http://")).find("base_url") != std::string::npos);
    CHECK(fault_of(changed(good, ":8443", ":8443/")).find("base_url") != std::string::npos);
    CHECK(fault_of(changed(good, "token_key_file = \"token.key\"", "")).find("token_key_file") !=
          std::string::npos);
    CHECK(fault_of(changed(good, "5min", "2h")).find("token_lifetime") != std::string::npos);
}

TEST_CASE("secret files are read as their adapter has them, and not by everybody") {
    TemporaryFolder folder;
    const auto load = [&](const std::string& adapter, const std::string& text, int mode = 0600) {
        const auto file = folder.path() / "secret";
        write_text_file(file, text);
        ::chmod(file.c_str(), static_cast<mode_t>(mode));
        CallerRule rule;
        rule.name = "caller";
        rule.adapter = adapter;
        rule.credentials.push_back({"id", {file}});
        return Credentials::load({rule});
    };
    const std::string base64 = to_base64(Bytes(32, 1));
    const auto step_ca = load("step_ca", base64 + "\n");
    REQUIRE(step_ca);
    CHECK(step_ca->find("step_ca", "id")->is(as_text(Bytes(32, 1))));
    CHECK(step_ca->find("intune", "id") == nullptr);
    CHECK(step_ca->find("step_ca", "other") == nullptr);
    const auto intune = load("intune", "correct horse battery\n");
    REQUIRE(intune);
    CHECK(intune->find("intune", "id")->is("correct horse battery"));
    CHECK_FALSE(load("step_ca", "not base64"));
    CHECK_FALSE(load("step_ca", to_base64(Bytes(8, 1))));
    CHECK_FALSE(load("step_ca", ""));
    CHECK_FALSE(load("intune", "short"));
    CHECK_FALSE(load("intune", "\n"));
    CHECK_FALSE(load("intune", "correct horse battery", 0644));
}

TEST_CASE("the token key is 64 hexadecimal digits") {
    TemporaryFolder folder;
    const auto file = folder.path() / "token.key";
    const auto loads = [&](const std::string& text) {
        write_text_file(file, text);
        ::chmod(file.c_str(), 0600);
        Intune intune;
        intune.token_key_files = {file};
        return intune.load().has_value();
    };
    CHECK(loads(std::string(64, 'a') + "\n"));
    CHECK_FALSE(loads(std::string(62, 'a')));
    CHECK_FALSE(loads("x" + std::string(63, 'a')));
    CHECK_FALSE(loads(""));
}
