#include "common/config/config_file.h"

#include <cstdlib>
#include <fstream>

#include "common/config/quantity.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using namespace ndes;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto kLeast = 1s;
constexpr auto kMost = 5min;

ConfigFile parsed(std::string_view toml) { return ConfigFile::parse(toml, "etc/x.toml").value(); }

std::string faults(ConfigFile& file) {
    const auto done = file.finish();
    if (done) return "";
    CHECK(done.error().code == ErrorCode::configuration);
    return done.error().text;
}

// What is said about `[s]` with the line `line` when `read` is done with it.
std::string fault_of(const std::string& line, const std::function<void(ConfigTable&)>& read) {
    ConfigFile file = parsed("[s]\n" + line + "\n");
    ConfigTable table = file.root().table("s");
    read(table);
    return faults(file);
}

void put(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

class Variable {
  public:
    Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;
    ~Variable() { ::unsetenv(name_); }

  private:
    const char* name_;
};

}  // namespace

TEST_CASE("each kind of value is read") {
    ConfigFile file = parsed(R"(
[server]
listen = "127.0.0.1:8443"
threads = 8
tls = true
timeout = "1500ms"
limit = "64KiB"
kind = "sqlite"
names = ["a", "b"]
key = "tls/x.key"
absolute = "/var/x"
none = ""
[server.inner]
a = "b"
[[caller]]
name = "one"
[[caller]]
name = "two"
)");
    ConfigTable server = file.root().table("server");
    CHECK(server.present());
    CHECK(server.text("listen", "") == "127.0.0.1:8443");
    CHECK(server.integer("threads", 1, 1, 8) == 8);
    CHECK(server.boolean("tls", false));
    CHECK(server.duration("timeout", 1s, kLeast, kMost) == 1500ms);
    CHECK(server.size("limit", 1, 1, 65536) == 65536);
    CHECK(server.choice("kind", "x", {"memory", "sqlite"}) == "sqlite");
    CHECK(server.text_list("names") == std::vector<std::string>{"a", "b"});
    CHECK(server.required_path("key") == fs::path("etc/tls/x.key"));
    CHECK(server.path("absolute") == fs::path("/var/x"));
    CHECK(server.path("none", "fallback").empty());
    CHECK(server.table("inner").required_text("a") == "b");
    auto callers = file.root().tables("caller");
    REQUIRE(callers.size() == 2);
    CHECK(callers[0].required_text("name") == "one");
    CHECK(callers[1].required_text("name") == "two");
    CHECK(faults(file).empty());
}

TEST_CASE("what is absent has its default") {
    ConfigFile file = parsed("");
    ConfigTable server = file.root().table("server");
    CHECK_FALSE(server.present());
    CHECK(server.text("a", "x") == "x");
    CHECK(server.integer("b", 7, 8, 9) == 7);
    CHECK(server.boolean("c", true));
    CHECK(server.duration("d", 3s, 1s, 2s) == 3s);
    CHECK(server.size("e", 5, 1, 2) == 5);
    CHECK(server.choice("f", "one", {"one", "two"}) == "one");
    CHECK(server.text_list("g").empty());
    CHECK(server.path("h", "log/x.log") == fs::path("etc/log/x.log"));
    CHECK(server.path("i").empty());
    CHECK(file.root().tables("caller").empty());
    CHECK(faults(file).empty());
}

