// The module's settings: what is taken, and one bad sample for each way to be refused.
#include "policy-module/core/config.h"

#include "tests/catch.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using std::chrono::milliseconds;

Result<ModuleConfig> read(const std::string& toml) {
    auto file = ConfigFile::parse(toml, "module.toml");
    REQUIRE(file);
    return read_module_config(*file);
}

const std::string kRequired =
    "[crp]\n"
    "urls = [\"https://crp.example.org:8443/CMCertificateRegistration\"]\n"
    "server_ca_file = \"/etc/ndes/ca.pem\"\n";
const std::string kFiles =
    "certificate_file = \"/etc/ndes/client.pem\"\n"
    "key_file = \"/etc/ndes/client.key\"\n";

}  // namespace

TEST_CASE("a CRP address is taken apart") {
    const auto [url, host, port, path] =
        GENERATE(table<std::string, std::string, int, std::string>({
            {"https://crp.example.org/CMCertificateRegistration", "crp.example.org", 443,
             "/CMCertificateRegistration"},
            {"https://CRP.Example.org:8443/CMCertificateRegistration/", "crp.example.org", 8443,
             "/CMCertificateRegistration"},
            {"https://127.0.0.1:1/CertificateRegistrationSvc", "127.0.0.1", 1,
             "/CertificateRegistrationSvc"},
            {"https://a/behind/proxy/CMCertificateRegistration", "a", 443,
             "/behind/proxy/CMCertificateRegistration"},
        }));
    auto address = parse_crp_url(url);
    REQUIRE(address);
    CHECK(address->host == host);
    CHECK(address->port == port);
    CHECK(address->base_path == path);
}

TEST_CASE("an address that is not a CRP's is refused, saying why") {
    const auto [url, why] = GENERATE(table<std::string, std::string>({
        {"", "https://"},
        {"http://crp/CMCertificateRegistration", "https://"},
        {"crp.example.org", "https://"},
        {"https:///CMCertificateRegistration", "host name is missing"},
        {"https://user@crp/CMCertificateRegistration", "user name"},
        {"https://[::1]/CMCertificateRegistration", "IPv6"},
        {"https://[::1]:443/CMCertificateRegistration", "IPv6"},
        {"https://a b/CMCertificateRegistration", "host name has"},
        {"https://crp:/CMCertificateRegistration", "port"},
        {"https://crp:0/CMCertificateRegistration", "port"},
        {"https://crp:65536/CMCertificateRegistration", "port"},
        {"https://crp:80x/CMCertificateRegistration", "port"},
        {"https://crp", "path must end"},
        {"https://crp/", "path must end"},
        {"https://crp/api/v1", "path must end"},
        {"https://crp/CMCertificateRegistration?x=1", "path may hold"},
        {"https://crp/CMCertificateRegistration#x", "path may hold"},
        {"https://crp/%43MCertificateRegistration", "path may hold"},
    }));
    CAPTURE(url);
    auto address = parse_crp_url(url);
    REQUIRE_FALSE(address);
    CHECK(address.error().text.find(why) != std::string::npos);
}

