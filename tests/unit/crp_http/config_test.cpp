// crpd's settings: the sample is good, and every fault is told.
#include "crp-service/config.h"

#include <fstream>
#include <sstream>

#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

constexpr const char* kGood = R"(
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
key_files = ["k1.key", "/etc/k0.key"]
pepper_files = ["pepper.key"]
scep_url = "http://scep.example.org/certsrv/mscep/mscep.dll"
ca_certificate_file = "ca.pem"
[[caller]]
name = "ndes-1"
roles = ["ndes"]
spki_sha256 = ["AB00000000000000000000000000000000000000000000000000000000000000"]
may_generate_challenges = true
[[caller]]
name = "mdm-1"
roles = ["mdm", "admin"]
issuer = "CN=Client CA,O=Example"
san = "dns:mdm.example.org"
)";

Result<CrpdConfig> read(const std::string& toml) {
    auto file = ConfigFile::parse(toml, "crpd.toml");
    if (!file) return pass_on(file);
    return read_config(*file, "/etc/crpd");
}

// kGood with its first `from` made `to`.
std::string changed(std::string from, std::string to) {
    std::string text = kGood;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a configuration is read with its defaults") {
    const auto config = read(kGood);
    REQUIRE(config);
    CHECK(config->server.address == "127.0.0.1");
    CHECK(config->server.port == 8443);
    CHECK(config->health.address == "::1");
    CHECK(config->health.port == 8444);
    CHECK(config->tls_files.allow_tls12);
    CHECK(config->tls_files.client_crl.empty());
    CHECK(config->server.worker_threads == 32);
    CHECK(config->server.limits.connections == 1024);
    CHECK(config->server.limits.body_octets == 128 * 1024);
    CHECK(config->drain_timeout == 10s);
    CHECK(config->store.kind == "sqlite");
    CHECK(config->store.readers == 8);
    REQUIRE(config->challenge.files.keys.size() == 2);
    CHECK(config->challenge.files.keys[0] == "/etc/crpd/k1.key");
    CHECK(config->challenge.files.keys[1] == "/etc/k0.key");
    CHECK(config->validation.clock_tolerance == 300s);
    CHECK_FALSE(config->validation.skip_template_check);
    CHECK(config->state_messages.inbox.empty());
    CHECK(config->state_messages.dispatch.retry_most == 1h);
    CHECK(config->log.least == Severity::info);
    REQUIRE(config->callers.size() == 2);
    CHECK(config->callers[0].spki_sha256[0].starts_with("ab00"));
    CHECK(config->callers[0].may_generate_challenges);
    CHECK(config->callers[1].roles.has(Role::admin));
    CHECK(config->callers[1].san == SubjectAltName{SubjectAltNameType::dns, "mdm.example.org"});
}

TEST_CASE("the sample file is a good configuration") {
    auto config =
        read_config(std::filesystem::path(NDES_SOURCE_DIR "/crp-service/crpd.sample.toml"));
    INFO((config ? "" : config.error().text));
    REQUIRE(config);
    CHECK(config->callers.size() == 1);
    CHECK(config->store.path == NDES_SOURCE_DIR "/crp-service/crp.db");
}

TEST_CASE("every key that the sample shows as a default is a key, and is the default") {
    // The sample with the comment signs before "key = value" taken away.
    std::ifstream file(NDES_SOURCE_DIR "/crp-service/crpd.sample.toml");
    std::string text, line;
    bool in_optional_table = false;  // an example of a table; its keys have no default
    while (std::getline(file, line)) {
        in_optional_table = line.starts_with("# [[") || (in_optional_table && !line.empty());
        if (in_optional_table) continue;
        const bool alternative = line.starts_with("# issuer") || line.starts_with("# san") ||
                                 line.starts_with("# client_crl_file") ||
                                 line.starts_with("# connection") || line.starts_with("# node");
        if (line.starts_with("# ") && line.find(" = ") != std::string::npos && !alternative) {
            line.erase(0, 2);
        }
        text += line + "\n";
    }
    const auto config = read(text);
    INFO((config ? "" : config.error().text));
    REQUIRE(config);
    const auto plain =
        read_config(std::filesystem::path(NDES_SOURCE_DIR "/crp-service/crpd.sample.toml"));
    REQUIRE(plain);
    CHECK(config->server.worker_threads == plain->server.worker_threads);
    CHECK(config->server.limits.connections == plain->server.limits.connections);
    CHECK(config->server.limits.connections_per_address ==
          plain->server.limits.connections_per_address);
    CHECK(config->server.limits.queued_requests == plain->server.limits.queued_requests);
    CHECK(config->server.limits.body_octets == plain->server.limits.body_octets);
    CHECK(config->drain_timeout == plain->drain_timeout);
    CHECK(config->validation.clock_tolerance == plain->validation.clock_tolerance);
    CHECK(config->state_messages.dispatch.poll_interval ==
          plain->state_messages.dispatch.poll_interval);
    CHECK(config->state_messages.dispatch.retry_least ==
          plain->state_messages.dispatch.retry_least);
    CHECK(config->state_messages.dispatch.retry_most == plain->state_messages.dispatch.retry_most);
}

