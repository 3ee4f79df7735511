#include "tests/unit/scep_server/enroll_bench.h"

#include <stdexcept>

#include "scep-server/issuer/issuer_factory.h"

namespace ndes::test {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text + " " + result.error().detail);
    return std::move(*result);
}

scep::EnrollmentRules rules_of(const Lab& lab) {
    scep::EnrollmentRules rules;
    rules.algorithms = {lab.profile().scep.legacy_des_sha1, lab.profile().scep.allow_3des};
    rules.reading.allow_renewal = lab.profile().scep.allow_renewal;
    rules.reading.templates = lab.profile().mscep.templates;
    rules.reading.ca_chain = {lab.ca};
    rules.reading.require_password = lab.profile().mscep.enforce_password;
    rules.reading.match_renewal_names = !lab.profile().mscep.disable_renewal_subject_name_match;
    rules.reading.minimum_rsa_bits = lab.profile().scep.minimum_rsa_bits;
    rules.fail_info_text = lab.profile().scep.fail_info_text;
    return rules;
}

}  // namespace

EnrollBench::EnrollBench(Lab& around, scep::Policy& module)
    : lab(around),
      policy(module),
      issuer(must(scep::make_issuer(lab.profile().issuer, lab.clock, system_random()))),
      journal(must(scep::Journal::open(lab.config.journal.path, true, lab.clock))),
      seal(must(scep::ChallengeSeal::load(lab.config.journal.key_file, system_random()))),
      ra(must(scep::load_ra(lab.profile().ra, issuer.ca_chain(), lab.clock.now()))),
      notifier({std::chrono::seconds(1), std::chrono::seconds(60), 2, std::chrono::milliseconds(5)},
               {journal, [this](const std::string&) { return &policy; }, seal, log, lab.clock,
                system_random()}),
      watch({}, journal.notifies(), log, lab.clock),
      revoked(journal.serials(), issuer, !lab.profile().issuer.crl_file.empty()),
      issuance({policy, issuer, journal, revoked, seal, lab.clock, [this] { notifier.wake(); },
                [this] { return room && watch.has_room(); }},
               {"", issuer.name(), 90, lab.profile().issuer.manual_approval,
                lab.profile().mscep.refresh_period, lab.profile().mscep.cache_request}),
      access(journal, issuer, revoked, ""),
      enrollment(rules_of(lab), ra, issuance, access, log, lab.clock, system_random()),
      desk({journal, [this](const std::string&) { return &issuance; }, log}),
      revocation(journal, log, lab.clock) {
    issuer.keep_serials(journal.serials());
}

}  // namespace ndes::test
