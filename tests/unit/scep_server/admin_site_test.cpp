// The admin site: who may have a challenge, and what the page says to programs that read it.
#include "scep-server/http/admin_endpoint.h"

#include <regex>

#include "scep-server/http/admin_pages.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/admin_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::AdminBench;
using test::FakePolicy;
using test::Lab;
using test::read_page;

namespace {

// As an MDM finds it.
std::string challenge_in(const std::string& octets) {
    const std::string page = read_page(octets);
    static const std::regex pattern("The enrollment challenge password is: <B> (\\S*)",
                                    std::regex::icase);
    std::smatch match;
    return std::regex_search(page, match, pattern) ? match[1].str() : std::string();
}

}  // namespace

TEST_CASE("the page shows thumbprint and a one-time challenge") {
    Lab lab;
    AdminBench bench(lab);
    bench.caller("mdm", {"*"}, false);
    const auto page = bench.get_as("mdm", "");
    CHECK(page.status == 200);
    CHECK(page.content_type == "text/html; charset=utf-16");
    const std::string first = challenge_in(page.body);
    CHECK(first.size() == 16);
    CHECK(read_page(page.body).find("is: <B> " + md5_thumbprint(lab.ca) + " </B>") !=
          std::string::npos);
    CHECK(read_page(page.body).find("will expire within 60 minutes") != std::string::npos);
    const std::string second = challenge_in(bench.get_as("mdm", "", "/CertSrv/MSCEP_admin").body);
    CHECK(second.size() == 16);
    CHECK(second != first);
    CHECK(bench.log.text().find(first) == std::string::npos);
    CHECK(bench.get_as("mdm", "", "/certsrv/other/").status == 404);
}

TEST_CASE("PasswordVDir is the one folder of the site; empty, every folder is") {
    const auto status = [](const std::string& folder, const std::string& path) {
        Lab lab;
        lab.profile().mscep.password_vdir = folder;
        AdminBench bench(lab);
        bench.caller("mdm", {"*"}, false);
        return bench.get_as("mdm", "", path).status;
    };
    CHECK(status("passwords", "/certsrv/passwords/") == 200);
    CHECK(status("passwords", "/certsrv/Passwords") == 200);
    CHECK(status("passwords", "/certsrv/mscep_admin/") == 404);
    CHECK(status("passwords", "/passwords/") == 404);
    CHECK(status("", "/certsrv/mscep_admin/") == 200);
    CHECK(status("", "/certsrv/anything/") == 200);
    CHECK(status("", "/elsewhere/") == 404);
}

TEST_CASE("the two operations answer in plain text") {
    Lab lab;
    AdminBench bench(lab);
    bench.caller("mdm", {"Signature", "Encryption", "GeneralPurpose"}, false);
    const auto challenge = bench.get_as("mdm", "operation=NDESGenerateChallenge&keyUsage=0x80");
    CHECK(challenge.status == 200);
    CHECK(challenge.body.size() == 16);
    CHECK(bench.get_as("mdm", "operation=NDESGetCACertThumbprint").body == md5_thumbprint(lab.ca));
    CHECK(bench.get_as("mdm", "operation=NDESGenerateChallenge&keyUsage=7").status == 400);
    CHECK(bench.get_as("mdm", "operation=Nonsense").status == 400);
    CHECK(bench.get_as("mdm", "profile=none").status == 404);
}

TEST_CASE("with a module the challenge is the module's, for the template and Params named") {
    Lab lab;
    FakePolicy module;
    std::string asked;
    module.on_generate = [&](std::string_view name, std::string_view params) {
        asked = std::string(name) + "|" + std::string(params);
        return Result<std::string>("a<b>&\"c");
    };
    AdminBench bench(lab, &module);
    bench.caller("mdm", {"*"}, false);
    const auto plain = bench.get_as(
        "mdm", "operation=NDESGenerateChallenge&keyUsage=0x20&Params=deviceId%3Dd%26policyId%3Dp");
    CHECK(plain.body == "a<b>&\"c");
    CHECK(asked == "Encryption|deviceId=d&policyId=p");
    CHECK(read_page(bench.get_as("mdm", "").body).find("a&lt;b&gt;&amp;&quot;c") !=
          std::string::npos);
    module.on_generate = [](std::string_view, std::string_view) -> Result<std::string> {
        return fail(ErrorCode::unavailable, "the CRP is away");
    };
    CHECK(bench.get_as("mdm", "operation=NDESGenerateChallenge").status == 503);
    module.on_generate = [](std::string_view, std::string_view) -> Result<std::string> {
        return fail(ErrorCode::internal, "secret detail");
    };
    const auto refused = bench.get_as("mdm", "operation=NDESGenerateChallenge");
    CHECK(refused.status == 500);
    CHECK(refused.body.find("secret") == std::string::npos);
}

