// ndes_policy.h is C++ as well, and its results are constants in both.
#include "ndes_policy.h"

static_assert(NDES_POLICY_E_FAIL == -2147467259);
static_assert(NDES_POLICY_E_SECURE_FAILURE < 0);
static_assert(NDES_POLICY_DISPOSITION_UNKNOWN == -1);
