// Health: 0, 1 and 4, on the listener and in the log.
#include "crp-service/http/health_handler.h"

#include <fstream>

#include <sys/mount.h>

#include "crp-service/state_messages/left_over.h"
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

struct HealthLab : ApiLab {
    SelfCheck check{{store, parts, clock, random, log, true}, {certificate_of("admin")}};
    CrpMetrics metrics{"1.2.3", {"other"}};

    HealthLab() { store.set_sinks({"inbox"}); }

    http::Response get(const std::string& path, const std::string& query = {},
                       const std::string& method = "GET") {
        http::Request request;
        request.method = method;
        request.path = path;
        request.query = query;
        return answer_health(request, check, metrics);
    }
};

// A store that finds no room for what callers write, though its check does.
struct FullStore : MemoryStore {
    bool fails = false;

    bool fails_to_read = false;

    Result<bool> put_user(const User& user, AuditRecord audit,
                          const Precondition& premise) override {
        if (fails) return fail(ErrorCode::storage, "disk I/O error");
        return MemoryStore::put_user(user, std::move(audit), premise);
    }
    Result<std::optional<User>> find_user(std::string_view id) override {
        if (fails_to_read) return fail(ErrorCode::storage, "invalid byte sequence");
        return MemoryStore::find_user(id);
    }
};

struct FullStoreLab : ApiLab {
    FullStore full;
    Api full_api{parts, full, clock, random, log};
    SelfCheck check{{full, parts, clock, random, log, false, &full_api.commits()},
                    {certificate_of("admin")}};

    int ask(const std::string& method) {
        http::Request request;
        request.method = method;
        request.target = request.path = "/api/v1/users/u";
        if (method == "PUT") request.body = "{}";
        return full_api.handle(request, peer("mdm")).status;
    }
};

