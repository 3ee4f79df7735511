// Recording: turns what was found about a request into the records of it: decision, state message
// and audit record. Pure but for fresh IDs; any thread.
#pragma once

#include <string>

#include "common/clock.h"
#include "common/random.h"
#include "crp-service/store/store.h"
#include "crp-service/validation/context.h"
#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {

// What the certificate of a request that every rule let pass says: the record's contents, with the
// RDNs in the request's order.
CertificateContents contents_of(const Context& context);

// Everything that one store call commits about a verdict.
DecisionCommit make_decision_commit(const Context& context, const Findings& findings,
                                    const Caller& caller, const Clock& clock, Random& random);

// What of a decision every state message repeats.
StateMessage make_state_message(const Decision& decision, StateId state, std::string reason,
                                const Clock& clock, Random& random);

// "0x80004005"
std::string hresult_text(std::int32_t hresult);

}  // namespace ndes::crp
