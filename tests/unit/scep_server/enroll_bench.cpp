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
    rules.algorithms = {lab.config.scep.legacy_des_sha1, lab.config.scep.allow_3des};
    rules.reading = {lab.config.scep.allow_renewal, lab.config.templates, {lab.ca}};
    return rules;
}

}  // namespace

EnrollBench::EnrollBench(Lab& around, FakePolicy& module)
    : lab(around),
      policy(module),
      issuer(must(scep::make_issuer(lab.config.issuer, lab.clock, system_random()))),
      journal(must(scep::Journal::open(lab.config.journal.path, true, lab.clock))),
      seal(must(scep::ChallengeSeal::load(lab.config.journal.key_file, system_random()))),
      ra(must(scep::load_ra(lab.config.ra, issuer.ca_chain()))),
      notifier({std::chrono::seconds(1), std::chrono::seconds(60), 2, std::chrono::milliseconds(5)},
               {journal, policy, seal, log, lab.clock, system_random()}),
      issuance({policy, issuer, journal, seal, lab.clock, [this] { notifier.wake(); }}, 90),
      enrollment(rules_of(lab), ra, issuance, log, lab.clock, system_random()) {}

}  // namespace ndes::test
