// What each thing of the list of own files is for, in words for an operator: who suffers when it
// ends, and what to type then. One thread.
#pragma once

#include <string>

#include "crp-service/cli/expiry/own_list.h"

namespace ndes::crp::cli::doctor {

class Site;

struct Meaning {
    std::string name;    // "RA signing certificate", "certificate of crpd"
    std::string effect;  // of its end
    std::string repair;
    bool is_trust = false;  // one of several that we trust, not one that we show
};

Meaning meaning_of(const OwnFile& own, Site& site);

}  // namespace ndes::crp::cli::doctor