// A file system of 16 MiB, if we may mount one.
class SmallDisk {
  public:
    explicit SmallDisk(std::filesystem::path folder) : folder_(std::move(folder)) {
        std::filesystem::create_directory(folder_);
        is_mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=16m") == 0;
    }
    ~SmallDisk() {
        if (is_mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool is_mounted() const { return is_mounted_; }

  private:
    std::filesystem::path folder_;
    bool is_mounted_ = false;
};

}  // namespace

TEST_CASE("a commit that fails shows at once, until one succeeds") {
    FullStoreLab lab;
    const auto status = [&] { return lab.check.report().status; };
    lab.check.run();
    REQUIRE(status() == ServiceStatus::online);
    lab.full.fails_to_read = true;  // as PostgreSQL does with a question that it cannot take
    CHECK(lab.ask("GET") == 503);
    CHECK(status() == ServiceStatus::online);
    lab.full.fails_to_read = false;
    lab.full.fails = true;
    CHECK(lab.ask("PUT") == 503);
    CHECK(status() == ServiceStatus::failed);
    lab.check.run();  // its own write succeeds
    CHECK(status() == ServiceStatus::failed);
    CHECK(lab.check.report().checks.at(5).name == "commits");
    CHECK_FALSE(lab.check.store_is_hopeless());
    lab.full.fails = false;
    CHECK(lab.ask("GET") == 404);
    CHECK(status() == ServiceStatus::failed);  // that wrote nothing
    CHECK(lab.ask("PUT") == 201);
    lab.check.run();
    CHECK(status() == ServiceStatus::online);
    // Without calls a failure is not believed for ever.
    lab.full.fails = true;
    CHECK(lab.ask("PUT") == 503);
    lab.clock.advance(CommitWatch::kBelieved);
    lab.check.run();
    CHECK(status() == ServiceStatus::online);
}

TEST_CASE("a full file system fails the service before a commit does") {
    HealthLab lab;
    const auto disk_of = [&](const std::filesystem::path& file) {
        SelfCheck check({lab.store, lab.parts, lab.clock, lab.random, lab.log, true, nullptr, file},
                        {lab.certificate_of("admin")});
        check.run();
        return check.report().checks.at(4);
    };
    CHECK(disk_of("").level == CheckResult::Level::ok);
    CHECK(disk_of("/nonexistent/crp.db").level == CheckResult::Level::warning);
    const TemporaryFolder folder;
    const SmallDisk disk(folder.path() / "disk");
    if (!disk.is_mounted()) {
        WARN("left out: only root may mount a small file system");
        return;
    }
    CHECK(disk_of(folder.path() / "disk" / "crp.db").level == CheckResult::Level::warning);
    std::ofstream(folder.path() / "disk" / "ballast") << std::string(10 << 20, 'x');
    const CheckResult full = disk_of(folder.path() / "disk" / "crp.db");
    CHECK(full.name == "disk");
    CHECK(full.level == CheckResult::Level::failed);
}

TEST_CASE("before the first check the status is undefined") {
    HealthLab lab;
    const http::Response response = lab.get("/healthz");
    CHECK(response.status == 503);
    CHECK(json_of(response)["status"] == 4);
    CHECK(json_of(response)["text"] == "Undefined");
    CHECK(lab.get("/livez").status == 200);
    CHECK(lab.get("/readyz").status == 503);
}

TEST_CASE("a fit service is online") {
    HealthLab lab;
    lab.check.run();
    for (const char* path : {"/", "/healthz"}) {
        const http::Response response = lab.get(path);
        CHECK(response.status == 200);
        CHECK(json_of(response)["status"] == 0);
        CHECK(json_of(response)["checks"].size() == 9);
    }
    CHECK(lab.get("/readyz").body == "ready\n");
    const std::string verbose = lab.get("/readyz", "verbose").body;
    for (const char* name : {"[+]store", "[+]keys", "[+]tls-certificate", "[+]outbox",
                             "[+]challenge", "[+]certificates", "[+]clock"}) {
        CHECK(verbose.find(name) != std::string::npos);
    }
}

TEST_CASE("an expired server certificate fails the service, one that ends soon does not") {
    HealthLab lab;
    const WallTime end = lab.certificate_of("admin").not_after();
    lab.clock.set(end - std::chrono::seconds(1));
    lab.check.run();
    CHECK(lab.check.report().status == ServiceStatus::online);
    CHECK(lab.get("/healthz").body.find("\"warning\"") != std::string::npos);
    lab.clock.set(end);
    lab.check.run();
    CHECK(lab.get("/healthz").status == 503);
    CHECK(json_of(lab.get("/healthz"))["status"] == 1);
    CHECK(lab.get("/readyz", "verbose").body.find("[-]tls-certificate") != std::string::npos);
    // A reload brings one that is valid for longer.
    LeafProfile profile;
    profile.not_after_s = 30 * 86'400;
    TemporaryFolder folder;
    TestCa ca(folder, "Another CA");
    lab.check.watch({Certificate::from_handle(ca.issue(profile).certificate.get()).value()});
    lab.check.run();
    CHECK(lab.check.report().status == ServiceStatus::online);
}

TEST_CASE("a state message that lies in the outbox for long is a warning") {
    HealthLab lab;
    lab.make_records();
    lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             lab.verify_body("Wrong-Password-1", "t", "r").dump());
    lab.check.run();
    CHECK(lab.get("/readyz", "verbose").body.find("[+]outbox ok") != std::string::npos);
    lab.clock.advance(std::chrono::minutes(6));
    lab.check.run();
    CHECK(lab.check.report().status == ServiceStatus::online);
    CHECK(lab.get("/readyz", "verbose").body.find("outbox warning") != std::string::npos);
}

TEST_CASE("what waits for a sink that was taken out is told at the start, and warns of nothing") {
    HealthLab lab;
    lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             lab.verify_body("Wrong-Password-1", "t", "r").dump());
    lab.clock.advance(std::chrono::minutes(6));
    log_left_over_messages(lab.store, lab.log);
    CHECK(lab.log.all().find("which is not configured here") == std::string::npos);
    lab.store.set_sinks({"hook"});
    log_left_over_messages(lab.store, lab.log);
    CHECK(
        lab.log.all().find("1 state messages wait for the sink \"inbox\", which is not configured "
                           "here") != std::string::npos);
    lab.check.run();
    CHECK(lab.get("/readyz", "verbose").body.find("[+]outbox ok") != std::string::npos);
    const std::string status = lab.call("monitor", "GET", "/api/v1/status").body;
    CHECK(status.find("hook") != std::string::npos);
    CHECK(status.find("inbox") == std::string::npos);
}

