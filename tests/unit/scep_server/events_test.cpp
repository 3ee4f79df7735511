// Every event of the original: provoked here, or listed with the reason why it cannot occur.
#include "scep-server/enroll/ndes_event.h"

#include <map>

#include "common/random.h"
#include "scep-server/enroll/password_policy.h"
#include "scep-server/http/scep_endpoint.h"
#include "scep-server/profile.h"
#include "scep-server/service.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/admin_bench.h"
#include "tests/unit/scep_server/enroll_bench.h"
#include "tests/unit/scep_server/event_sample.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::has_event;
using test::Lab;

namespace {

// Those that no test can provoke.
const std::map<int, const char*> kCannotOccur{
    {4, "the service ends whatever is under way: stopping cannot fail"},
    {36,
     "the transport writes header and data at once; if it cannot, the client is gone, and the "
     "listener's counters say so"},
    {37, "as 36"},
};

struct Setting {
    Lab lab;
    FakePolicy policy;
    EnrollBench bench{lab, policy};

    EnrollmentAnswer send(const Device& device, const Bytes& content) {
        return bench.enrollment.answer(device.wrap(lab, content), "192.0.2.7");
    }
    EnrollmentAnswer send(const Device& device) {
        return bench.enrollment.answer(device.request(lab), "192.0.2.7");
    }
    void refuse_with(const std::string& reason) {
        policy.on_verify = [reason](const PolicyQuestion&) -> Result<PolicyAnswer> {
            PolicyAnswer no;
            no.reason = reason;
            return no;
        };
    }
};

// What each event takes, apart from those of the admin site and the start, which have their own.
using Provoke = std::function<void(Setting&, Device&)>;

Bytes query_for(const Certificate& certificate) {
    return test::make_issuer_and_serial(certificate);
}

void get(Setting& setting, const std::string& query) {
    ScepEndpoint endpoint(setting.lab.profile().scep, setting.bench.ra, setting.bench.enrollment,
                          setting.bench.log);
    http::Request request;
    request.method = "GET";
    request.path = "/certsrv/mscep/";
    request.query = query;
    endpoint.handle(request, {});
}

void issue_as(Setting& setting, Result<IssueAnswer> answer) {
    const auto shared = std::make_shared<Result<IssueAnswer>>(std::move(answer));
    setting.bench.issuer.on_issue = [shared](const IssueRequest&) { return *shared; };
}

// A device certificate of the lab's CA, which signs what only devices may ask.
void sign_as_device(Setting& setting, Device& device) {
    const auto reply = device.read(setting.send(device).message);
    REQUIRE(reply.pki_status == "0");
    device.sign_with(reply.certificates.front(), device.key);
}

const std::map<int, Provoke>& provocations() {
    static const std::map<int, Provoke> all{
        {7, [](Setting& s, Device&) { get(s, "operation=GetNextCACert"); }},
        {11, [](Setting& s, Device&) { get(s, "operation=Nonsense"); }},
        {12, [](Setting& s, Device&) { get(s, "operation=PKIOperation"); }},
        {13,
         [](Setting& s, Device& device) {
             const EvpPkeyPtr key = test::make_ec_key();
             device.sign_with(test::make_signer(key.get(), "CN=x"), key.get());
             device.message.message_type = "22";
             s.send(device, query_for(s.lab.ca));
         }},
        {14,
         [](Setting& s, Device& device) {
             auto ra = load_ra(s.lab.profile().ra, {s.lab.ca}, s.lab.clock.now());
             REQUIRE(ra);
             (*ra)->identity.signing_key = test::make_rsa_key();  // not the certificate's
             s.bench.ra.replace(std::move(*ra));
             s.send(device);
         }},
        {15, [](Setting& s, Device&) { get(s, "operation=PKIOperation&message=%25%25"); }},
        {16,
         [](Setting& s, Device&) {
             s.bench.enrollment.answer(Bytes{0x30, 0x00}, "");
         }},
        {17,
         [](Setting& s, Device& device) {
             device.message.digest = "SHA1";  // not permitted: read no further
             s.send(device);
         }},
        {18,
         [](Setting& s, Device& device) {
             s.bench.enrollment.answer(
                 make_message(make_csr(device.key, device.csr), device.key, device.signer,
                              {s.lab.ra_signing}, device.message),
                 "");
         }},
        {19,
         [](Setting& s, Device& device) {
             device.message.message_type = "21";
             s.send(device, query_for(s.lab.ra_signing));
         }},
        {23,
         [](Setting& s, Device& device) {
             s.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
                 return fail(ErrorCode::timeout, "the CRP is away");
             };
             s.send(device);
         }},
        {24,
         [](Setting& s, Device& device) {
             device.message.message_type = "21";
             s.send(device, Bytes{0x30, 0x03, 0x02, 0x01, 0x05});
         }},
        {25,
         [](Setting& s, Device& device) {
             device.message.message_type = "20";
             s.send(device, Bytes{0x30, 0x00});
         }},
        {26,
         [](Setting& s, Device& device) {
             issue_as(s, IssueAnswer{IssueState::pending, {}, "held"});
             s.send(device);
             issue_as(s, fail(ErrorCode::unavailable, "the CA is away"));
             device.message.message_type = "20";
             s.send(device, Bytes{0x30, 0x00});
         }},
        {28,
         [](Setting& s, Device& device) {
             device.csr.challenge.clear();
             s.send(device);
         }},
        {29,
         [](Setting& s, Device& device) {
             s.refuse_with("ChallengeExpired");
             s.send(device);
         }},
        {30,
         [](Setting& s, Device& device) {
             s.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
                 PolicyAnswer yes = test::yes_with("CN=x");
                 yes.contents->subject_alt_names = {{SubjectAltNameType::ip, "no address"}};
                 return yes;
             };
             s.send(device);
         }},
        {31,
         [](Setting& s, Device& device) {
             issue_as(s, IssueAnswer{IssueState::refused, {}, "name constraint"});
             s.send(device);
         }},
        {32,
         [](Setting& s, Device& device) {
             s.bench.journal.reads_fail = true;
             s.send(device);
         }},
        {33,
         [](Setting& s, Device& device) {
             s.bench.journal.writes_fail = true;
             s.send(device);
         }},
        {34,
         [](Setting& s, Device&) {
             s.lab.clock.advance(std::chrono::days(400));
             warn_of_ra_dates(*s.bench.ra.get(), s.lab.clock.now(), s.bench.log);
         }},
        {35,
         [](Setting& s, Device&) {
             s.lab.clock.advance(std::chrono::days(190));
             warn_of_ra_dates(*s.bench.ra.get(), s.lab.clock.now(), s.bench.log);
         }},
        {38,
         [](Setting& s, Device& device) {
             device.message.message_type = "41";
             s.send(device);
         }},
        {39, [](Setting& s, Device& device) { s.send(device); }},
        {42,
         [](Setting& s, Device& device) {
             s.send(device, Bytes{0x30, 0x00});
         }},
        {43,
         [](Setting& s, Device& device) {
             s.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
                 PolicyAnswer no;
                 no.reason = "PasswordUsageTaken";
                 no.key_usage = "Signature";
                 return no;
             };
             s.send(device);
         }},
        {44,
         [](Setting& s, Device& device) {
             sign_as_device(s, device);
             device.message.message_type = "22";
             s.send(device, query_for(device.signer));
         }},
        {45,
         [](Setting& s, Device& device) {
             device.message.message_type = "21";
             s.send(device, query_for(device.signer));  // self-signed: another issuer
         }},
    };
    return all;
}

