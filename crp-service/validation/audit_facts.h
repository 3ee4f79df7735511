// Audit facts: what the audit record of a decision says. Names never change their meaning;
// crp-service/audit/README.md lists them. Pure function; any thread.
#pragma once

#include "crp-service/domain/decision.h"
#include "crp-service/validation/context.h"
#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {

// The record of a permit or a refusal; an absent fact was not known or does not apply. Never a
// challenge, key or request.
AuditRecord make_verify_audit(const Context& context, const Findings& findings,
                              const Decision& decision, const Caller& caller);

}  // namespace ndes::crp
