// One transaction's lines out of logs of every kind, by its exact ID.
#include "crp-service/cli/trace.h"

#include <fstream>

#include "common/logging/cmtrace.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp::cli;

namespace {

const WallTime kTime = from_rfc3339("2026-11-20T13:35:00.123Z").value();

class TraceLab {
  public:
    std::filesystem::path file(const std::string& name, const std::string& lines) {
        std::ofstream(folder_.path() / name) << lines;
        return folder_.path() / name;
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const TraceEvent& event : trace.events)
            texts.push_back(event.text);
        return texts;
    }
    Trace trace{"17", {}, {}, {}};

  private:
    test::TemporaryFolder folder_;
};

std::string cmtrace(const std::string& text, const std::string& context) {
    return format_cmtrace({text, kTime, "NDESPlugin", 1, 1, "a.cpp:1", context}) + "\n";
}

std::string json(const std::string& message, const std::string& members) {
    return "{\"time\":\"2026-11-20T13:35:00.123Z\",\"message\":\"" + message + "\"" + members +
           "}\n";
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("CMTrace lines belong to the transaction that their context names") {
    TraceLab lab;
    add_log(lab.trace,
            lab.file("CRP.log", cmtrace("Validation Phase 1 started.", "17") +
                                    cmtrace("Validation Phase 1 started for 17.", "170") +
                                    cmtrace("Device 17.", "")));
    CHECK(lab.texts() == Texts{"Validation Phase 1 started."});
    CHECK(lab.trace.events[0].source == "CRP.log");
    CHECK(lab.trace.is_whole);
}

TEST_CASE("JSON lines belong to their transaction_id, or without one to their request_id") {
    TraceLab lab;
    lab.trace.request_ids = {"r1"};
    add_log(lab.trace,
            lab.file("crpd.jsonl",
                     json("ours", ",\"transaction_id\":\"17\"") +
                         json("longer", ",\"transaction_id\":\"170\"") +
                         json("by request", ",\"request_id\":\"r1\"") +
                         json("of another", ",\"transaction_id\":\"18\",\"request_id\":\"r1\"") +
                         json("text 17", "")));
    CHECK(lab.texts() == Texts{"ours", "by request"});
}

TEST_CASE("a log that is not there, or has nothing, is told") {
    TraceLab lab;
    add_log(lab.trace, "/nonexistent/CRP.log");
    REQUIRE(lab.trace.missing.size() == 1);
    CHECK(lab.trace.missing[0].source == "/nonexistent/CRP.log");
    CHECK_FALSE(lab.trace.is_whole);

    TraceLab empty;
    add_log(empty.trace, empty.file("CRP.log", cmtrace("about 17", "18")));
    REQUIRE(empty.trace.missing.size() == 1);
    CHECK(empty.trace.missing[0].why == "has no line of this transaction");
    CHECK_FALSE(empty.trace.is_whole);
}
