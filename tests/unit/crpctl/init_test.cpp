// crpctl init without its files and programs: answers, the plan that never overwrites, the PKI it
// makes, the configuration text, the commands it tells.
#include <fstream>

#include <sys/stat.h>

#include "common/config/config_file.h"
#include "common/crypto/certificate.h"
#include "common/file.h"
#include "crp-service/cli/init/config_text.h"
#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_config.h"
#include "crp-service/cli/init/init_input.h"
#include "crp-service/cli/init/init_next.h"
#include "crp-service/cli/init/init_pki.h"
#include "crp-service/cli/init/init_plan.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp::cli;

namespace {

InitInput input_of(std::map<std::string, std::string> options) {
    options.emplace("root", "/nowhere");
    return {std::move(options), {}, false};
}

InitAnswers answers_of(std::map<std::string, std::string> options) {
    options.emplace("module", "/proc/self/exe");  // any file will do
    return collect_answers(input_of(std::move(options))).value();
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("answers have defaults that follow from others") {
    const InitAnswers local = answers_of({{"public_url", "http://localhost:8088"}});
    CHECK(local.get("scep_listen") == "127.0.0.1:8088");
    CHECK(local.get("crp_listen") == "127.0.0.1:8443");
    CHECK(local.get("dir") == "/nowhere/etc/ndes-crp");
    CHECK(local.get("start") == "hand");
    CHECK(local.own_ca());
    CHECK(scep_url(local) == "http://localhost:8088/certsrv/mscep/mscep.dll");
    CHECK(scep_path(local) == "/certsrv/mscep/");

    const InitAnswers proxied = answers_of({{"public_url", "https://scep.example.org/a/b"}});
    CHECK(proxied.get("scep_listen") == "127.0.0.1:8080");
    CHECK(scep_url(proxied) == "https://scep.example.org/a/b");
    CHECK(scep_path(proxied) == "/a/");
    CHECK(answers_of({{"public_url", "http://scep.example.org:8088"}}).get("scep_listen") ==
          "0.0.0.0:8088");
}

TEST_CASE("what is missing or wrong is told all at once") {
    const auto missing = collect_answers(input_of({{"role", "crp"}}));
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::bad_request);
    CHECK(missing.error().text.find("--public-url") != std::string::npos);
    CHECK(missing.error().text.find("--crp-host") != std::string::npos);

    const auto wrong = collect_answers(
        input_of({{"role", "crp"}, {"public_url", "x"}, {"crp_host", "a b"}, {"module", "/x"}}));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().text.find("--public-url: \"x\"") != std::string::npos);
    CHECK(wrong.error().text.find("--crp-host: \"a b\"") != std::string::npos);
    CHECK(wrong.error().text.find("--module: is not asked") != std::string::npos);
}

TEST_CASE("an option comes before the answers file, whose paths are its own") {
    const test::TemporaryFolder folder;
    const auto file = folder.path() / "answers.toml";
    std::ofstream(folder.path() / "module.so") << "x";
    std::ofstream(file) << "public_url = \"http://localhost:1111\"\nmdm_name = \"told\"\n"
                           "module = \"module.so\"\n";
    InitInput input{{{"mdm_name", "typed"}, {"root", "/nowhere"}}, file, false};
    const auto answers = collect_answers(input);
    REQUIRE(answers);
    CHECK(answers->get("mdm_name") == "typed");
    CHECK(answers->get("public_url") == "http://localhost:1111");
    CHECK(answers->get("module") == (folder.path() / "module.so").string());
}

TEST_CASE("a plan writes all or nothing") {
    const test::TemporaryFolder folder;
    const auto below = folder.path() / "a" / "b";
    InitPlan plan;
    plan.folder(below, 0700, {});
    plan.file(below / "key", "secret", 0600, {});
    plan.file(below / "text", "text", 0644, {});
    plan.made_later(folder.path() / "db");
    REQUIRE(plan.check_nothing_exists());
    REQUIRE(plan.write());
    CHECK(read_file(below / "key").value() == "secret");
    CHECK(mode_of(below / "key") == 0600);
    CHECK(mode_of(below / "text") == 0644);
    CHECK(mode_of(below) == 0700);

    SECTION("what is there is named, all of it") {
        std::ofstream(folder.path() / "db") << "x";
        const auto again = plan.check_nothing_exists();
        REQUIRE_FALSE(again);
        CHECK(again.error().code == ErrorCode::conflict);
        for (const char* name : {"a/b/key", "a/b/text", "/db"})
            CHECK(again.error().text.find(name) != std::string::npos);
    }
    SECTION("undo leaves nothing of its own, and what is not its own") {
        std::ofstream(folder.path() / "a" / "other") << "x";
        plan.undo();
        CHECK_FALSE(std::filesystem::exists(below));
        CHECK(std::filesystem::exists(folder.path() / "a" / "other"));
    }
}

TEST_CASE("a write that fails takes back what it made") {
    const test::TemporaryFolder folder;
    InitPlan plan;
    plan.folder(folder.path() / "new", 0755, {});
    plan.file(folder.path() / "new" / "one", "1", 0644, {});
    plan.file(folder.path() / "missing" / "two", "2", 0644, {});  // no such folder
    CHECK_FALSE(plan.write());
    CHECK_FALSE(std::filesystem::exists(folder.path() / "new"));
}

