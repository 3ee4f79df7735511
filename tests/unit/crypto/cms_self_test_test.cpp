#include "common/crypto/cms_self_test.h"
#include "tests/catch.h"

namespace ndes {
namespace {

// As wait(2) reports it: exit code in the second octet, a signal in the first.
constexpr int exited(unsigned code) { return static_cast<int>(code << 8U); }
constexpr int kAborted = 6;

TEST_CASE("the library of this system has none of the known flaws") { CHECK(self_test_cms()); }

TEST_CASE("each flaw is refused by name, and so is a crash") {
    struct Case {
        int status;
        const char* text;
    };
    for (const Case& c :
         {Case{exited(kOpensRewrittenCipher), "CVE-2026-34182"},
          Case{exited(kOpensShortTag), "tag of one octet"},
          Case{exited(kOverrunsOnLongVector), "CVE-2025-15467"},
          Case{exited(kTrialImpossible), "cannot make or open"}, Case{kAborted, "crashes"}}) {
        INFO(c.text);
        const auto judged = judge_cms_trials(c.status);
        REQUIRE_FALSE(judged);
        CHECK(judged.error().code == ErrorCode::configuration);
        CHECK(judged.error().text.find(c.text) != std::string::npos);
        CHECK(judged.error().text.find("OpenSSL 3") != std::string::npos);
    }
    CHECK(judge_cms_trials(exited(0)));
}

}  // namespace
}  // namespace ndes
