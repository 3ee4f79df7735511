// Our certificate, key and trust list: read once, read again when the files change, never mixed.
#include "policy-module/crp_client/client_identity.h"

#include <fstream>

#include "common/crypto/certificate.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/fakes.h"
#include "tests/unit/policy_module/https_bench.h"

namespace {

using namespace ndes;
using namespace ndes::policy;
using namespace ndes::test;
namespace fs = std::filesystem;

// Copies, so that the test can change them; each change is seen by its size or time.
struct Files {
    explicit Files(HttpsBench& bench) : bench_(bench) { install(bench.client); }

    void install(const Identity& identity) {
        const auto options = fs::copy_options::overwrite_existing;
        fs::copy_file(identity.certificate_file, files.certificate, options);
        fs::copy_file(identity.key_file, files.key, options);
        fs::copy_file(bench_.ca.certificate_file(), files.server_ca, options);
        fs::permissions(files.key, fs::perms::owner_read | fs::perms::owner_write);
        touch();
    }
    // A later time, whatever the file system's precision.
    void touch() {
        time_ += std::chrono::seconds(10);
        fs::last_write_time(files.certificate, time_);
    }

    HttpsBench& bench_;
    fs::file_time_type time_ = fs::file_time_type::clock::now();
    ClientIdentityFiles files{bench_.folder.path() / "live.pem",
                              bench_.folder.path() / "live.key",
                              {},
                              bench_.folder.path() / "live-ca.pem",
                              {"localhost"}};
};

}  // namespace

TEST_CASE("an identity knows its thumbprint and its dates") {
    HttpsBench bench;
    const auto identity = load_client_identity(bench.files(), system_clock().now());
    REQUIRE(identity);
    CHECK((*identity)->thumbprint ==
          Certificate::from_handle(bench.client.certificate.get())->sha1());
    CHECK((*identity)->not_before < system_clock().now());
    CHECK((*identity)->not_after > system_clock().now());
}

TEST_CASE("each file that cannot be used is named") {
    HttpsBench bench;
    ClientIdentityFiles files = bench.files();
    fs::path wrong;
    SECTION("no certificate") { wrong = files.certificate = bench.folder.path() / "none.pem"; }
    SECTION("no key") { wrong = files.key = bench.folder.path() / "none.key"; }
    SECTION("no anchor") { wrong = files.server_ca = bench.folder.path() / "none-ca.pem"; }
    SECTION("the key of another certificate") {
        wrong = files.key = bench.client_ca.issue(LeafProfile{}).key_file;
    }
    SECTION("a key that others can read") {
        wrong = files.key;
        fs::permissions(files.key, fs::perms::others_read, fs::perm_options::add);
    }
    SECTION("an empty trust list") {
        wrong = files.server_ca = bench.folder.path() / "empty.pem";
        std::ofstream(wrong) << "\n";
    }
    const auto identity = load_client_identity(files, system_clock().now());
    REQUIRE_FALSE(identity);
    CHECK(identity.error().code == ErrorCode::configuration);
    CHECK(identity.error().text.find(wrong.filename().string()) != std::string::npos);
}