// Those of the start: what is broken, by the configuration alone.
const std::map<int, std::function<void(Lab&)>>& start_faults() {
    static const std::map<int, std::function<void(Lab&)>> all{
        {2, [](Lab& lab) { lab.config.journal.create = false; }},
        {8, [](Lab& lab) { test::write_text(lab.folder / "ca.key", ""); }},
        {9, [](Lab& lab) { test::write_text(lab.folder / "ca.pem", "half a file"); }},
        {10, [](Lab& lab) { test::write_text(lab.folder / "signing.pem", "half a file"); }},
        {46, [](Lab& lab) { lab.profile().mscep.hash_algorithm = "SHA1"; }},
        {49,
         [](Lab& lab) {
             lab.profile().mscep.use_single_password = true;
             test::write_text(lab.profile().mscep.encrypted_password, "not sealed\n");
             std::filesystem::permissions(lab.profile().mscep.encrypted_password,
                                          std::filesystem::perms::owner_read);
         }},
        {51,
         [](Lab& lab) {
             lab.profile().mscep.use_single_password = true;
             lab.profile().mscep.encrypted_password = lab.folder / "no such folder" / "file";
         }},
    };
    return all;
}

// The event's own text says something in each place that the original fills in.
void check_filled_in(const test::RecordingLog& log, int number) {
    const std::string text = log.text();
    const std::size_t event = text.find("| event=" + std::to_string(number) + " |");
    REQUIRE(event != std::string::npos);
    const std::size_t begin = text.find("event_text=", event) + std::string("event_text=").size();
    const std::string told = text.substr(begin, text.find('\n', begin) - begin);
    INFO(told);
    CHECK(told.size() > 40);
    CHECK(told.find('%') == std::string::npos);  // nothing is left over
    CHECK(told.find("()") == std::string::npos);
    CHECK(told.find("\"\"") == std::string::npos);
    CHECK_FALSE(told.ends_with("). "));  // %ErrorMessage is not empty
}

}  // namespace