TEST_CASE("the PKI made here fits together") {
    const InitAnswers answers = answers_of({{"public_url", "http://localhost:8088"}});
    const auto pki = make_pki(answers);
    REQUIRE(pki);
    const auto first = [](const std::string& pem) {
        return certificates_from_pem(pem).value().front();
    };
    const Certificate ca = first(pki->ca.certificate);
    const Certificate tls = first(pki->tls_ca.certificate);
    CHECK(ca.is_self_signed());
    CHECK(first(pki->ra_signing.certificate).is_issued_by(ca));
    CHECK(first(pki->ra_signing.certificate).has_key_usage(KeyUsage::digital_signature));
    CHECK_FALSE(first(pki->ra_signing.certificate).has_key_usage(KeyUsage::key_encipherment));
    CHECK(first(pki->ra_encryption.certificate).has_key_usage(KeyUsage::key_encipherment));
    for (const PemPair* one : {&pki->crp, &pki->site, &pki->admin, &pki->mdm}) {
        CHECK(first(one->certificate).is_issued_by(tls));
        CHECK_FALSE(first(one->certificate).is_issued_by(ca));
        CHECK_FALSE(one->key.empty());
    }
    CHECK(first(pki->crp.certificate).has_extended_key_usage("1.3.6.1.5.5.7.3.1"));
    CHECK(first(pki->module.certificate).has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
    CHECK(pki->crp_ca == pki->tls_ca.certificate);
}

TEST_CASE("what ndesd's own CA can renew is of that CA, and crpd knows it by its key alone") {
    const InitAnswers answers = answers_of({{"public_url", "http://localhost:8088"}});
    const auto pki = make_pki(answers);
    REQUIRE(pki);
    const Certificate module = certificates_from_pem(pki->module.certificate).value().front();
    CHECK(module.is_issued_by(certificates_from_pem(pki->ca.certificate).value().front()));
    CHECK(certificates_from_pem(pki->client_ca).value().size() == 2);
    const InitLayout layout(answers);
    CHECK(layout.module_store == "/nowhere/var/lib/ndesd/module");
    CHECK(ndesd_config_text(answers, layout, *pki)->find("renew_client = true") !=
          std::string::npos);
    CHECK(module_config_text(answers, layout).find(layout.module_store.string()) !=
          std::string::npos);
    const std::string crpd = crpd_config_text(answers, layout, *pki).value();
    CHECK(crpd.find("spki_sha256 = [\"" + module.spki_sha256() + "\"]") != std::string::npos);
    CHECK(crpd.find("san = ") == std::string::npos);

    const InitAnswers other = answers_of({{"public_url", "http://localhost:8088"}, {"pki", "own"}});
    auto foreign = make_pki(other);
    REQUIRE(foreign);
    foreign->module.certificate = pki->admin.certificate;  // of another CA: nobody here renews it
    CHECK(ndesd_config_text(other, layout, *foreign)->find("renew_client") == std::string::npos);
}

TEST_CASE("configuration text is TOML, whatever it says") {
    ConfigText text("two\nlines");
    text.text("plain", "a \"quoted\" \\ text", "why");
    text.table("t");
    text.list("items", {"one", "t\twο"});
    const auto parsed = ConfigFile::parse(text.str(), "x.toml");
    REQUIRE(parsed);
    ConfigFile file = *parsed;
    CHECK(file.root().text("plain", "") == "a \"quoted\" \\ text");
    CHECK(text.str().starts_with("# two\n# lines\n"));
}

TEST_CASE(
    "behind a proxy the enrolment that is told goes to ndesd itself, and the proxy is named") {
    const auto next_of = [](std::map<std::string, std::string> options) {
        const InitAnswers answers = answers_of(std::move(options));
        return next_commands(answers, InitLayout(answers));
    };
    const std::string proxied = next_of({{"public_url", "https://scep.example.org"}});
    CHECK(proxied.find("pki --scep --url http://127.0.0.1:8080/certsrv/mscep/mscep.dll ") !=
          std::string::npos);
    CHECK(proxied.find("# devices come by https://scep.example.org/certsrv/mscep/mscep.dll: have a "
                       "proxy there forward it to 127.0.0.1:8080\n") != std::string::npos);
    CHECK(next_of({{"public_url", "http://scep.example.org"}}).find("forward it to") !=
          std::string::npos);
    const std::string direct = next_of({{"public_url", "http://localhost:8088"}});
    CHECK(direct.find("forward it to") == std::string::npos);
    CHECK(direct.find("--url http://localhost:8088/certsrv/") != std::string::npos);
}

TEST_CASE("the commands that are told quote what a shell would take apart") {
    const InitAnswers answers = answers_of({{"public_url", "http://localhost:8088"},
                                            {"dir", "/nowhere/it's here"},
                                            {"policy_subject", "CN={{DeviceName}},OU=A\\,B,O=C"}});
    const std::string next = next_commands(answers, InitLayout(answers));
    CHECK(next.find("'/nowhere/it'\\''s here/crpd/crpd.toml'") != std::string::npos);
    CHECK(next.find("'O=C,OU=A\\,B,CN=device-1'") != std::string::npos);
}