TEST_CASE("a renewed certificate is taken up without a restart") {
    HttpsBench bench;
    Files live(bench);
    FakeClock clock;
    const auto keeper = ClientIdentityKeeper::open(live.files, clock, bench.log);
    REQUIRE(keeper);
    const auto first = (*keeper)->current();
    live.install(bench.issue_client());
    CHECK((*keeper)->current() == first);  // looked a moment ago
    clock.advance(std::chrono::milliseconds(5'000));
    const auto second = (*keeper)->current();
    CHECK(second != first);
    CHECK(second->thumbprint != first->thumbprint);
    CHECK(bench.log.texts().back() == "NDES thumbprint is " + second->thumbprint + ".");
    clock.advance(std::chrono::milliseconds(5'000));
    CHECK((*keeper)->current() == second);
}

TEST_CASE("changed files that cannot be used leave the identity in use, and are told once") {
    HttpsBench bench;
    Files live(bench);
    FakeClock clock;
    const auto keeper = ClientIdentityKeeper::open(live.files, clock, bench.log);
    REQUIRE(keeper);
    const auto first = (*keeper)->current();
    std::ofstream(live.files.certificate) << "not a certificate\n";
    live.touch();
    for (int i = 0; i < 3; ++i) {
        clock.advance(std::chrono::milliseconds(5'000));
        CHECK((*keeper)->current() == first);
    }
    REQUIRE(bench.log.lines().size() == 1);
    CHECK(bench.log.lines()[0].severity == Severity::error);
    CHECK(bench.log.texts()[0].find("stays in use") != std::string::npos);

    live.install(bench.issue_client());
    clock.advance(std::chrono::milliseconds(5'000));
    CHECK((*keeper)->current() != first);
}

TEST_CASE("files are parsed once, not for each connection") {
    HttpsBench bench;
    ScriptedTlsServer server(bench.good_tls(), [](ScriptedConnection& connection) {
        if (connection.handshake() && connection.read_request())
            connection.send("HTTP/1.1 204 X\r\nConnection: close\r\n\r\n");
    });
    HttpsClient client(bench, server.port());
    REQUIRE(client.post());
    fs::remove(bench.client.certificate_file);
    fs::remove(bench.client.key_file);
    REQUIRE(client.post());
    CHECK(server.connections() == 2);
}

TEST_CASE("calls after a renewal present the new certificate") {
    HttpsBench bench;
    Files live(bench);
    std::mutex mutex;
    std::vector<std::string> seen;
    ScriptedTlsServer server(bench.good_tls(),
                             answering([&](ScriptedConnection& connection, const std::string&) {
                                 const std::lock_guard lock(mutex);
                                 seen.push_back(connection.client_thumbprint());
                                 return http_answer(204, "", "");
                             }));
    // Steady time that the test moves; wall time as it is, since certificates have real dates.
    struct JumpingClock final : Clock {
        WallTime now() const override { return system_clock().now(); }
        SteadyTime steady_now() const override { return system_clock().steady_now() + jump; }
        std::chrono::milliseconds jump{0};
    } clock;
    HttpsClient client(bench, server.port(), "localhost", clock, live.files);
    REQUIRE(client.post());
    const Identity renewed = bench.issue_client();
    live.install(renewed);
    clock.jump = std::chrono::milliseconds(6'000);
    REQUIRE(client.post("r-2", std::chrono::milliseconds(2'000)));
    REQUIRE(seen.size() == 2);
    CHECK(seen[0] == Certificate::from_handle(bench.client.certificate.get())->sha1());
    CHECK(seen[1] == Certificate::from_handle(renewed.certificate.get())->sha1());
}

TEST_CASE("with our own certificate expired nothing is sent, and 12037 names the thumbprint") {
    HttpsBench bench;
    LeafProfile profile;
    profile.extended_key_usage = "clientAuth";
    profile.not_before_s = -7200;
    profile.not_after_s = -3600;
    bench.client = bench.client_ca.issue(profile);
    ScriptedTlsServer server(bench.good_tls(), answering([](auto&, const std::string&) {
                                 return http_answer(204, "", "");
                             }));
    HttpsClient client(bench, server.port());
    const auto response = client.post();
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == FaultKind::certificate_date);
    CHECK(response.error().not_sent == client.keeper().current()->thumbprint);
    CHECK(server.connections() == 0);
}

TEST_CASE(
    "a renewed certificate put beside the old one in a store takes over, and says its expiry") {
    HttpsBench bench;
    const fs::path folder = bench.folder.path() / "store";
    fs::create_directory(folder);
    const auto put = [&](const std::string& name, long begin_s, long end_s) {
        LeafProfile profile;
        profile.extended_key_usage = "clientAuth";
        profile.not_before_s = begin_s;
        profile.not_after_s = end_s;
        const Identity identity = bench.client_ca.issue(profile);
        fs::copy_file(identity.key_file, folder / (name + ".key"));
        fs::copy_file(identity.certificate_file, folder / (name + ".pem"));
        return Certificate::from_handle(identity.certificate.get())->sha1();
    };
    struct JumpingClock final : Clock {
        WallTime now() const override { return system_clock().now() + jump; }
        SteadyTime steady_now() const override { return system_clock().steady_now() + jump; }
        std::chrono::milliseconds jump{0};
    } clock;
    ClientIdentityFiles files;
    files.store.folder = folder;
    files.server_ca = bench.ca.certificate_file();
    files.server_names = {"localhost", "other.test"};
    const std::string old = put("old", -100L * 86'400, 10L * 86'400);
    const auto keeper = ClientIdentityKeeper::open(files, clock, bench.log);
    REQUIRE(keeper);
    (*keeper)->start_warning();
    CHECK((*keeper)->current()->thumbprint == old);
    CHECK((*keeper)->current()->towards("other.test").context !=
          (*keeper)->current()->towards("localhost").context);
    CHECK(bench.log.texts().back().find("within 14 days") != std::string::npos);

    const std::string renewed = put("renewed", 7200, 100L * 86'400);
    clock.jump += std::chrono::seconds(6);
    CHECK((*keeper)->current()->thumbprint == old);  // not valid yet
    clock.jump += std::chrono::hours(3);             // no file changes
    CHECK((*keeper)->current()->thumbprint == renewed);
    CHECK(bench.log.texts().back() == "NDES thumbprint is " + renewed + ".");
}
