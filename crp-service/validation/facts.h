// Facts: fills a Context, step by step, with what the rules of the next phase need to see.
// Reads the store and judges nothing. Errors are the store's own. Any thread.
#pragma once

#include "common/error.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/store/store.h"
#include "crp-service/validation/context.h"

namespace ndes::crp {

// For phase 1: the request, the signing certificate and the challenge. CPU only.
void read_request(Context& context, const ChallengeCodec& codec);

// Before phase 2: for which device, user and policy. A minted challenge says so itself; for a
// posted one and for a renewal their record is read.
Result<void> identify(Context& context, Store& store);

// For the record of a replay, which is refused before anything else is looked at: for whom the
// question was verified (`standing`), and its challenge.
Result<void> recall(Context& context, const Decision& standing, Store& store);

// For the record of a refusal in phase 2: whose challenge it was, if anybody's.
Result<void> find_owner(Context& context, Store& store);

// Before phase 3: the records of all of them, and what the certificate shall say. A record of the
// MDM that is not for the challenge's owner (may_rest_on) is as if it did not exist.
Result<void> read_records(Context& context, Store& store);

}  // namespace ndes::crp
