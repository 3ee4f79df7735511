#include "scep-server/config.h"

#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;
using namespace std::chrono_literals;

namespace {

const std::string kLeast = R"(
[ra]
signing_certificate_file = "s.pem"
signing_key_file = "s.key"
encryption_certificate_file = "e.pem"
encryption_key_file = "e.key"
[issuer]
certificate_file = "ca.pem"
key_file = "ca.key"
[policy]
module = "m.so"
[journal]
path = "j.db"
key_file = "j.key"
)";

// kLeast with one more line in one of its tables, or with a table of its own.
Result<Config> with(const std::string& table, const std::string& line) {
    std::string text = kLeast;
    const std::string head = "[" + table + "]\n";
    const auto place = text.find(head);
    if (place == std::string::npos) return parse_config(text + head + line + "\n", "test.toml");
    text.insert(place + head.size(), line + "\n");
    return parse_config(text, "test.toml");
}

}  // namespace

TEST_CASE("the sample is a good configuration, and shows the defaults") {
    const auto sample = load_config(std::filesystem::path(NDES_TEST_DATA) / "../.." /
                                    "scep-server/ndesd.sample.toml");
    if (!sample) INFO(sample.error().text);
    REQUIRE(sample);
    CHECK(sample->profiles.front().ra.signing_certificate_file.filename() == "signing.pem");
    CHECK(sample->profiles.front().ra.signing_certificate_file.is_absolute());
    CHECK(sample->profiles.front().policy.module_config.filename() == "ndes_policy_crp.toml");

    const auto least = parse_config(kLeast, "test.toml");
    REQUIRE(least);
    for (const Config& config : {*sample, *least}) {
        CHECK(config.server.listen.address == "127.0.0.1");
        CHECK(config.server.listen.port == 8080);
        CHECK(config.health.port == 8081);
        CHECK(config.server.worker_threads == 16);
        CHECK(config.server.max_connections == 1024);
        CHECK(config.server.drain_timeout == 10s);
        CHECK(config.profiles.front().scep.path == "/certsrv/mscep/");
        CHECK_FALSE(config.profiles.front().scep.legacy_des_sha1);
        CHECK(config.profiles.front().scep.allow_3des);
        CHECK(config.profiles.front().scep.allow_renewal);
        CHECK(config.profiles.front().scep.max_message == 65536);
        CHECK(config.profiles.front().mscep.templates.general_purpose ==
              "IPSECIntermediateOffline");
        CHECK(config.profiles.front().issuer.backdate == 5min);
        CHECK(config.profiles.front().issuer.hash == "SHA-256");
        CHECK(config.profiles.front().issuer.default_validity_days == 365);
        CHECK(config.notify.retry_least == 1s);
        CHECK(config.notify.retry_most == 5min);
        CHECK_FALSE(config.journal.create);
        CHECK(config.log.level == "info");
    }
}

TEST_CASE("each value of NDES' registry has its default here") {
    const auto config = parse_config(kLeast, "test.toml");
    REQUIRE(config);
    const MscepConfig& mscep = config->profiles.front().mscep;
    CHECK(mscep.enforce_password);
    CHECK(mscep.templates.signature == "IPSECIntermediateOffline");
    CHECK(mscep.templates.encryption == "IPSECIntermediateOffline");
    CHECK(mscep.templates.general_purpose == "IPSECIntermediateOffline");
    CHECK(mscep.enterprise_ca);
    CHECK(mscep.configuration.empty());
    CHECK(mscep.refresh_period == std::chrono::days(7));
    CHECK(mscep.cache_request == 20min);
    CHECK(mscep.password_max == 5);
    CHECK(mscep.password_vdir == "mscep_admin");  // its letters may be in either case
    CHECK(mscep.password_validity == 60min);
    CHECK(mscep.password_length == 8);
    CHECK(mscep.hash_algorithm == "SHA256");  // not SHA1: see README
    CHECK_FALSE(mscep.disable_renewal_subject_name_match);
    CHECK_FALSE(mscep.use_single_password);
}

TEST_CASE("each value of NDES' registry is read as the registry has it") {
    const auto read = [](const std::string& line) {
        const auto config = with("mscep", line);
        if (!config) INFO(config.error().text);
        REQUIRE(config);
        return config->profiles.front().mscep;
    };
    CHECK(read("SignatureTemplate = \"A\"").templates.signature == "A");
    CHECK(read("EncryptionTemplate = \"B\"").templates.encryption == "B");
    CHECK(read("GeneralPurposeTemplate = \"C\"").templates.general_purpose == "C");
    CHECK_FALSE(read("CAType = 0").enterprise_ca);
    CHECK(read("Configuration = 'ca01\\CA'").configuration == "ca01\\CA");
    CHECK(read("RefreshPeriod = 3").refresh_period == std::chrono::days(3));
    CHECK(read("CacheRequest = 5").cache_request == 5min);
    CHECK(read("PasswordMax = 9").password_max == 9);
    CHECK(read("PasswordVDir = \"x\"").password_vdir == "x");
    CHECK(read("PasswordVDir = \"CertSrv/mscep_admin\"").password_vdir == "mscep_admin");
    CHECK(read("PasswordValidity = 5").password_validity == 5min);
    CHECK(read("PasswordLength = 16").password_length == 16);
    CHECK(read("DisableRenewalSubjectNameMatch = 1").disable_renewal_subject_name_match);
    CHECK(read("UseSinglePassword = 1").use_single_password);
    CHECK(read("EncryptedPassword = \"/e\"").encrypted_password == "/e");
    CHECK(with("mscep", "CertsInMyStore = 0"));
    CHECK_FALSE(with("mscep", "EnforcePassword = 0"));  // with a module there is always one
    CHECK_FALSE(with("mscep", "PasswordMax = 0"));
    CHECK_FALSE(with("mscep", "PasswordVDir = \"a/b\""));
}