TEST_CASE("without a sink, state messages may lie in the outbox") {
    HealthLab lab;
    SelfCheck check({lab.store, lab.parts, lab.clock, lab.random, lab.log, false},
                    {lab.certificate_of("admin")});
    lab.call("ndes", "POST", "/CMCertificateRegistration/Certificate/VerifyRequest",
             lab.verify_body("Wrong-Password-1", "t", "r").dump());
    lab.clock.advance(std::chrono::minutes(6));
    check.run();
    CHECK(check.report().checks[3].name == "outbox");
    CHECK(check.report().checks[3].level == CheckResult::Level::ok);
}

TEST_CASE("a result that is not renewed is none after a while") {
    HealthLab lab;
    lab.check.run();
    lab.clock.advance(SelfCheck::kStaleAfter + std::chrono::seconds(1));
    CHECK(lab.check.report().status == ServiceStatus::undefined);
}

TEST_CASE("the log tells the previous status at each change and every ten minutes") {
    HealthLab lab;
    const auto told = [&](const std::string& number) {
        const std::string line =
            "CRP's previous status was " + number + " (0 = Online, 1 = Failed, 4 = Undefined)";
        const auto texts = lab.log.texts();
        return std::count(texts.begin(), texts.end(), line);
    };
    lab.check.run();
    CHECK(told("4") == 1);
    lab.clock.advance(std::chrono::minutes(1));
    lab.check.run();
    CHECK(told("0") == 0);
    lab.clock.advance(std::chrono::minutes(9));
    lab.check.run();
    CHECK(told("0") == 1);
    lab.clock.set(lab.certificate_of("admin").not_after());
    lab.check.run();
    CHECK(told("0") == 2);
    lab.clock.advance(std::chrono::minutes(1));
    lab.check.run();
    CHECK(told("1") == 0);
}

TEST_CASE("the health listener has no other paths and methods") {
    HealthLab lab;
    CHECK(lab.get("/metricsx").status == 404);
    CHECK(lab.get("/api/v1/users").status == 404);
    CHECK(lab.get("/healthz", "", "POST").status == 405);
    CHECK(lab.get("/livez", "", "HEAD").status == 200);
}

TEST_CASE("metrics are shown in Prometheus' text format, and hold nothing secret") {
    HealthLab lab;
    const http::Response response = lab.get("/metrics");
    CHECK(response.status == 200);
    CHECK(response.content_type == "text/plain; version=0.0.4; charset=utf-8");
    CHECK(response.body.find("ndes_build_info{program=\"crpd\",version=\"1.2.3\"} 1") !=
          std::string::npos);
}

TEST_CASE("a check can be left out of the question whether the service is ready") {
    HealthLab lab;
    lab.clock.set(lab.certificate_of("admin").not_after());
    lab.check.run();
    CHECK(lab.get("/readyz").status == 503);
    CHECK(lab.get("/readyz", "exclude=store").status == 503);
    const http::Response response = lab.get("/readyz", "verbose&exclude=tls-certificate");
    CHECK(response.status == 200);
    CHECK(response.body.find("[+]tls-certificate excluded") != std::string::npos);
}

TEST_CASE("on demand every check is made at once, but not by everybody all the time") {
    HealthLab lab;
    lab.check.run();
    const auto checked_at = [&] { return json_of(lab.get("/healthz", "run=1"))["checkedAt"]; };
    lab.clock.advance(std::chrono::seconds(1));
    const auto first = checked_at();
    CHECK(first == to_rfc3339(lab.clock.now()));
    lab.clock.advance(std::chrono::seconds(5));
    CHECK(checked_at() == first);
    lab.clock.advance(std::chrono::seconds(5));
    CHECK(checked_at() == to_rfc3339(lab.clock.now()));
}

