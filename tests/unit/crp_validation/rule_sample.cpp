#include "tests/unit/crp_validation/rule_sample.h"

#include <algorithm>
#include <stdexcept>

#include "tests/catch.h"

namespace ndes::test {

using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

const CertificateRequest& good_request() {
    static const CertificateRequest csr = [] {
        RequestParts parts;
        parts.challenge = "opened elsewhere";
        const auto parsed = parse_csr(make_request(rsa_key(0), parts));
        if (!parsed) throw std::runtime_error(parsed.error().text);
        return *parsed;
    }();
    return csr;
}

void fill_common(RuleSample& sample) {
    sample.input.transaction_id = "t-1";
    sample.input.request_id = "r-1";
    sample.input.template_name = "GeneralPurpose";
    sample.context = std::make_unique<Context>(sample.input, sample.options, kSampleNow);
    Context& facts = sample.facts();
    facts.csr = good_request();
    facts.csr_sha256 = facts.csr->sha256;
    facts.device_id = "phone-1";
    facts.user_id = "alice";
    facts.policy_id = "wifi";
    facts.template_record = sample_template();
    facts.device = sample_device();
    facts.user = sample_user();
    facts.policy = sample_policy();
    facts.expected = expected_contents(*facts.policy, *facts.device, &*facts.user, {});
}

RuleResult judge(std::string_view name, const Context& context) {
    const auto rules = all_rules();
    const auto rule = std::ranges::find(rules, name, &Rule::name);
    REQUIRE(rule != rules.end());
    return rule->check(context);
}

}  // namespace

std::unique_ptr<RuleSample> initial_sample() {
    auto sample = std::make_unique<RuleSample>();
    fill_common(*sample);
    Context& facts = sample->facts();
    facts.challenge = sample_challenge(kSampleNow);
    OpenedChallenge opened;
    opened.kind = ChallengeKind::minted;
    opened.claims.challenge_id = facts.challenge->id;
    opened.claims.certificate_request_id_digest =
        ChallengeCodec::digest_of(facts.challenge->certificate_request_id);
    opened.claims.device_id = "phone-1";
    opened.claims.user_id = "alice";
    opened.claims.not_before = facts.challenge->not_before;
    opened.claims.expires_at = facts.challenge->expires_at;
    facts.opened = opened;
    return sample;
}

std::unique_ptr<RuleSample> renewal_sample() {
    auto sample = std::make_unique<RuleSample>();
    CertificateParts parts;
    parts.not_before = kSampleNow - 24h * 90;
    parts.not_after = kSampleNow + 24h * 10;
    const Certificate signer = issue(rsa_key(0), parts);
    sample->input.signing_certificate = signer.der();
    fill_common(*sample);
    Context& facts = sample->facts();
    facts.signer = signer;
    facts.signing_sha256 = signer.sha256();
    IssuedCertificate record;
    record.sha256 = signer.sha256();
    record.serial = signer.serial();
    record.not_before = signer.not_before();
    record.not_after = signer.not_after();
    record.device_id = "phone-1";
    facts.renewed = record;
    return sample;
}

void check_cases(const std::vector<RuleCase>& cases, std::unique_ptr<RuleSample> (*make)()) {
    for (const RuleCase& c : cases) {
        INFO(c.rule << ": " << c.name);
        const std::unique_ptr<RuleSample> sample = make();
        REQUIRE(judge(c.rule, sample->facts()).passed());
        c.change(*sample);
        const RuleResult result = judge(c.rule, sample->facts());
        CHECK(result.reason == c.reason);
        if (result.passed()) continue;
        CHECK_FALSE(result.detail.empty());
        const Reason* const reason = find_reason(result.reason);
        REQUIRE(reason != nullptr);
    }
}

}  // namespace ndes::test
