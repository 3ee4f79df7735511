// Requests that wait: for an operator or for the CA, over polls, re-posts, restarts and time.
#include "scep-server/enroll/pending_desk.h"

#include <fstream>
#include <future>
#include <iterator>

#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

struct Setting {
    explicit Setting(bool manual = true) {
        lab.profile().issuer.manual_approval = manual;
        start();
    }
    void start() {
        bench.reset();
        bench = std::make_unique<EnrollBench>(lab, policy);
    }
    test::Reply ask(const Device& device) {
        return device.read(bench->enrollment.answer(device.request(lab), "192.0.2.7").message);
    }
    test::Reply poll(Device device) {
        device.message.message_type = "20";
        const Bytes subject{0x30, 0x00};
        return device.read(
            bench->enrollment.answer(device.wrap(lab, subject), "192.0.2.7").message);
    }
    std::int64_t waiting_id() {
        const auto list = bench->desk.list(0, 10);
        REQUIRE(list);
        REQUIRE(list->size() == 1);
        return list->front().id;
    }
    std::vector<int> told(std::size_t count) {
        std::vector<int> dispositions;
        for (const auto& notify : policy.wait_for_notifies(count))
            dispositions.push_back(notify.disposition);
        return dispositions;
    }
    bool logged(const std::string& text) const {
        return bench->log.text().find(text) != std::string::npos;
    }

    Lab lab;
    FakePolicy policy;
    std::unique_ptr<EnrollBench> bench;
};

}  // namespace

TEST_CASE("an approved request ends with the certificate for polls and for the same request") {
    Setting setting;
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    CHECK(setting.ask(device).pki_status == "3");
    CHECK(setting.poll(device).pki_status == "3");
    CHECK(setting.policy.verify_calls == 1);
    CHECK(setting.told(1) == std::vector{3});
    setting.start();  // a restart
    CHECK(setting.poll(device).pki_status == "3");
    const auto approval = setting.bench->desk.approve(setting.waiting_id(), "olga");
    REQUIRE(approval);
    CHECK(approval->outcome == OutcomeKind::issued);
    CHECK_FALSE(approval->serial.empty());
    const auto polled = setting.poll(device);
    CHECK(polled.pki_status == "0");
    REQUIRE(polled.certificates.size() == 1);
    CHECK(polled.certificates.front().matches(device.key));
    CHECK(setting.ask(device).certificates.front().der() == polled.certificates.front().der());
    setting.lab.clock.advance(std::chrono::hours(30));  // long after CacheRequest
    CHECK(setting.poll(device).pki_status == "0");
    CHECK(setting.told(2) == std::vector{3, 0});
    CHECK(setting.policy.wait_for_notifies(2).back().challenge == "the challenge");
    CHECK(setting.policy.verify_calls == 1);
}

TEST_CASE("a denied request ends in FAILURE, once and for all") {
    Setting setting;
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    const auto id = setting.waiting_id();
    REQUIRE(setting.bench->desk.deny(id, "olga", "unknown router"));
    CHECK(setting.poll(device).pki_status == "2");
    CHECK(setting.ask(device).pki_status == "2");
    CHECK(setting.told(2) == std::vector{3, 2});
    CHECK(setting.policy.verify_calls == 1);
    CHECK(setting.bench->desk.deny(id, "olga", "").error().code == ErrorCode::conflict);
    CHECK(setting.bench->desk.approve(id, "olga").error().code == ErrorCode::conflict);
    CHECK(setting.bench->desk.approve(99, "olga").error().code == ErrorCode::not_found);
}

TEST_CASE("RefreshPeriod ends what nobody decides") {
    Setting setting;
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    setting.lab.clock.advance(std::chrono::days(7));
    SECTION("by time alone") { setting.bench->desk.tend(); }
    SECTION("when it is polled") {}
    CHECK(setting.poll(device).pki_status == "2");
    CHECK(setting.told(2) == std::vector{3, 2});
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_TO_GET_ID"));
    CHECK(setting.bench->desk.list(0, 10)->empty());
    CHECK(setting.ask(device).pki_status == "3");  // a new request
    CHECK(setting.policy.verify_calls == 2);
}

TEST_CASE("what a removed profile left behind keeps nothing else from expiring") {
    Setting setting;
    PendingRequest old;
    old.state = PendingState::waiting;
    old.key.profile = "removed";
    old.created_at = setting.lab.clock.now();
    old.expires_at = old.created_at + std::chrono::days(1);
    for (int i = 0; i < 200; ++i) {
        old.key.transaction_id = "old-" + std::to_string(i);
        REQUIRE(setting.bench->journal.pending().add(old, {}));
    }
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    setting.lab.clock.advance(std::chrono::days(7));
    PendingDesk desk({setting.bench->journal,
                      [&](const std::string& profile) {
                          return profile.empty() ? &setting.bench->issuance : nullptr;
                      },
                      setting.bench->log});
    desk.tend();
    CHECK(setting.logged("a request that waited has expired (RefreshPeriod)"));
    CHECK(desk.list(0, 1000)->size() == 200);
}

