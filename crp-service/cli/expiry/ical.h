// The ends of our certificates as a calendar (iCalendar, RFC 5545): one event for each, with alarms
// 30, 14, 7 and 1 days before. An event keeps its UID until the certificate is another one, so that
// a calendar that subscribes sees no doubles. Pure.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "crp-service/cli/expiry/own_list.h"

namespace ndes::crp::cli {

std::string to_ical(const std::vector<OwnFile>& files, WallTime now);

}  // namespace ndes::crp::cli