TEST_CASE("certificates and revocation lists beside the server's own are warned of") {
    HealthLab lab;
    WatchedFiles files{lab.certificate_of("admin")};
    files.others.push_back({"smx-recipient", lab.certificate_of("mdm")});
    files.crls.push_back({"client-crl", "CN=CA", lab.clock.now() - std::chrono::seconds(1)});
    lab.check.watch(std::move(files));
    lab.check.run();
    const std::string text = lab.get("/readyz", "verbose").body;
    CHECK(text.find("certificates warning: smx-recipient CN=mdm ends at") != std::string::npos);
    CHECK(text.find("client-crl of CN=CA should have been replaced") != std::string::npos);
    CHECK(lab.get("/readyz").status == 200);
}

TEST_CASE(
    "a clock that is far behind what was recorded fails the service, and nothing is decided") {
    ApiLab lab;
    const WallTime recorded = lab.clock.now();
    ClockFloor floor(lab.clock, recorded);
    Api api(lab.parts, lab.store, lab.clock, lab.random, lab.log, nullptr, &floor);
    SelfCheck check(
        {lab.store, lab.parts, lab.clock, lab.random, lab.log, false, nullptr, {}, &floor},
        {lab.certificate_of("admin")});
    const auto clock_level = [&] {
        check.run();  // the clock is looked at each time
        for (const CheckResult& one : check.report().checks)
            if (one.name == "clock") return one.level;
        return CheckResult::Level::failed;
    };
    const auto verify = [&] {
        http::Request request;
        request.method = "POST";
        request.target = request.path = "/CMCertificateRegistration/Certificate/VerifyRequest";
        request.body =
            lab.verify_body("Wrong-Password-1", "t", make_uuid(lab.clock, lab.random)).dump();
        return api.handle(request, lab.peer("ndes"));
    };
    CHECK(clock_level() == CheckResult::Level::ok);
    CHECK(verify().status == 201);
    lab.clock.set(recorded - std::chrono::minutes(5));
    CHECK(clock_level() == CheckResult::Level::warning);
    CHECK(verify().status == 201);

    lab.clock.set(recorded - std::chrono::minutes(6));
    CHECK(clock_level() == CheckResult::Level::failed);
    CHECK(check.report().status == ServiceStatus::failed);
    const auto audited = lab.audit().size();
    const http::Response refused = verify();
    CHECK(refused.status == 503);
    CHECK(reason_of(refused) == "ClockSetBack");
    CHECK(lab.audit().size() == audited);  // or a restart would find nothing but the wrong clock
    http::Request read;
    read.method = "GET";
    read.target = read.path = "/api/v1/transactions";
    CHECK(api.handle(read, lab.peer("admin")).status == 200);

    // The floor rises with the clock.
    lab.clock.set(recorded + std::chrono::minutes(10));
    CHECK(clock_level() == CheckResult::Level::ok);
    lab.clock.set(recorded + std::chrono::minutes(4));
    CHECK(verify().status == 503);
}

namespace {

class TwoClocks final : public Clock {
  public:
    WallTime now() const override { return wall; }
    SteadyTime steady_now() const override { return steady; }
    void pass(std::chrono::minutes time) {
        wall += time;
        steady += time;
    }
    WallTime wall{std::chrono::hours(24 * 365 * 60)};
    SteadyTime steady{};
};

}  // namespace

TEST_CASE("a leap of the clock raises the floor only if it lasts") {
    constexpr std::chrono::milliseconds kNone{0};
    TwoClocks clock;
    ClockFloor floor(clock, std::nullopt);
    const WallTime start = clock.wall;
    clock.wall += std::chrono::hours(2);
    CHECK(floor.behind() == kNone);
    clock.pass(std::chrono::minutes(1));
    CHECK(floor.behind() == kNone);
    clock.wall -= std::chrono::hours(2);
    CHECK(floor.behind() == kNone);
    CHECK(floor.newest() == start + std::chrono::minutes(1));

    clock.wall += std::chrono::hours(2);
    CHECK(floor.behind() == kNone);
    clock.pass(ClockFloor::kTolerance);
    CHECK(floor.behind() == kNone);
    clock.wall -= std::chrono::hours(2);
    CHECK(floor.behind() == std::chrono::hours(2));
}