TEST_CASE("each event that a request can cause is told by number, name and text") {
    for (const auto& [number, provoke] : provocations()) {
        INFO("event " << number);
        Setting setting;
        Device device(4);
        provoke(setting, device);
        CHECK(has_event(setting.bench.log, number));
        check_filled_in(setting.bench.log, number);
        // A failure of ours or of the module is never told as an invalid password.
        if (number != 29) CHECK_FALSE(has_event(setting.bench.log, 29));
    }
}

TEST_CASE("each event of the start is told, and nothing is served") {
    for (const auto& [number, breaks] : start_faults()) {
        INFO("event " << number);
        Lab lab;
        test::RecordingLog log;
        lab.profile().policy.none = true;
        lab.profile().mscep.encrypted_password = lab.folder / "single";
        lab.config.server.listen = {"127.0.0.1", 0};
        lab.config.health = {"127.0.0.1", 0};
        breaks(lab);
        CHECK_FALSE(Service::start(lab.config, log, lab.clock, system_random()));
        CHECK(has_event(log, number));
        CHECK(has_event(log, 2));
        check_filled_in(log, number);
    }
}

TEST_CASE("each event of the admin site is told") {
    for (const bool enterprise : {true, false}) {
        Lab lab;
        lab.profile().mscep.enterprise_ca = enterprise;
        test::AdminBench bench(lab);
        bench.caller("nobody", {}, false);
        bench.get_as("nobody", "");
        CHECK(has_event(bench.log, enterprise ? 6 : 41));
    }
}

TEST_CASE("no event is forgotten") {
    for (const NdesEvent& event : all_events()) {
        INFO("event " << event.number);
        const bool at_admin_site = event.number == 6 || event.number == 41;
        const int places = static_cast<int>(provocations().contains(event.number)) +
                           static_cast<int>(start_faults().contains(event.number)) +
                           static_cast<int>(kCannotOccur.contains(event.number)) +
                           static_cast<int>(at_admin_site);
        CHECK(places == 1);
        CHECK_FALSE(event_text(event, {}).empty());
    }
    CHECK(all_events().size() == 40);
    CHECK(all_events().front().number == 2);
    CHECK(all_events().back().number == 51);
}