TEST_CASE("each fault is told by its key") {
    struct Case {
        const char* name;
        const char* from;
        const char* to;
        const char* told;
    };
    const Case one = GENERATE(values<Case>({
        {"unknown key", "[health]", "[health]\nlisten_on = 1", "listen_on"},
        {"no listen address", "listen = \"127.0.0.1:8443\"", "", "listen"},
        {"bad listen address", "127.0.0.1:8443", "localhost", "listen"},
        {"no key files", "[\"k1.key\", \"/etc/k0.key\"]", "[]", "key_files"},
        {"scheme", "http://scep", "ftp://scep", "scep_url"},
        {"role", "[\"ndes\"]", "[\"root\"]", "roles"},
        {"no role", "[\"ndes\"]", "[]", "roles"},
        {"short pin", "AB00", "AB", "spki_sha256"},
        {"pin that is not hexadecimal", "AB00", "XY00", "spki_sha256"},
        {"issuer without SAN", "san = \"dns:mdm.example.org\"", "", "issuer"},
        {"kind of SAN", "dns:mdm", "host:mdm", "san"},
        {"empty SAN", "dns:mdm.example.org", "dns:", "san"},
        {"issuer that is no name", "CN=Client CA,O=Example", "Client CA", "issuer"},
        {"pins and names", "issuer = ",
         "spki_sha256 = [\"AC00000000000000000000000000000000000000000000000000000000000000\"]\n"
         "issuer = ",
         "spki_sha256"},
        {"name used twice", "mdm-1", "ndes-1", "name"},
        {"flag of another role", "[\"ndes\"]", "[\"mdm\"]", "may_generate_challenges"},
        {"store of an unknown kind", "path = \"crp.db\"", "path = \"crp.db\"\nkind = \"oracle\"",
         "kind"},
        {"no unit", "[health]", "drain_timeout = 10\n[health]", "drain_timeout"},
        {"range", "[health]", "worker_threads = 0\n[health]", "worker_threads"},
        {"back-off", "[health]",
         "[state_messages]\nretry_least = \"2min\"\nretry_most = \"1min\"\n[health]", "retry_most"},
    }));
    INFO(one.name);
    const auto config = read(changed(one.from, one.to));
    REQUIRE_FALSE(config);
    CHECK(config.error().code == ErrorCode::configuration);
    INFO(config.error().text);
    CHECK(config.error().text.find(one.told) != std::string::npos);
}

TEST_CASE("what an MDM seals is bound by its caller entry and the callers' CRL") {
    std::string text = changed("client_ca_file = \"ca.pem\"",
                               "client_ca_file = \"ca.pem\"\nclient_crl_file = \"crl.pem\"");
    text += R"(
valid_from = "2027-01-01T00:00:00Z"
valid_until = "2028-01-01T00:00:00Z"
templates = ["Phones"]
[[challenge.sealed_recipient]]
certificate_file = "seal.pem"
key_file = "seal.key"
[[challenge.sealed_signer]]
owner = "mdm-1"
certificate_files = ["mdm.pem"]
)";
    text.insert(text.find("[[caller]]"), "audience = \"crp-1\"\n");
    const auto config = read(text);
    INFO((config ? "" : config.error().text));
    REQUIRE(config);
    const ChallengeKeyFiles& files = config->challenge.files;
    CHECK(files.client_ca == config->tls_files.client_ca);
    CHECK(files.client_crl == config->tls_files.client_crl);
    CHECK_FALSE(files.client_crl.empty());
    REQUIRE(files.signers.size() == 1);
    CHECK(files.signers[0].validity.from == from_rfc3339("2027-01-01T00:00:00Z").value());
    CHECK(files.signers[0].validity.until == from_rfc3339("2028-01-01T00:00:00Z").value());
    CHECK(config->validation.templates_of.at("mdm-1") == std::vector<std::string>{"Phones"});
    CHECK_FALSE(config->validation.templates_of.contains("ndes-1"));
}

TEST_CASE("the same pin for two callers is a fault") {
    const std::string pin(64, '1');
    const std::string two =
        "\n[[caller]]\nname = \"a\"\nroles = [\"mdm\"]\nspki_sha256 = [\"" + pin +
        "\"]\n[[caller]]\nname = \"b\"\nroles = [\"admin\"]\nspki_sha256 = [\"" + pin + "\"]\n";
    const auto config = read(kGood + two);
    REQUIRE_FALSE(config);
    CHECK(config.error().text.find("another caller") != std::string::npos);
}

TEST_CASE("a configuration without callers is none") {
    std::string text = kGood;
    const auto config = read(text.substr(0, text.find("[[caller]]")));
    REQUIRE_FALSE(config);
    CHECK(config.error().text.find("caller") != std::string::npos);
}

TEST_CASE("all faults are told together") {
    std::string text = changed("[\"ndes\"]", "[\"root\"]");
    text.replace(text.find("http://scep"), 4, "gone");
    const auto config = read(text);
    REQUIRE_FALSE(config);
    CHECK(config.error().text.find("roles") != std::string::npos);
    CHECK(config.error().text.find("scep_url") != std::string::npos);
}
