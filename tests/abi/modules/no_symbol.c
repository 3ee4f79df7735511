/* A shared library, but no policy module: the entry point is misspelt. */
#include "base.h"

EXPORTED const ndes_policy_table* ndes_policy_get_tabel(void);
const ndes_policy_table* ndes_policy_get_tabel(void) { return 0; }
