// NDES' own passwords: once for both usages or once for each, for an hour, five at a time.
#include "scep-server/enroll/password_policy.h"

#include "common/file.h"
#include "scep-server/enroll/policy_refusal.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/admin_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::AdminBench;
using test::Lab;

namespace {

struct Asked {
    std::string challenge;
    int usage = 0xa0;
    std::string transaction_id = "tx-1";
    std::string csr = "request 1";
};

PolicyAnswer ask(Policy& policy, const Asked& asked) {
    PolicyQuestion question;
    question.certificate_request = as_bytes(asked.csr);
    question.transaction_id = asked.transaction_id;
    question.challenge = asked.challenge;
    question.usage = asked.usage;
    auto answer = policy.verify(question);
    REQUIRE(answer);
    return *answer;
}

void tell(Policy& policy, const Asked& asked, int disposition) {
    PolicyOutcome outcome;
    outcome.challenge = asked.challenge;
    outcome.transaction_id = asked.transaction_id;
    outcome.disposition = disposition;
    REQUIRE(policy.notify(outcome));
}

std::string new_password(Policy& policy) {
    auto password = policy.generate_challenge("", "");
    REQUIRE(password);
    return *password;
}

}  // namespace

TEST_CASE("a password is good once for both usages") {
    Lab lab;
    AdminBench bench(lab);
    const Asked first{new_password(bench.policy)};
    CHECK(ask(bench.policy, first).verified);
    CHECK(ask(bench.policy, first).verified);  // the same request again
    Asked other = first;
    other.csr = "request 2";
    CHECK(ask(bench.policy, other).reason == kPasswordUsageTaken);
    tell(bench.policy, first, 0);
    CHECK(ask(bench.policy, first).reason == kPasswordInvalid);
    CHECK(ask(bench.policy, other).reason == kPasswordInvalid);
}

TEST_CASE("or once for each") {
    Lab lab;
    AdminBench bench(lab);
    const std::string password = new_password(bench.policy);
    const Asked signature{password, 0x80, "tx-1", "request 1"};
    const Asked encryption{password, 0x20, "tx-2", "request 2"};
    const Asked second_signature{password, 0x80, "tx-3", "request 3"};
    const Asked both{password, 0xa0, "tx-4", "request 4"};
    CHECK(ask(bench.policy, signature).verified);
    tell(bench.policy, signature, 0);
    const auto taken = ask(bench.policy, second_signature);
    CHECK(taken.reason == kPasswordUsageTaken);
    CHECK(taken.key_usage == "Signature");
    CHECK(ask(bench.policy, both).reason == kPasswordUsageTaken);
    CHECK(ask(bench.policy, encryption).verified);
    tell(bench.policy, encryption, 0);
    CHECK(ask(bench.policy, second_signature).reason == kPasswordInvalid);
}

TEST_CASE("a failure frees the password, and only of that very request") {
    Lab lab;
    AdminBench bench(lab);
    const Asked first{new_password(bench.policy)};
    Asked other{first.challenge, 0xa0, "tx-2", "request 2"};
    CHECK(ask(bench.policy, first).verified);
    tell(bench.policy, other, 2);
    CHECK_FALSE(ask(bench.policy, other).verified);
    tell(bench.policy, first, 3);  // pending: still reserved
    CHECK_FALSE(ask(bench.policy, other).verified);
    tell(bench.policy, first, 2);
    CHECK(ask(bench.policy, other).verified);
}

TEST_CASE("passwords expire, are counted, and survive a restart") {
    Lab lab;
    std::string password;
    {
        AdminBench bench(lab);
        for (int i = 0; i < 5; ++i)
            password = new_password(bench.policy);
        CHECK(bench.policy.generate_challenge("", "").error().code == ErrorCode::too_large);
        tell(bench.policy, {password}, 2);
    }
    AdminBench bench(lab);
    CHECK(*bench.journal->passwords().count("") == 5);
    CHECK(ask(bench.policy, {password}).verified);
    tell(bench.policy, {password}, 0);
    CHECK(*bench.journal->passwords().count("") == 4);
    new_password(bench.policy);
    lab.clock.advance(std::chrono::minutes(60));
    CHECK(*bench.journal->passwords().count("") == 0);
    CHECK(*bench.journal->passwords().purge() == 6);
    CHECK_FALSE(ask(bench.policy, {"0123456789ABCDEF"}).verified);
    CHECK_FALSE(ask(bench.policy, {""}).verified);
}

TEST_CASE("PasswordLength counts octets, shown as two digits each") {
    Lab lab;
    lab.profile().mscep.password_length = 20;
    AdminBench bench(lab);
    CHECK(new_password(bench.policy).size() == 40);
}

TEST_CASE("EnforcePassword 0 lets everybody in, and a renewal needs no password") {
    Lab lab;
    AdminBench strict(lab);
    PolicyQuestion renewal;
    const Bytes certificate{0x30, 0x00};
    renewal.signing_certificate = certificate;
    CHECK(strict.policy.verify(renewal)->verified);
    MscepConfig open = lab.profile().mscep;
    open.enforce_password = false;
    auto policy = make_password_policy(
        open, "", {strict.journal->passwords(), strict.seal, system_random(), strict.log});
    REQUIRE(policy);
    CHECK(ask(**policy, {""}).verified);
}

TEST_CASE("the single password is sealed in its file, stays, and is good for many") {
    Lab lab;
    lab.profile().mscep.use_single_password = true;
    lab.profile().mscep.encrypted_password = lab.folder / "single";
    std::string password;
    for (int run = 0; run < 2; ++run) {
        AdminBench bench(lab);
        if (run == 1) CHECK(new_password(bench.policy) == password);
        password = new_password(bench.policy);
        for (const char* csr : {"request 1", "request 2"}) {
            const Asked asked{password, 0xa0, csr, csr};
            CHECK(ask(bench.policy, asked).verified);
            tell(bench.policy, asked, 0);
        }
        CHECK(ask(bench.policy, {"wrong"}).reason == kPasswordInvalid);
        CHECK_FALSE(ask(bench.policy, {""}).verified);
    }
    CHECK(read_file(lab.folder / "single")->find(password) == std::string::npos);
    lab.profile().mscep.password_length = 9;
    CHECK_THROWS(AdminBench(lab));
}

TEST_CASE("only words about the password are event 29") {
    CHECK(event_of_refusal("").number == 29);
    CHECK(event_of_refusal("ChallengeReplayed").number == 29);
    CHECK(event_of_refusal(kPasswordInvalid).number == 29);
    CHECK(event_of_refusal(kPasswordUsageTaken).number == 43);
    CHECK(event_of_refusal("SubjectNameMismatch").number == 23);
    CHECK(event_of_refusal("DeviceRetired").number == 23);
}
