// The host refuses every broken module with a message that names file and step.
#include <fstream>

#include <sys/stat.h>

#include "scep-server/policy_host/policy.h"
#include "tests/catch.h"
#include "tests/support/recording_log.h"

namespace {

using namespace ndes;
using scep::load_policy_module;
using test::RecordingLog;
namespace fs = std::filesystem;

fs::path module_path(const std::string& name) {
    return fs::path(NDES_BINARY_DIR) / "tests/abi/modules" / (name + ".so");
}

Error refusal_of(const fs::path& file, const std::string& config = {}) {
    RecordingLog log;
    auto policy = load_policy_module({file, config, "CA"}, log);
    REQUIRE_FALSE(policy);
    return policy.error();
}

// A folder that goes away with the test.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("ndes-abi-" + std::to_string(::getpid()));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("each broken module is refused by file and step") {
    const auto [module, step, what] = GENERATE(table<std::string, std::string, std::string>({
        {"no_symbol", "step 3 (symbol)", "ndes_policy_get_table"},
        {"unresolved", "step 2 (open)", "function_that_nobody_has"},
        {"null_table", "step 4 (table)", "returned no table"},
        {"throwing_entry_point", "step 4 (table)", "threw an exception"},
        {"wrong_major", "step 5 (version)", "built for version 2"},
        {"short_table", "step 6 (size)", "has 16 octets"},
        {"no_initialize", "step 7 (verbs)", "initialize is NULL"},
        {"no_uninitialize", "step 7 (verbs)", "uninitialize is NULL"},
        {"no_generate_challenge", "step 7 (verbs)", "generate_challenge is NULL"},
        {"no_verify_request", "step 7 (verbs)", "verify_request is NULL"},
        {"no_notify", "step 7 (verbs)", "notify is NULL"},
        {"failing_initialize", "step 8 (Initialize)", "0x80070005"},
    }));
    const Error error = refusal_of(module_path(module));
    CAPTURE(error.text);
    CHECK(error.code == ErrorCode::configuration);
    CHECK(error.text.find(module + ".so") != std::string::npos);
    CHECK(error.text.find(step) != std::string::npos);
    CHECK(error.text.find(what) != std::string::npos);
}

TEST_CASE("a file that is no module is refused at step 1 or 2") {
    const Folder folder;
    const fs::path file = folder.path / "module.so";

    SECTION("missing") {
        const Error error = refusal_of(file);
        CHECK(error.text.find("step 1 (file): No such file") != std::string::npos);
    }
    SECTION("a folder") {
        const Error error = refusal_of(folder.path);
        CHECK(error.text.find("step 1 (file): not a regular file") != std::string::npos);
    }
    SECTION("world-writable") {
        fs::copy_file(module_path("echo"), file);
        REQUIRE(::chmod(file.c_str(), 0646) == 0);
        const Error error = refusal_of(file);
        CHECK(error.text.find("step 1 (file): everybody may write") != std::string::npos);
    }
    SECTION("text") {
        std::ofstream(file) << "not a library\n";
        const Error error = refusal_of(file);
        CHECK(error.text.find("step 2 (open)") != std::string::npos);
    }
    SECTION("truncated") {
        fs::copy_file(module_path("echo"), file);
        fs::resize_file(file, 512);
        const Error error = refusal_of(file);
        CHECK(error.text.find("step 2 (open)") != std::string::npos);
    }
}

TEST_CASE("a relative path is taken from the working folder, never from the system's libraries") {
    const Error error = refusal_of("libssl.so.3");
    CHECK(error.text.find("step 1 (file)") != std::string::npos);
    CHECK(error.text.find(fs::current_path().string()) != std::string::npos);
}

TEST_CASE("what a failing Initialize said is in the log, under the module's own place") {
    RecordingLog log;
    REQUIRE_FALSE(load_policy_module({module_path("failing_initialize"), {}, "CA"}, log));
    const auto lines = log.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].severity == Severity::error);
    CHECK(lines[0].text == "the settings are not to my liking");
    CHECK(lines[0].file == "failing_initialize.c");
    CHECK(lines[0].line == 10);
}

TEST_CASE("an Initialize that throws is a failing one") {
    const Error error = refusal_of(module_path("throwing"), "Initialize");
    CHECK(error.text.find("step 8 (Initialize)") != std::string::npos);
    CHECK(error.text.find("threw an exception") != std::string::npos);
}

TEST_CASE("the sample module permits the templates on its list and no other") {
    const Folder folder;
    const fs::path list = folder.path / "templates.txt";
    std::ofstream(list) << "User\n\nDevice\n";
    RecordingLog log;
    auto policy =
        load_policy_module({fs::path(NDES_BINARY_DIR) / "sample/allow_all.so", list, "CA"}, log);
    REQUIRE(policy);
    CHECK((*policy)->name() == "allow_all 1.0");
    const Bytes csr{0x30, 0x00};
    const auto ask = [&](std::string_view template_name) {
        scep::PolicyQuestion question;
        question.certificate_request = csr;
        question.template_name = template_name;
        question.transaction_id = "t-1";
        return (*policy)->verify(question);
    };
    CHECK(ask("Device")->verified);
    CHECK(ask("Device")->reason == "Success");
    CHECK_FALSE(ask("Device")->contents);
    CHECK_FALSE(ask("Devic")->verified);
    CHECK(ask("Devices")->reason == "TemplateNotPermitted");
    CHECK(log.lines().back().transaction_id == "t-1");
    CHECK_FALSE((*policy)->generate_challenge("User", ""));
}

TEST_CASE("the sample module refuses to start without a list") {
    const Folder folder;
    const fs::path sample = fs::path(NDES_BINARY_DIR) / "sample/allow_all.so";
    CHECK(refusal_of(sample).text.find("0x80070057") != std::string::npos);
    CHECK(refusal_of(sample, folder.path / "missing.txt").text.find("0x80004005") !=
          std::string::npos);
    std::ofstream(folder.path / "long.txt") << std::string(300, 'x') << "\n";
    CHECK(refusal_of(sample, folder.path / "long.txt").text.find("0x80004005") !=
          std::string::npos);
}