TEST_CASE("each way for a value to be wrong is told with its place and full name") {
    struct Case {
        const char* line;
        std::function<void(ConfigTable&)> read;
        const char* fault;
    };
    const auto text = [](ConfigTable& t) { t.text("k", ""); };
    const auto required = [](ConfigTable& t) { t.required_text("k"); };
    const auto list = [](ConfigTable& t) { t.text_list("k"); };
    const auto boolean = [](ConfigTable& t) { t.boolean("k", false); };
    const auto integer = [](ConfigTable& t) { t.integer("k", 1, 1, 256); };
    const auto duration = [](ConfigTable& t) { t.duration("k", 1s, kLeast, kMost); };
    const auto size = [](ConfigTable& t) { t.size("k", 1024, 1024, 1 << 20); };
    const auto choice = [](ConfigTable& t) { t.choice("k", "", {"one", "two"}); };
    const auto path = [](ConfigTable& t) { t.required_path("k"); };
    const auto table = [](ConfigTable& t) { t.table("k"); };
    const auto tables = [](ConfigTable& t) { t.tables("k"); };
    const std::string unit_of_time =
        "must be a text of a whole number and its unit (ms, s, min, h or d), such as \"10s\"";
    const std::string unit_of_size =
        "must be a text of a whole number and its unit (B, KiB, MiB or GiB), such as \"64KiB\"";
    const std::vector<Case> cases = {
        {"k = 1", text, "must be a text in quotes, without control characters"},
        {"k = \"a\\nb\"", text, "must be a text in quotes, without control characters"},
        {"k = \"\"", required, "must not be empty"},
        {"k = 1", required, "must be a text in quotes, without control characters"},
        {"k = \"a\"", list, "must be a list of texts in quotes"},
        {"k = [1]", list, "must be a list of texts in quotes"},
        {"k = \"true\"", boolean, "must be true or false"},
        {"k = 1", boolean, "must be true or false"},
        {"k = \"1\"", integer, "must be a whole number"},
        {"k = 1.0", integer, "must be a whole number"},
        {"k = 0", integer, "must be 1 to 256"},
        {"k = 257", integer, "must be 1 to 256"},
        {"k = 10", duration, unit_of_time.c_str()},
        {"k = \"10\"", duration, unit_of_time.c_str()},
        {"k = \"1.5s\"", duration, unit_of_time.c_str()},
        {"k = \"999ms\"", duration, "must be 1s to 5min"},
        {"k = \"6min\"", duration, "must be 1s to 5min"},
        {"k = 65536", size, unit_of_size.c_str()},
        {"k = \"64kB\"", size, unit_of_size.c_str()},
        {"k = \"2MiB\"", size, "must be 1KiB to 1MiB"},
        {"k = \"three\"", choice, "must be one of \"one\", \"two\""},
        {"k = 1", choice, "must be one of \"one\", \"two\""},
        {"k = \"\"", path, "must not be empty"},
        {"k = 1", table, "must be a table"},
        {"k = 1", tables, "must be a list of tables, each [[s.k]]"},
        {"k = [1]", tables, "must be a list of tables, each [[s.k]]"},
    };
    for (const Case& sample : cases) {
        CAPTURE(sample.line);
        CHECK(fault_of(sample.line, sample.read) ==
              std::string("etc/x.toml:2:5: s.k: ") + sample.fault);
    }
}

TEST_CASE("all faults are told together, in the order of the file") {
    ConfigFile file = parsed("[server]\nthreads = 0\nlisten = 5\n[[caller]]\nrols = []\n");
    ConfigTable server = file.root().table("server");
    server.text("listen", "");
    server.integer("threads", 1, 1, 9);
    server.required_text("certificate");
    server.fault("listen", "is not ours to listen on");
    for (ConfigTable& caller : file.root().tables("caller"))
        caller.text_list("roles");
    CHECK(faults(file) ==
          "etc/x.toml:1:1: server.certificate: is required\n"
          "etc/x.toml:2:11: server.threads: must be 1 to 9\n"
          "etc/x.toml:3:10: server.listen: must be a text in quotes, without control characters\n"
          "etc/x.toml:3:10: server.listen: is not ours to listen on\n"
          "etc/x.toml:5:1: unknown key caller[0].rols, did you mean roles?");
}

TEST_CASE("a required value of an absent table is missed in the file") {
    ConfigFile file = parsed("");
    file.root().table("server").required_text("listen");
    CHECK(faults(file) == "etc/x.toml: server.listen: is required");
}

TEST_CASE("an unknown key gets the nearest known one, within two edits") {
    const auto read = [](ConfigTable& t) {
        t.text("listen", "");
        t.boolean("SkipTemplateCheck", false);
    };
    CHECK(fault_of("lisen = 1", read) ==
          "etc/x.toml:2:1: unknown key s.lisen, did you mean listen?");
    CHECK(fault_of("skiptemplatecheck = true", read) ==
          "etc/x.toml:2:1: unknown key s.skiptemplatecheck, did you mean SkipTemplateCheck?");
    CHECK(fault_of("lsn = 1", read) == "etc/x.toml:2:1: unknown key s.lsn");
}