TEST_CASE("a full cache and a missing permission are said in the original's words") {
    Lab lab;
    lab.profile().mscep.password_max = 2;
    AdminBench bench(lab);
    bench.caller("mdm", {"*"}, false);
    bench.caller("clerk", {"Signature", "Encryption"}, true);
    for (int i = 0; i < 2; ++i)
        CHECK_FALSE(challenge_in(bench.get_as("mdm", "").body).empty());
    const auto full = bench.get_as("mdm", "");
    CHECK(full.status == 200);  // as the original, whose readers look no further otherwise
    CHECK(read_page(full.body).find("The password cache is full.") != std::string::npos);
    CHECK(challenge_in(full.body).empty());
    CHECK(bench.get_as("mdm", "operation=NDESGenerateChallenge").status == 503);
    const auto refused = bench.get_as("clerk", "");
    CHECK(refused.status == 200);
    CHECK(read_page(refused.body)
              .find("You do not have sufficient permission to enroll with SCEP.") !=
          std::string::npos);
    CHECK(bench.get_as("clerk", "operation=NDESGenerateChallenge").status == 403);
    lab.clock.advance(std::chrono::minutes(61));
    CHECK_FALSE(challenge_in(bench.get_as("mdm", "").body).empty());
}

TEST_CASE("a stand-alone CA asks for its administrator") {
    Lab lab;
    lab.profile().mscep.enterprise_ca = false;
    AdminBench bench(lab);
    bench.caller("mdm", {"*"}, false);
    bench.caller("chief", {}, true);
    CHECK(challenge_in(bench.get_as("mdm", "").body).empty());
    CHECK_FALSE(challenge_in(bench.get_as("chief", "").body).empty());
}

TEST_CASE("nobody gets in without a certificate on the list or a good password") {
    Lab lab;
    AdminBench bench(lab);
    bench.caller("mdm", {"*"}, false);
    const auto line = hash_password("mdm", "correct horse", system_random());
    REQUIRE(line);
    test::write_text(lab.folder / "users", "# users\n" + *line + "\n");
    std::filesystem::permissions(lab.folder / "users", std::filesystem::perms::owner_read);
    auto file = PasswordFile::load(lab.folder / "users");
    REQUIRE(file);
    bench.passwords = std::make_shared<PasswordFile>(std::move(*file));
    const http::Peer stranger = bench.peer_of("stranger");
    const auto with = [&](const std::string& text) {
        return bench
            .call("GET", "/certsrv/mscep_admin/?operation=NDESGetCACertThumbprint", stranger, "",
                  text.empty() ? "" : "Basic " + to_base64(as_bytes(text)))
            .status;
    };
    CHECK(with("") == 401);
    CHECK(with("mdm:correct horse") == 200);
    for (const char* wrong : {"mdm:wrong", "mdm:", "nobody:correct horse", "mdm", ":"})
        CHECK(with(wrong) == 401);
    CHECK(with("mdm:correct horse") == 429);  // five wrong ones
    lab.clock.advance(std::chrono::seconds(61));
    CHECK(with("mdm:correct horse") == 200);
    http::Peer expired = stranger;
    expired.certificate_error = "certificate has expired";
    CHECK(read_page(bench.call("GET", "/certsrv/mscep_admin/", expired).body).find("has expired") !=
          std::string::npos);
    CHECK(bench.log.text().find("horse") == std::string::npos);
}

TEST_CASE("a password file that is not one is refused by line") {
    Lab lab;
    const auto line = hash_password("mdm", "x", system_random());
    for (const std::string& text : {std::string("mdm:secret\n"), *line + "\n" + *line + "\n",
                                    line->substr(0, line->size() - 5) + "\n"}) {
        test::write_text(lab.folder / "users", text);
        std::filesystem::permissions(lab.folder / "users", std::filesystem::perms::owner_read |
                                                               std::filesystem::perms::owner_write);
        const auto file = PasswordFile::load(lab.folder / "users");
        REQUIRE_FALSE(file);
        CHECK(file.error().text.find("line ") != std::string::npos);
        CHECK(file.error().text.find("secret") == std::string::npos);
    }
    CHECK_FALSE(hash_password("a:b", "x", system_random()));
    CHECK_FALSE(hash_password("a", "", system_random()));
}

TEST_CASE("pending requests are for approvers with a certificate") {
    Lab lab;
    AdminBench bench(lab);
    bench.caller("mdm", {"*"}, false);
    bench.caller("olga", {}, false, true);
    const auto olga = bench.peer_of("olga");
    CHECK(bench.call("GET", "/api/v1/pending", bench.peer_of("mdm")).status == 403);
    CHECK(bench.call("GET", "/api/v1/pending", bench.peer_of("stranger")).status == 401);
    const auto list = bench.call("GET", "/api/v1/pending", olga);
    CHECK(list.status == 200);
    CHECK(list.body == "{\"items\":[],\"next\":null}\n");
    CHECK(bench.call("GET", "/api/v1/pending?limit=0", olga).status == 400);
    CHECK(bench.call("POST", "/api/v1/pending/1/approve", olga).status == 404);
    CHECK(bench.call("POST", "/api/v1/pending/1/burn", olga).status == 404);
    CHECK(bench.call("POST", "/api/v1/pending/x/deny", olga).status == 404);
    CHECK(bench.call("POST", "/api/v1/pending/1/deny", olga, "{\"why\":1}").status == 400);
    CHECK(bench.call("DELETE", "/api/v1/pending", olga).status == 405);
}
