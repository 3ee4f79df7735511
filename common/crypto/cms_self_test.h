// CMS self-test: tries the published flaws of OpenSSL's CMS on messages of its own making, so that
// a program refuses a library on which one succeeds, whatever version it calls itself. The
// pre-reader (cms_shape.h) keeps such messages from OpenSSL besides.
#pragma once

#include "common/error.h"

namespace ndes {

// The flaws that the trials may find; bits of a set.
enum CmsFlaw : unsigned {
    kOpensRewrittenCipher = 1,  // CVE-2026-34182: AuthEnvelopedData without authentication
    kOpensShortTag = 2,         // the same, by an authentication tag of one octet
    kOverrunsOnLongVector = 4,  // CVE-2025-15467: an AEAD vector longer than its buffer
    kTrialImpossible = 8,       // this OpenSSL cannot even make the messages
};

// Tries them in a child process, which a flaw may end. Call it before the program has threads.
// configuration, naming library and flaw.
Result<void> self_test_cms();

// What self_test_cms makes of the child's wait status; for tests.
Result<void> judge_cms_trials(int wait_status);

}  // namespace ndes