TEST_CASE("every file that is not TOML is told with line and column") {
    const auto broken = ConfigFile::parse("a = 1\nb = = 2\n", "x.toml");
    REQUIRE_FALSE(broken);
    CHECK(broken.error().code == ErrorCode::configuration);
    CHECK(broken.error().text.find("x.toml:2:5: not TOML: ") == 0);
    CHECK_FALSE(ConfigFile::parse("a = 1\na = 2\n", "x.toml"));
    const test::TemporaryFolder folder;
    const auto absent = ConfigFile::load(folder / "absent.toml");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == ErrorCode::configuration);
    CHECK(absent.error().text.find("No such file") != std::string::npos);
    put(folder / "main.toml", "a = \n");
    fs::create_directory(folder / "conf.d");
    put(folder / "conf.d" / "one.toml", "b = \n");
    const auto both = ConfigFile::load(folder / "main.toml");
    REQUIRE_FALSE(both);
    CHECK(both.error().text.find("main.toml:1:") != std::string::npos);
    CHECK(both.error().text.find("one.toml:1:") != std::string::npos);
}

TEST_CASE("conf.d files win by key in their order; tables merge, lists are replaced") {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "conf.d");
    put(folder / "main.toml",
        "[s]\na = \"main\"\nb = \"main\"\nc = \"main\"\nl = [\"main\"]\nkey = \"main.key\"\n"
        "[[caller]]\nname = \"main\"\n");
    put(folder / "conf.d" / "20.toml", "[s]\nb = \"20\"\n[[caller]]\nname = \"20\"\n");
    put(folder / "conf.d" / "10.toml",
        "[s]\na = \"10\"\nb = \"10\"\nl = [\"10\"]\nkey = \"10.key\"\n[t]\nx = \"new\"\n");
    put(folder / "conf.d" / "30.toml.bak", "[s]\na = \"bak\"\n");
    ConfigFile file = ConfigFile::load(folder / "main.toml").value();
    ConfigTable table = file.root().table("s");
    CHECK(table.text("a", "") == "10");
    CHECK(table.text("b", "") == "20");
    CHECK(table.text("c", "") == "main");
    CHECK(table.text_list("l") == std::vector<std::string>{"10"});
    CHECK(table.path("key") == folder / "conf.d" / "10.key");
    CHECK(file.root().table("t").text("x", "") == "new");
    auto callers = file.root().tables("caller");
    REQUIRE(callers.size() == 1);
    CHECK(callers[0].text("name", "") == "20");
    CHECK(faults(file).empty());
}

TEST_CASE("a fault of a conf.d file is told with that file's name and line") {
    const test::TemporaryFolder folder;
    fs::create_directory(folder / "conf.d");
    put(folder / "main.toml", "[s]\na = 1\n");
    put(folder / "conf.d" / "x.toml", "\n[s]\na = 0\nz = 1\n");
    ConfigFile file = ConfigFile::load(folder / "main.toml").value();
    file.root().table("s").integer("a", 1, 1, 9);
    const std::string place = (folder / "conf.d" / "x.toml").string();
    CHECK(faults(file) ==
          place + ":3:5: s.a: must be 1 to 9\n" + place + ":4:1: unknown key s.z, did you mean a?");
}

TEST_CASE("the environment overrides values of sections") {
    const test::TemporaryFolder folder;
    put(folder / "main.toml", "[server]\nlisten = \"file\"\n");
    const Variable listen("NDES_SERVER__LISTEN", "environment");
    const Variable threads("NDES_SERVER__WORKER_THREADS", "12");
    const Variable check("NDES_VALIDATION__SKIPTEMPLATECHECK", "true");
    const Variable timeout("NDES_SERVER__TIMEOUT", "90s");
    const Variable list("NDES_CHALLENGE__KEY_FILES", "a.key, b.key");
    const Variable key("NDES_SERVER__KEY_FILE", "tls/x.key");
    ConfigFile file = ConfigFile::load(folder / "main.toml").value();
    ConfigTable server = file.root().table("server");
    CHECK(server.text("listen", "") == "environment");
    CHECK(server.integer("worker_threads", 1, 1, 99) == 12);
    CHECK(server.duration("timeout", 1s, kLeast, kMost) == 90s);
    CHECK(server.path("key_file") == folder / "tls" / "x.key");
    CHECK(file.root().table("validation").present());
    CHECK(file.root().table("validation").boolean("SkipTemplateCheck", false));
    CHECK(file.root().table("challenge").text_list("key_files") ==
          std::vector<std::string>{"a.key", "b.key"});
    CHECK(faults(file).empty());
}

