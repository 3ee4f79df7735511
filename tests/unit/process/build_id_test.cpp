// The build ID is the one that the linker wrote into this very program.
#include "common/process/build_id.h"

#include <array>
#include <cstdio>
#include <string>

#include "tests/catch.h"

TEST_CASE("version and build ID are those that readelf shows") {
    std::FILE* pipe = ::popen("readelf -n /proc/$PPID/exe", "r");
    REQUIRE(pipe != nullptr);
    std::string notes;
    std::array<char, 256> part{};
    while (std::fgets(part.data(), part.size(), pipe) != nullptr)
        notes += part.data();
    CHECK(::pclose(pipe) == 0);
    const std::string label = "Build ID: ";
    const auto at = notes.find(label);
    REQUIRE(at != std::string::npos);
    const auto begin = at + label.size();
    const std::string id = notes.substr(begin, notes.find('\n', begin) - begin);
    CHECK(id.size() == 40);
    CHECK(ndes::version_and_build("1.2") == "1.2 (build " + id + ")");
}