TEST_CASE("required settings are enough, the rest has its default") {
    auto config = read(kRequired + kFiles);
    REQUIRE(config);
    CHECK(config->crps.at(0).host == "crp.example.org");
    CHECK(config->certificate_file == "/etc/ndes/client.pem");
    CHECK(config->key_file == "/etc/ndes/client.key");
    CHECK(config->server_ca_file == "/etc/ndes/ca.pem");
    CHECK(config->attempt_timeout == milliseconds(5'000));
    CHECK(config->total_timeout == milliseconds(12'000));
    CHECK(config->attempts == 3);
}

TEST_CASE("every setting is taken") {
    auto config = read(kRequired + kFiles +
                       "attempt_timeout = \"250ms\"\ntotal_timeout = \"1min\"\nattempts = 10\n"
                       "max_calls = 7\ncircuit_failures = 2\ncircuit_least = \"1s\"\n"
                       "circuit_most = \"1min\"\n");
    REQUIRE(config);
    CHECK(config->max_calls == 7);
    CHECK(config->circuit_failures == 2);
    CHECK(config->circuit_least == milliseconds(1'000));
    CHECK(config->circuit_most == milliseconds(60'000));
    CHECK(config->attempt_timeout == milliseconds(250));
    CHECK(config->total_timeout == milliseconds(60'000));
    CHECK(config->attempts == 10);
}

TEST_CASE("a wrong setting stops the start and is named") {
    const auto [line, key] = GENERATE(table<std::string, std::string>({
        {"attempts = 0\n", "attempts"},
        {"attempts = 11\n", "attempts"},
        {"attempt_timeout = \"5\"\n", "attempt_timeout"},
        {"attempt_timeout = \"50ms\"\n", "attempt_timeout"},
        {"attempt_timeout = \"2min\"\n", "attempt_timeout"},
        {"total_timeout = \"4s\"\n", "total_timeout"},
        {"atempts = 3\n", "atempts"},
        {"max_calls = 0\n", "max_calls"},
        {"circuit_failures = 0\n", "circuit_failures"},
        {"circuit_least = \"20s\"\n", "circuit_most"},
        {"certificate_issuer = \"CN=CA\"\n", "certificate_issuer"},
        {"certificate_store = \"store\"\n", "certificate_store"},
        {"url = \"https://crp/CMCertificateRegistration\"\n", "url"},
    }));
    auto config = read(kRequired + kFiles + line);
    REQUIRE_FALSE(config);
    CHECK(config.error().code == ErrorCode::configuration);
    CHECK(config.error().text.find(key) != std::string::npos);
}

TEST_CASE("several CRPs are kept in their order, each once") {
    const std::string rest = "server_ca_file = \"/a\"\n" + kFiles;
    const auto with = [&](const std::string& urls) {
        return read("[crp]\nurls = [" + urls + "]\n" + rest);
    };
    const std::string one = "\"https://a/CMCertificateRegistration\"";
    const std::string two = "\"https://b:8443/CertificateRegistrationSvc\"";
    auto config = with(two + ", " + one);
    REQUIRE(config);
    REQUIRE(config->crps.size() == 2);
    CHECK(config->crps[0].host == "b");
    CHECK(config->crps[0].port == 8443);
    CHECK(config->crps[1].host == "a");
    CHECK_FALSE(with(""));
    CHECK_FALSE(with("\"\""));
    CHECK(with(one + ", " + one).error().text.find("twice") != std::string::npos);
    std::string nine = one;
    for (int i = 0; i < 8; ++i)
        nine += ", \"https://h" + std::to_string(i) + "/CMCertificateRegistration\"";
    CHECK(with(nine).error().text.find("1 to 8") != std::string::npos);
}

TEST_CASE("a store stands in place of the two files, with or without an issuer") {
    auto config = read(kRequired + "certificate_store = \"/etc/ndes/store\"\n");
    REQUIRE(config);
    CHECK(config->certificate_store == "/etc/ndes/store");
    CHECK_FALSE(config->certificate_issuer);
    config = read(kRequired + "certificate_store = \"s\"\ncertificate_issuer = \"CN=NDES CA\"\n");
    REQUIRE(config);
    CHECK(config->certificate_issuer->to_text() == "CN=NDES CA");
    CHECK(read(kRequired + "certificate_store = \"s\"\ncertificate_issuer = \"NDES\"\n")
              .error()
              .text.find("certificate_issuer") != std::string::npos);
}

TEST_CASE("all faults of a file are told together") {
    auto config = read("[crp]\nurls = [\"http://crp\"]\nattempts = 0\n");
    REQUIRE_FALSE(config);
    for (const char* key : {"urls", "attempts", "certificate_file", "key_file", "server_ca_file"}) {
        CAPTURE(key);
        CHECK(config.error().text.find(key) != std::string::npos);
    }
}

TEST_CASE("the module needs a settings file") {
    auto config = load_module_config({});
    REQUIRE_FALSE(config);
    CHECK(config.error().text.find("policy.module_config") != std::string::npos);
    CHECK_FALSE(load_module_config("/nonexistent/module.toml"));
}
