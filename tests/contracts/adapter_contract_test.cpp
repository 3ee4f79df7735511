// One suite for every way in which a request reaches the CRP: VerifyRequest and Notify, and each
// adapter's own messages. The same steps through each of them must give the same verdicts and
// leave the same records: transactions with every rule's outcome, challenges, state messages and
// audit. What a door cannot tell (an address, a certificate's octets) is named in `Trace`.
#include <algorithm>
#include <functional>
#include <set>

#include "tests/catch.h"
#include "tests/contracts/adapter_doors.h"
#include "tests/support/scep_client.h"

using namespace ndes;
using namespace ndes::test;

namespace {

// What was answered and recorded, without names and times that differ from run to run.
struct Trace {
    Json answers = Json::array();
    Json transactions, challenges, messages, certificates, audit;

    bool operator==(const Trace&) const = default;
};

Json pick(const Json& from, std::initializer_list<const char*> fields) {
    Json picked = Json::object();
    for (const char* field : fields)
        picked[field] = from.at(field);
    return picked;
}

Json list(AdapterLab& lab, const char* path, std::initializer_list<const char*> fields) {
    Json all = Json::array();
    const Json page = json_of(lab.call("admin", "GET", path));
    for (const Json& item : page.at("items"))
        all.push_back(pick(item, fields));
    return all;
}

// Event, outcome, reason and transaction of each record, who called, and the facts that say the
// same in every run; of the others the names.
Json audit_of(AdapterLab& lab, const Door& door) {
    const std::set<std::string> told = {"verified",  "phase",       "device_id", "user_id",
                                        "policy_id", "disposition", "hresult",   "template"};
    Json all = Json::array();
    for (const crp::AuditRecord& record : lab.audit()) {
        if (record.event != "verify" && record.event != "notify") continue;
        CHECK(record.caller == door.caller());
        Json facts = Json::array();
        for (const auto& [name, value] : record.facts) {
            if (name.starts_with("caller_")) continue;  // how the caller proved itself
            facts.push_back(told.contains(name) ? Json{name, value} : Json(name));
        }
        all.push_back({record.event, record.outcome, record.reason, record.transaction_id, facts});
    }
    return all;
}

struct Stage {
    AdapterLab& lab;
    Door& door;
    Trace& trace;