TEST_CASE("only the key of the request may poll, and only for what is pending") {
    Setting setting;
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    Device thief(5);
    thief.message.transaction_id = device.message.transaction_id;
    CHECK(setting.poll(thief).pki_status == "2");
    CHECK(setting.logged("no request of this key is pending"));
    REQUIRE(setting.bench->desk.approve(setting.waiting_id(), "olga"));
    CHECK(setting.poll(thief).pki_status == "2");
    CHECK(setting.poll(Device(6)).pki_status == "2");
    CHECK(setting.poll(device).pki_status == "0");
}

TEST_CASE("two requests under one transaction ID wait beside each other") {
    Setting setting;
    const Device device(4);
    Device other(5);
    other.message.transaction_id = device.message.transaction_id;
    CHECK(setting.ask(device).pki_status == "3");
    const auto id = setting.waiting_id();
    CHECK(setting.ask(other).pki_status == "3");
    CHECK(setting.poll(device).pki_status == "3");
    REQUIRE(setting.bench->desk.approve(id, "olga"));
    CHECK(setting.poll(device).pki_status == "0");
    CHECK(setting.poll(other).pki_status == "3");
}

TEST_CASE("a poll by another key shares nothing with the request's while the CA is asked for it") {
    Setting setting(false);
    setting.bench->issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{IssueState::pending, {}, "taken under submission"};
    };
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    std::promise<void> asked;
    std::promise<void> answer;
    setting.bench->issuer.on_issue = [&](const IssueRequest&) -> Result<IssueAnswer> {
        asked.set_value();
        answer.get_future().wait();
        return IssueAnswer{IssueState::pending, {}, "taken under submission"};
    };
    auto own = std::async(std::launch::async, [&] { return setting.poll(device); });
    asked.get_future().wait();
    Device thief(5);
    thief.message.transaction_id = device.message.transaction_id;
    auto other = std::async(std::launch::async, [&] { return setting.poll(thief); });
    const bool waits_for_no_one =
        other.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    answer.set_value();
    CHECK(waits_for_no_one);
    CHECK(other.get().pki_status == "2");
    CHECK(own.get().pki_status == "3");
}

TEST_CASE("an approval that the CA cannot follow leaves the request waiting") {
    Setting setting;
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    setting.bench->issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return fail(ErrorCode::unavailable, "the CA is away");
    };
    const auto id = setting.waiting_id();
    CHECK(setting.bench->desk.approve(id, "olga").error().code == ErrorCode::unavailable);
    CHECK(setting.waiting_id() == id);
    setting.bench->issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{IssueState::refused, {}, "name constraint"};
    };
    CHECK(setting.bench->desk.approve(id, "olga")->outcome == OutcomeKind::refused);
    CHECK(setting.poll(device).pki_status == "2");
    CHECK(setting.told(2) == std::vector{3, 2});
}

TEST_CASE("what the CA holds is asked for again at each poll, and the policy is not") {
    Setting setting(false);
    setting.bench->issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{IssueState::pending, {}, "taken under submission"};
    };
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "3");
    CHECK(setting.poll(device).pki_status == "3");
    setting.bench->issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return fail(ErrorCode::unavailable, "the CA is away");
    };
    Device poller = device;
    poller.message.message_type = "20";
    CHECK(setting.bench->enrollment.answer(poller.wrap(setting.lab, Bytes{0x30, 0x00}), "192.0.2.7")
              .kind == EnrollmentAnswer::Kind::unavailable);
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_QUERY_CA"));
    setting.bench->issuer.on_issue = nullptr;
    CHECK(setting.poll(device).pki_status == "0");
    CHECK(setting.told(2) == std::vector{3, 0});
    CHECK(setting.policy.verify_calls == 1);
}

TEST_CASE("what waits is on disk without its challenge") {
    Setting setting;
    Device device(4);
    device.csr.challenge = "marker-7d793037a076";
    CHECK(setting.ask(device).pki_status == "3");
    for (const auto& file : std::filesystem::directory_iterator(setting.lab.folder.path())) {
        std::ifstream stream(file.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        CHECK(text.find("marker-") == std::string::npos);
    }
    CHECK_FALSE(setting.logged("marker-"));
}

TEST_CASE("a pending EC request gets its reply under the challenge") {
    Setting setting;
    const EvpPkeyPtr key = test::make_ec_key();
    Device device(4);
    device.key = key.get();
    device.sign_with(test::make_signer(key.get(), "CN=device"), key.get());
    const auto answer = [&](const std::string& type, const Bytes& content) {
        device.message.message_type = type;
        return setting.bench->enrollment.answer(device.wrap(setting.lab, content), "192.0.2.7")
            .message;
    };
    const Bytes csr = make_csr(device.key, device.csr);
    CHECK(test::read_reply_under(answer("19", csr), "").pki_status == "3");
    REQUIRE(setting.bench->desk.approve(setting.waiting_id(), "olga"));
    const auto reply =
        test::read_reply_under(answer("20", Bytes{0x30, 0x00}), device.csr.challenge);
    CHECK(reply.pki_status == "0");
    CHECK(reply.certificates.front().matches(key.get()));
}