TEST_CASE("HashAlgorithm is what the local CA signs with, unless issuer.hash says otherwise") {
    const auto hash = [](const std::string& lines, std::size_t profile = 0) {
        std::string text = kLeast;
        text.insert(text.find("[policy]"), lines);
        const auto config = parse_config(text, "test.toml");
        if (!config) INFO(config.error().text);
        REQUIRE(config);
        return config->profiles.at(profile).issuer.hash;
    };
    CHECK(hash("[mscep]\nHashAlgorithm = \"SHA384\"\n") == "SHA-384");
    CHECK(hash("[mscep]\nHashAlgorithm = \"SHA-512\"\n") == "SHA-512");
    CHECK(hash("hash = \"SHA-256\"\n[mscep]\nHashAlgorithm = \"SHA384\"\n") == "SHA-256");
    const std::string profile = "[[profile]]\nname = \"a\"\nscep.path = \"/a/\"\n";
    CHECK(hash("hash = \"SHA-512\"\n" + profile, 1) == "SHA-512");
    CHECK(hash("hash = \"SHA-512\"\n" + profile + "mscep.HashAlgorithm = \"SHA384\"\n", 1) ==
          "SHA-384");
}

TEST_CASE("every fault of a configuration is found, at its key") {
    struct Case {
        const char* table;
        const char* line;
        const char* fault;
    };
    const std::vector<Case> cases{
        {"server", "listen = \"8080\"", "listen"},
        {"server", "key_file = \"x\"", "certificate_file"},
        {"server", "certificate_file = \"x\"", "key_file"},
        {"server", "worker_threads = 0", "worker_threads"},
        {"server", "worker_threads = 257", "worker_threads"},
        {"server", "drain_timeout = 10", "drain_timeout"},
        {"server", "workers = 3", "workers"},
        {"health", "listen = \"localhost\"", "listen"},
        {"scep", "path = \"certsrv\"", "path"},
        {"scep", "path = \"/\"", "path"},
        {"scep", "path = \"/a?b\"", "path"},
        {"scep", "max_message = \"1KiB\"", "max_message"},
        {"scep", "max_message = \"65KiB\"", "max_message"},
        {"scep", "allow_3des = \"yes\"", "allow_3des"},
        {"scep", "minimum_rsa_bits = 512", "minimum_rsa_bits"},
        {"scep", "minimum_rsa_bits = 8192", "minimum_rsa_bits"},
        {"issuer", "kind = \"adcs\"", "kind"},
        {"issuer", "hash = \"SHA-1\"", "hash"},
        {"issuer", "backdate = \"2d\"", "backdate"},
        {"issuer", "default_validity = \"1h\"", "default_validity"},
        {"policy", "notify_retry_least = \"10min\"", "notify_retry_most"},
        {"journal", "create = 1", "create"},
        {"log", "level = \"loud\"", "level"},
        {"nonsense", "a = 1", "nonsense"},
    };
    for (const Case& one : cases) {
        INFO(one.table << ": " << one.line);
        const auto config = with(one.table, one.line);
        REQUIRE_FALSE(config);
        CHECK(config.error().code == ErrorCode::configuration);
        CHECK(config.error().text.find(one.fault) != std::string::npos);
    }
}

TEST_CASE("each kind of issuer has its own keys, and no other's") {
    const auto issuer = [](const std::string& lines) {
        const std::string text = kLeast;
        const auto place = text.find("[issuer]\n");
        const auto end = text.find("[policy]");
        return parse_config(text.substr(0, place) + "[issuer]\ncertificate_file = \"ca.pem\"\n" +
                                lines + text.substr(end),
                            "test.toml");
    };
    CHECK(issuer("kind = \"command\"\ncommand = [\"/bin/ca\", \"x\"]\ndeadline = \"5s\"\n"));
    CHECK(issuer("kind = \"cfssl\"\nurl = \"http://localhost:1\"\nauth_key_file = \"k\"\n"));
    CHECK(
        issuer("kind = \"est\"\nurl = \"https://localhost:1\"\nserver_ca_file = \"c\"\n"
               "client_certificate_file = \"p\"\nclient_key_file = \"k\"\n"));
    CHECK(issuer("key_uri = \"pkcs11:token=a;object=b\"\n"));
    const auto fault = [&](const std::string& lines) {
        const auto read = issuer(lines);
        REQUIRE_FALSE(read);
        return read.error().text;
    };
    CHECK(fault("kind = \"command\"\n").find("command") != std::string::npos);
    CHECK(fault("kind = \"est\"\n").find("client_key_file") != std::string::npos);
    CHECK(fault("kind = \"cfssl\"\nurl = \"http://h\"\nauth_key_file = \"k\"\nhash = \"SHA-256\"\n")
              .find("hash") != std::string::npos);
    CHECK(fault("kind = \"dogtag\"\n").find("kind") != std::string::npos);
    CHECK(fault("key_file = \"k\"\nkey_uri = \"pkcs11:a\"\n").find("key_uri") != std::string::npos);
    CHECK(fault("key_uri = \"pkcs11:a?pin-value=1\"\n").find("PIN") != std::string::npos);
}

