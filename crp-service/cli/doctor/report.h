// What `crpctl doctor` prints of its findings, and what it ends with. Knows no check. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "crp-service/cli/doctor/doctor.h"

namespace ndes::crp::cli::doctor {

struct Tally {
    int ok = 0;
    int skipped = 0;
    int warning = 0;
    int failed = 0;
};
Tally tally_of(const std::vector<Examined>& examined);

// Troubles first, each with what it does and what to type; the last line is the verdict.
std::string text_report(const std::vector<Examined>& examined);

// {"checks":[{id,hop,status,title,observed,expected,effect,repair,durationMs,troubles}],"summary"}
std::string json_report(const std::vector<Examined>& examined);

// One line with performance data, as Nagios and Icinga read it.
std::string nagios_report(const std::vector<Examined>& examined, std::chrono::milliseconds took);

// 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: nothing could be looked at.
int nagios_code(const Tally& tally);

}  // namespace ndes::crp::cli::doctor
