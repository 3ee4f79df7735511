// Two real crpd on one PostgreSQL database: when one is killed the other answers, also a call that
// the first has answered already, and when it is back it is asked first again.
#include <cstdlib>
#include <thread>

#include "tests/abi/module_crpd_lab.h"
#include "tests/integration/crpd/postgresql_lab.h"
#include "tests/support/scep_client.h"

namespace {

using namespace ndes;
using namespace ndes::test;

// Starts the node again where it was.
bool start_again(PostgresqlLab& lab, std::size_t node, std::uint16_t port) {
    ::setenv("NDES_SERVER__LISTEN", ("127.0.0.1:" + std::to_string(port)).c_str(), 1);
    const bool ready = lab.start(node);
    ::unsetenv("NDES_SERVER__LISTEN");
    return ready;
}

}  // namespace

TEST_CASE("a killed CRP is replaced by the other at once, and taken back when it is there again") {
    PostgresqlLab lab;
    const std::vector<std::string> challenges = lab.new_challenges(60);
    const auto key = make_ec_key();
    const auto body = [&](std::size_t number) {
        return CrpdLab::verify_body(challenges.at(number), "T" + std::to_string(number), key.get());
    };
    ModuleSettings settings(lab.crpd, lab.port(0));
    settings.urls.push_back(ModuleSettings::url_of(lab.port(1)));
    settings.more = "circuit_failures = 3\ncircuit_least = \"200ms\"\ncircuit_most = \"1s\"\n";
    CrpdModule module(lab.crpd, settings);
    REQUIRE(module.policy);
    const auto decided_by = [&](std::size_t number) {
        return lab.query(
            "SELECT n.name FROM audit a JOIN node n ON n.number = a.node WHERE "
            "a.event = 'verify' AND a.transaction_id = 'T" +
            std::to_string(number) + "' ORDER BY a.time DESC LIMIT 1");
    };

    const auto asked = body(0);
    const auto first = module.verify(asked);
    REQUIRE(first);
    REQUIRE(first->verified);
    CHECK(decided_by(0) == "a");

    const std::uint16_t port = lab.port(0);
    lab.kill(0);
    // The same call, sent again to the other: one decision.
    const auto again = module.verify(asked);
    REQUIRE(again);
    CHECK(again->decision_id == first->decision_id);
    for (std::size_t i = 1; i < 20; ++i) {
        const auto answer = module.verify(body(i));
        REQUIRE(answer);
        CHECK(answer->verified);
        CHECK(decided_by(i) == "b");
    }
    CHECK(module.logged("Error 12029"));
    CHECK(module.logged("CRP localhost:" + std::to_string(port) + " failed again and again"));

    REQUIRE(start_again(lab, 0, port));
    // At most circuit_most until it is tried.
    std::size_t number = 20;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!module.logged("CRP localhost:" + std::to_string(port) + " answers again") &&
           std::chrono::steady_clock::now() < end && number < 50) {
        REQUIRE(module.verify(body(number++)));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    REQUIRE(module.logged("answers again"));
    REQUIRE(module.verify(body(55)));
    CHECK(decided_by(55) == "a");
}