TEST_CASE("an RA is a folder or two named pairs, not both") {
    std::string text = kLeast;
    text.insert(text.find("[ra]\n") + 5, "store = \"ra\"\n");
    const auto both = parse_config(text, "test.toml");
    REQUIRE_FALSE(both);
    CHECK(both.error().text.find("signing_key_file") != std::string::npos);
}

TEST_CASE("a profile with another kind of CA inherits nothing of the first's") {
    const auto other =
        parse_config(kLeast +
                         "[[profile]]\nname = \"a\"\nscep.path = \"/a/\"\n"
                         "issuer.kind = \"command\"\nissuer.command = [\"/bin/ca\"]\n",
                     "test.toml");
    REQUIRE_FALSE(other);
    CHECK(other.error().text.find("certificate_file") != std::string::npos);
}

TEST_CASE("all faults are told together") {
    const auto config = parse_config("[server]\nlisten = \"x\"\n[scep]\npath = \"x\"\n", "t.toml");
    REQUIRE_FALSE(config);
    for (const char* key : {"listen", "path", "signing_certificate_file", "signing_key_file",
                            "encryption_certificate_file", "encryption_key_file",
                            "certificate_file", "key_file", "module"}) {
        INFO(key);
        CHECK(config.error().text.find(key) != std::string::npos);
    }
}

TEST_CASE("what is renewed by itself needs a folder, the local issuer, and settings that name it") {
    std::string store = kLeast;
    const auto begin = store.find("signing_certificate_file");
    store.replace(begin, store.find("[issuer]") - begin, "store = \"ra\"\n");
    const auto with_all = [&](const std::string& ra, const std::string& issuer,
                              const std::string& policy) {
        std::string text = store;
        text.insert(text.find("[ra]\n") + 5, ra);
        text.insert(text.find("[issuer]\n") + 9, issuer);
        text.insert(text.find("[policy]\n") + 9, policy);
        return parse_config(text, "test.toml");
    };
    const auto good =
        with_all("auto_renew = true\nrenew_before = \"10d\"\nrenew_validity = \"90d\"\n", "",
                 "renew_client = true\nmodule_config = \"m.toml\"\nrenew_client_key = \"new\"\n");
    if (!good) INFO(good.error().text);
    REQUIRE(good);
    CHECK(good->profiles.front().ra.auto_renew);
    CHECK(good->profiles.front().ra.renew_before == 240h);
    CHECK(good->profiles.front().ra.renew_validity == 2160h);
    CHECK(good->profiles.front().policy.renew_client);
    CHECK(good->profiles.front().policy.renew_client_new_key);

    CHECK(with("ra", "auto_renew = true").error().text.find("auto_renew: needs store") !=
          std::string::npos);
    const auto other =
        with_all("auto_renew = true\n", "kind = \"command\"\ncommand = [\"/bin/issue\"]\n",
                 "renew_client = true\n");
    REQUIRE_FALSE(other);
    CHECK(other.error().text.find("auto_renew: needs issuer.kind") != std::string::npos);
    CHECK(other.error().text.find("renew_client: needs issuer.kind") != std::string::npos);
    CHECK(other.error().text.find("renew_client: needs module_config") != std::string::npos);
}

TEST_CASE("no two profiles have one path, however it is spelt") {
    const auto fault = [](const std::string& first, const std::string& second) -> std::string {
        const auto config =
            parse_config(kLeast + "[[profile]]\nname = \"a\"\nscep.path = \"" + first +
                             "\"\n[[profile]]\nname = \"b\"\nscep.path = \"" + second + "\"\n",
                         "test.toml");
        return config ? "" : config.error().text;
    };
    CHECK(fault("/a/", "/b/").empty());
    CHECK(fault("/a/", "/a/b/").empty());
    for (const char* same : {"/a/b/", "/A/b/", "/a/b", "/a/B//"}) {
        CAPTURE(same);
        CHECK(fault("/a/b/", same).find("is another profile's") != std::string::npos);
    }
    CHECK(fault("/certsrv/MSCEP", "/b/").find("is required, and its own") != std::string::npos);
}
