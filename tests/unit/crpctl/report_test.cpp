// What crpctl ends with, and what it says to do next.
#include "crp-service/cli/commands.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "crp-service/cli/output.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::crp::cli;

namespace {

// What `print` writes to that descriptor.
template <class Print>
std::string written_to(int descriptor, const Print& print) {
    const test::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "out";
    std::fflush(nullptr);
    const int before = ::dup(descriptor);
    const int target = ::open(file.c_str(), O_CREAT | O_WRONLY, 0600);
    ::dup2(target, descriptor);
    print();
    std::fflush(nullptr);
    ::dup2(before, descriptor);
    ::close(before);
    ::close(target);
    return read_file(file).value();
}

void note(std::initializer_list<const char*> words) {
    note_command(static_cast<int>(words.size()), words.begin());
}

}  // namespace

TEST_CASE("a fault of a local file is a failure, not a refusal") {
    int code = -1;
    const auto code_of = [&](const Error& error) {
        written_to(STDERR_FILENO, [&] { code = report(error); });
        return code;
    };
    const Error absent{ErrorCode::not_found, "cannot open x", "", std::nullopt};
    CHECK(code_of(absent) == kExitRefused);  // said by crpd
    CHECK(code_of(local_fault(absent)) == kExitFailed);
    CHECK(code_of(local_fault({ErrorCode::too_large, "x", "", {}})) == kExitFailed);
    CHECK(code_of(local_fault({ErrorCode::conflict, "x exists", "", {}})) == kExitRefused);
}

TEST_CASE("the next step is one that can be taken, and not what just failed") {
    const auto next_of = [](const Error& error) {
        const std::string text = written_to(STDERR_FILENO, [&] { report(error); });
        return text.substr(text.find("next: "));
    };
    const Error absent{ErrorCode::not_found, "no such", "", std::nullopt};
    note({"crpctl", "device", "show", "x"});
    CHECK(next_of(absent) == "next: crpctl device list shows what there is\n");
    note({"crpctl", "device", "list"});
    CHECK(next_of(absent).find("crpctl device list shows") == std::string::npos);
    note({"crpctl", "status"});
    const Error down{ErrorCode::unavailable, "cannot reach", "", std::nullopt};
    CHECK(next_of(down).find("crpctl status") == std::string::npos);
    const std::string text = written_to(STDERR_FILENO, [&] {
        report(with_next_step({ErrorCode::forbidden, "no", "", std::nullopt}, "Ask the operator."));
    });
    CHECK(text == "error: no\n  next: Ask the operator.\n");
}

TEST_CASE("a list that is not finished prints neither an empty one nor its titles") {
    const std::string format = GENERATE("table", "json", "csv");
    Output output;
    output.format = format;
    const auto print = [&](bool finish) {
        return written_to(STDOUT_FILENO, [&] {
            ListPrinter printer(output, {{"NAME", "name"}});
            if (finish) printer.finish();
        });
    };
    CHECK(print(false).empty());
    CHECK(print(true) == (format == "json" ? "[]\n" : format == "csv" ? "name\r\n" : ""));
}