    void verify(const Bytes& csr, const std::string& challenge, const std::string& transaction) {
        const Verdict verdict = door.verify(csr, challenge, transaction);
        trace.answers.push_back({verdict.verified, verdict.reason});
    }
    void issued(const Bytes& csr, const std::string& transaction) {
        trace.answers.push_back(door.issued(csr, lab.certificate(), transaction));
    }
    void failed(const Bytes& csr, const std::string& transaction) {
        trace.answers.push_back(door.failed(csr, transaction));
    }
};

struct Scenario {
    const char* name;
    std::function<void(Stage&)> play;
    Json answers;  // that every door has to give
};

const std::vector<Scenario>& scenarios() {
    static const std::vector<Scenario> all = {
        {"a right request is issued",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             const Bytes csr = on.lab.request(challenge);
             on.verify(csr, challenge, "t-1");
             on.verify(csr, challenge, "t-1");
             on.issued(csr, "t-1");
         },
         {{true, "Success"}, {true, "Success"}, 200}},
        {"a used challenge is a replay",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             const EvpPkeyPtr other = make_ec_key();
             on.verify(on.lab.request(challenge), challenge, "t-1");
             on.verify(on.lab.request(challenge, "CN=alice@example.org", other.get()), challenge,
                       "t-2");
         },
         {{true, "Success"}, {false, "ChallengeReplayed"}}},
        {"a failure opens the challenge for the same request",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             const Bytes csr = on.lab.request(challenge);
             on.verify(csr, challenge, "t-1");
             on.failed(csr, "t-1");
             on.verify(csr, challenge, "t-1");
         },
         {{true, "Success"}, 200, {true, "Success"}}},
        {"no challenge, a wrong one, a forged one",
         [](Stage& on) {
             on.verify(on.lab.request(""), "", "t-1");
             on.verify(on.lab.request("Wrong-Password-1"), "Wrong-Password-1", "t-2");
             std::string forged = on.lab.new_challenge();
             forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
             on.verify(on.lab.request(forged), forged, "t-3");
         },
         {{false, "ChallengePasswordMissing"},
          {false, "ChallengeUnknown"},
          {false, "ChallengeDecryptionError"}}},
        {"what is no request",
         [](Stage& on) {
             on.verify(Bytes{0x30, 0x03, 0x02, 0x01, 0x00}, "", "t-1");
         },
         {{false, "CertificateRequestDecodingFailed"}}},
        {"five wrong subjects lock the challenge",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             for (int i = 0; i < 5; ++i) {
                 const std::string id = std::to_string(i);
                 on.verify(on.lab.request(challenge, "CN=guess-" + id), challenge, "t-" + id);
             }
             on.verify(on.lab.request(challenge), challenge, "t-6");
         },
         {{false, "SubjectNameMismatch"},
          {false, "SubjectNameMismatch"},
          {false, "SubjectNameMismatch"},
          {false, "SubjectNameMismatch"},
          {false, "SubjectNameMismatch"},
          {false, "ChallengeLocked"}}},
        {"an expired challenge",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             on.lab.clock.advance(std::chrono::hours(24 * 31));
             on.verify(on.lab.request(challenge), challenge, "t-1");
         },
         {{false, "ChallengeExpired"}}},
        {"a device that is retired, a user that is disabled",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             on.lab.call("mdm", "PUT", "/api/v1/devices/phone-1",
                         R"({"name":"phone-1","ownerUserId":"alice","enrollmentState":"retired"})");
             on.verify(on.lab.request(challenge), challenge, "t-1");
             on.lab.call("mdm", "PUT", "/api/v1/devices/phone-1",
                         R"({"name":"phone-1","ownerUserId":"alice"})");
             on.lab.call("mdm", "PUT", "/api/v1/users/alice",
                         R"({"userPrincipalName":"alice@example.org","enabled":false})");
             on.verify(on.lab.request(challenge), challenge, "t-2");
         },
         {{false, "DeviceRetired"}, {false, "UserDisabled"}}},
        {"a template that is not permitted",
         [](Stage& on) {
             const std::string challenge = on.lab.new_challenge();
             on.lab.call("mdm", "DELETE", "/api/v1/templates/Phones");
             on.verify(on.lab.request(challenge), challenge, "t-1");
         },
         {{false, "TemplateNotPermitted"}}},
        {"notifications of what was never verified",
         [](Stage& on) {
             const Bytes csr = on.lab.request("x");
             on.issued(csr, "t-9");
             on.failed(csr, "t-9");
         },
         {404, 404}},
    };
    return all;
}

template <class Way>
Trace play(const Scenario& scenario) {
    AdapterLab lab;
    lab.make_records();
    Way door(lab);
    Trace trace;
    Stage stage{lab, door, trace};
    scenario.play(stage);
    trace.transactions = list(lab, "/api/v1/transactions",
                              {"transactionId", "verified", "reason", "phase", "state", "deviceId",
                               "userId", "policyId", "template", "outcomes", "owner", "hResult"});
    trace.challenges = list(lab, "/api/v1/challenges", {"state", "refusals", "transactionId"});
    trace.messages = list(lab, "/api/v1/state-messages",
                          {"state", "transactionId", "deviceId", "userId", "certificateRequestId"});
    // Of subject and notBefore Intune's clients tell nothing.
    trace.certificates = list(lab, "/api/v1/certificates",
                              {"issuer", "transactionId", "deviceId", "userId", "policyId"});
    trace.audit = audit_of(lab, door);
    return trace;
}

void check_same(const Trace& found, const Trace& wanted) {
    CHECK(found.answers == wanted.answers);
    CHECK(found.transactions == wanted.transactions);
    CHECK(found.challenges == wanted.challenges);
    CHECK(found.messages == wanted.messages);
    CHECK(found.certificates == wanted.certificates);
    CHECK(found.audit == wanted.audit);
}

using ChallengeSource = std::function<std::string(AdapterLab&)>;

