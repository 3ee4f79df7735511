// What every issuer promises (scep-server/issuer/issuer.h), whoever holds the CA's key.
#include <set>
#include <thread>

#include "common/clock.h"
#include "scep-server/issuer/issued_check.h"
#include "tests/catch.h"
#include "tests/contracts/issuer_backends.h"

using namespace ndes;
using namespace ndes::scep;
using test::TemporaryFolder;
using test::TestCa;
using test::Wanted;

namespace {

struct Setting {
    TemporaryFolder folder;
    TestCa ca{folder, "Issuing CA"};
    std::unique_ptr<test::IssuerBackend> backend;
    explicit Setting(const std::string& kind)
        : backend(test::make_issuer_backend(kind, folder, ca)) {}

    Issuer& issuer() { return backend->issuer(); }
    std::string fault_of(const Result<IssueAnswer>& answer, const IssueRequest& request) {
        if (!answer) return answer.error().text + " " + answer.error().detail;
        if (answer->state != IssueState::issued) return answer->text;
        return fault_of_issued(answer->certificates.front(), request, issuer().ca_chain().front(),
                               system_clock().now())
            .value_or("");
    }
};

std::string each_kind() { return GENERATE(as<std::string>{}, "local", "cfssl", "est", "command"); }

}  // namespace

TEST_CASE("every issuer issues exactly what the verdict says") {
    const std::string kind = each_kind();
    CAPTURE(kind);
    Setting setting(kind);
    const Wanted wanted;
    for (const bool renewal : {false, true}) {
        const auto request = wanted.request(renewal);
        const auto answer = setting.issuer().issue(request);
        CHECK(setting.fault_of(answer, request) == "");
        REQUIRE(answer);
        REQUIRE(answer->certificates.size() == 1);  // the CA is its own root
        const Certificate& leaf = answer->certificates.front();
        CHECK(leaf.subject_text() == wanted.contents.subject);
        CHECK(leaf.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
        CHECK_FALSE(leaf.has_extended_key_usage("1.3.6.1.5.5.7.3.1"));
        CHECK(leaf.subject_alt_names()->size() == 2);
        // Random of 64 bits or more (CA/Browser Forum BR 7.1).
        CHECK(leaf.serial().size() >= 16);
    }
}

TEST_CASE("every issuer names its CA") {
    const std::string kind = each_kind();
    CAPTURE(kind);
    Setting setting(kind);
    CHECK(setting.issuer().name() == "Issuing CA");
    REQUIRE(setting.issuer().ca_chain().size() == 1);
    CHECK(setting.issuer().reload(system_clock().now()));
    CHECK(setting.issuer().crl().error().code == ErrorCode::not_found);
}

TEST_CASE("every issuer is asked by many threads at once") {
    const std::string kind = each_kind();
    CAPTURE(kind);
    Setting setting(kind);
    const Wanted wanted;
    constexpr std::size_t kThreads = 6;
    std::vector<std::string> faults(kThreads);
    std::vector<std::string> serials(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] {
            const auto request = wanted.request();
            const auto answer = setting.issuer().issue(request);
            faults[i] = setting.fault_of(answer, request);
            if (answer && !answer->certificates.empty())
                serials[i] = answer->certificates.front().serial();
        });
    for (std::thread& thread : threads)
        thread.join();
    for (const std::string& fault : faults)
        CHECK(fault == "");
    CHECK(std::set<std::string>(serials.begin(), serials.end()).size() == kThreads);
}

TEST_CASE("what the request asks for beyond the verdict is not handed out") {
    const std::string kind = each_kind();
    CAPTURE(kind);
    Setting setting(kind);
    Wanted wanted;
    wanted.contents.subject_alt_names.pop_back();
    const auto request = wanted.request();
    const auto answer = setting.issuer().issue(request);
    REQUIRE(answer);
    REQUIRE(answer->state == IssueState::issued);
    // A CA that takes the names from the request gives one too many, which is found.
    const bool copies = kind == "est" || kind == "command";
    CHECK(setting.fault_of(answer, request) == (copies ? "with other alternative names" : ""));
}
