#include "crp-service/upkeep/retention_config.h"

#include "tests/catch.h"

using namespace std::chrono_literals;
using ndes::crp::RetentionConfig;

namespace {

ndes::Result<RetentionConfig> read(const std::string& toml) {
    auto file = ndes::ConfigFile::parse(toml, "crpd.toml");
    REQUIRE(file);
    RetentionConfig config = ndes::crp::read_retention(file->root().table("retention"));
    if (auto sound = file->finish(); !sound) return ndes::pass_on(sound);
    return config;
}

}  // namespace

TEST_CASE("without the table the defaults are in force") {
    const auto config = read("");
    REQUIRE(config);
    CHECK(config->purge);
    CHECK(config->challenges_after == 30 * 24h);
    CHECK(config->certificates_after == 365 * 24h);
    CHECK(config->batch == 200);
}

TEST_CASE("every key is read, with its unit") {
    const auto config = read(R"([retention]
purge = false
challenges_after = "1d"
decisions_after = "2d"
certificates_after = "3d"
messages_after = "4d"
unconfirmed_after = "5min"
interval = "6s"
batch = 7
batch_pause = "8ms"
most_clock_leap = "9h"
)");
    REQUIRE(config);
    CHECK_FALSE(config->purge);
    CHECK(config->challenges_after == 24h);
    CHECK(config->decisions_after == 48h);
    CHECK(config->certificates_after == 72h);
    CHECK(config->messages_after == 96h);
    CHECK(config->unconfirmed_after == 5min);
    CHECK(config->interval == 6s);
    CHECK(config->batch == 7);
    CHECK(config->batch_pause == 8ms);
    CHECK(config->most_clock_leap == 9h);
}

TEST_CASE("what would throw away records of today is refused") {
    for (const char* line :
         {"challenges_after = \"23h\"", "decisions_after = \"0d\"", "certificates_after = \"1h\"",
          "messages_after = \"1s\"", "unconfirmed_after = \"59s\"", "batch = 0",
          "interval = \"0s\"", "most_clock_leap = \"59min\"", "challenges_after = 30"}) {
        INFO(line);
        const auto config = read(std::string("[retention]\n") + line + "\n");
        REQUIRE_FALSE(config);
        CHECK(config.error().code == ndes::ErrorCode::configuration);
    }
}