TEST_CASE("a wrong variable is told by its name") {
    const test::TemporaryFolder folder;
    put(folder / "main.toml", "[[caller]]\nname = \"x\"\n");
    const Variable threads("NDES_SERVER__THREADS", "12 ");
    const Variable flag("NDES_SERVER__TLS", "yes");
    const Variable unit("NDES_SERVER__TIMEOUT", "90");
    const Variable unknown("NDES_SERVER__LISEN", "x");
    const Variable caller("NDES_CALLER__NAME", "x");
    const Variable other("NDES_OTHERPROGRAM__KEY", "x");
    const Variable no_section("NDES_KEY", "x");
    ConfigFile file = ConfigFile::load(folder / "main.toml").value();
    ConfigTable server = file.root().table("server");
    server.integer("threads", 1, 1, 99);
    server.boolean("tls", false);
    server.duration("timeout", 1s, kLeast, kMost);
    server.text("listen", "");
    for (ConfigTable& table : file.root().tables("caller"))
        CHECK(table.text("name", "") == "x");
    const std::string told = faults(file);
    CHECK(std::count(told.begin(), told.end(), '\n') == 4);
    for (const char* part :
         {"environment NDES_SERVER__THREADS: server.threads: must be a whole number",
          "environment NDES_SERVER__TLS: server.tls: must be true or false",
          "environment NDES_SERVER__TIMEOUT: server.timeout: must be a text",
          "environment NDES_SERVER__LISEN: unknown key server.LISEN, did you mean listen?",
          "environment NDES_CALLER__NAME: [[caller]] cannot be set by environment"}) {
        CAPTURE(told);
        CHECK(told.find(part) != std::string::npos);
    }
}

TEST_CASE("no fault repeats a value") {
    ConfigFile file = parsed("[s]\nkey = \"s3cret\"\nkind = \"s3cret\"\n");
    file.root().table("s").integer("key", 1, 1, 2);
    file.root().table("s").choice("kind", "", {"a"});
    CHECK(faults(file).find("s3cret") == std::string::npos);
}

TEST_CASE("quantities have a whole number and a unit") {
    CHECK(parse_duration("250ms") == 250ms);
    CHECK(parse_duration("10s") == 10s);
    CHECK(parse_duration("5min") == 5min);
    CHECK(parse_duration("2h") == 2h);
    CHECK(parse_duration("7d") == 168h);
    CHECK(parse_size("512B") == 512);
    CHECK(parse_size("4MiB") == std::uint64_t{4} << 20);
    CHECK(parse_size("1GiB") == std::uint64_t{1} << 30);
    for (const char* bad : {"", "10", "s", "-1s", "+1s", " 1s", "1 s", "1S", "1m", "1sec", "1.5s",
                            "9223372036854775807s", "99999999999999999999s", "1s "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
        CHECK_FALSE(parse_size(bad));
    }
    CHECK_FALSE(parse_size("9999999999GiB"));
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(120s) == "2min");
    CHECK(format_duration(0ms) == "0ms");
    CHECK(format_size(65536) == "64KiB");
    CHECK(format_size(1000) == "1000B");
}

TEST_CASE("a listening address has a numeric address and a port") {
    const auto v4 = parse_listen_address("127.0.0.1:8080").value();
    CHECK(v4.address == "127.0.0.1");
    CHECK(v4.port == 8080);
    const auto v6 = parse_listen_address("[::1]:0").value();
    CHECK(v6.address == "::1");
    CHECK(v6.port == 0);
    for (const char* bad :
         {"", ":", "8080", "127.0.0.1", "127.0.0.1:", ":8080", "localhost:8080", "127.0.0.1:65536",
          "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:80 ", "127.0.0.1:80x", "::1:8080",
          "[127.0.0.1]:80", "[::1]", "[]:80", "[::1:80", "256.0.0.1:80", "127.1:80"}) {
        CAPTURE(bad);
        const auto listen = parse_listen_address(bad);
        REQUIRE_FALSE(listen);
        CHECK(listen.error().code == ErrorCode::configuration);
    }
}
