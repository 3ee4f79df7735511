// Where the tests of events look: notes of a RecordingLog, by number.
#pragma once

#include <string>

#include "tests/unit/scep_server/lab.h"

namespace ndes::test {

inline bool has_event(const RecordingLog& log, int number) {
    return log.text().find("| event=" + std::to_string(number) + " |") != std::string::npos;
}

}  // namespace ndes::test
