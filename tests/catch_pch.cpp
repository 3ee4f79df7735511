// Carries the precompiled header: CMake builds it only for a target with a source that uses it.
#include "tests/catch.h"