// As an MDM orders one through the API.
std::string posted_challenge(AdapterLab& lab) {
    return json_of(lab.call("admin", "POST", "/api/v1/challenges",
                            R"({"deviceId":"SN0001","userId":"alice","policyId":"wifi"})"))
        .at("challenge");
}

// As Jamf Pro and Fleet ask for one.
std::string webhook_challenge(AdapterLab& lab) {
    const Json event = {{"webhook", {{"webhookEvent", "SCEPChallenge"}}},
                        {"event",
                         {{"payloadTypes", {"com.apple.security.scep"}},
                          {"device", {{"serialNumber", "SN0001"}}}}}};
    return lab.mdm_webhook("wifi", event).body;
}

// The life of one challenge, and of another one that is spent by guessing.
template <class Way>
Trace play_challenge(const ChallengeSource& source) {
    AdapterLab lab;
    lab.make_shared_records();
    Way door(lab);
    Trace trace;
    Stage on{lab, door, trace};
    const std::string challenge = source(lab);
    const EvpPkeyPtr other = make_ec_key();
    on.verify(lab.request(challenge, "CN=mallory"), challenge, "t-0");
    const Bytes csr = lab.request(challenge);
    on.verify(csr, challenge, "t-1");
    on.verify(lab.request(challenge, "CN=alice@example.org", other.get()), challenge, "t-2");
    on.issued(csr, "t-1");
    const std::string late = source(lab);
    lab.clock.advance(std::chrono::hours(24 * 31));
    on.verify(lab.request(late), late, "t-3");
    trace.transactions = list(lab, "/api/v1/transactions",
                              {"transactionId", "verified", "reason", "phase", "state", "deviceId",
                               "userId", "policyId", "template", "outcomes"});
    trace.challenges = list(lab, "/api/v1/challenges", {"state", "refusals", "transactionId"});
    trace.certificates =
        list(lab, "/api/v1/certificates", {"transactionId", "deviceId", "userId", "policyId"});
    return trace;
}

}  // namespace

TEST_CASE("a challenge that an MDM's webhook made is judged by every door as one that was posted") {
    const Trace wanted = play_challenge<NdesDoor>(posted_challenge);
    CHECK(wanted.answers == Json({{false, "SubjectNameMismatch"},
                                  {true, "Success"},
                                  {false, "ChallengeReplayed"},
                                  200,
                                  {false, "ChallengeExpired"}}));
    const auto check = [&](const char* door, const Trace& found) {
        INFO(door);
        CHECK(found.answers == wanted.answers);
        CHECK(found.transactions == wanted.transactions);
        CHECK(found.challenges == wanted.challenges);
        CHECK(found.certificates == wanted.certificates);
    };
    check("ndes", play_challenge<NdesDoor>(webhook_challenge));
    check("step_ca", play_challenge<StepCaDoor>(webhook_challenge));
    check("intune", play_challenge<IntuneDoor>(webhook_challenge));
}

TEST_CASE("every door gives the same verdicts and leaves the same records") {
    for (const Scenario& scenario : scenarios()) {
        DYNAMIC_SECTION(scenario.name) {
            const Trace wanted = play<NdesDoor>(scenario);
            CHECK(wanted.answers == scenario.answers);
            {
                INFO("step_ca");
                check_same(play<StepCaDoor>(scenario), wanted);
            }
            {
                INFO("intune");
                check_same(play<IntuneDoor>(scenario), wanted);
            }
        }
    }
}

TEST_CASE("an enrolment that one door began can be finished through another of the same records") {
    AdapterLab lab;
    lab.make_records();
    const std::string challenge = lab.new_challenge();
    const Bytes csr = lab.request(challenge);
    StepCaDoor step_ca(lab);
    IntuneDoor intune(lab);
    NdesDoor ndes(lab);
    CHECK(step_ca.verify(csr, challenge, "t-1").verified);
    CHECK(intune.verify(csr, challenge, "t-1").verified);  // the standing answer
    CHECK(ndes.issued(csr, lab.certificate(), "t-1") == 200);
    CHECK(json_of(lab.call("mdm", "GET", "/api/v1/transactions")).at("items").size() == 1);
}
