#include "crp-service/validation/reasons_man_page.h"

#include <array>
#include <string_view>

#include "crp-service/validation/reasons.h"

namespace ndes::crp {
namespace {

constexpr std::string_view kHead = R"(ndes-reasons(7) "" "NDES-CRP"

# NAME

ndes-reasons - why the certificate registration point refuses a request

# DESCRIPTION

*crpd* answers a request for a certificate with _Success_ or with one of the reasons below. The same
word stands in the answer, the log, the metrics, the audit, the state message and the transaction
that *crpctl* shows. A word is never renamed or used for anything else.

The phase tells how far the request came: 0 the template's permissions, 1 the request by itself, 2
what the challenge says, 3 the request against the records. Five refusals that _count_ lock a
challenge.
)";

constexpr std::string_view kTail = R"(
# SEE ALSO

*crpctl*(1), *crpd*(8)
)";

constexpr std::array<std::string_view, 4> kPhaseTitles{"PHASE 0: TEMPLATE", "PHASE 1: REQUEST",
                                                       "PHASE 2: CHALLENGE", "PHASE 3: RECORDS"};

// What scdoc(5) would take for mark-up.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view("\\*_#|[]").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string entry(const Reason& reason) {
    std::string text = "*" + escaped(reason.word) + "*";
    if (reason.counts_as_refusal) text += " (counts)";
    text += "\n\t" + escaped(reason.cause) + "\n\n\t" + escaped(reason.fix);
    if (!reason.intune.empty()) text += "\n\n\tIntune has the same code.";
    return text + "\n\n";
}

}  // namespace

std::string reasons_man_page() {
    std::string page(kHead);
    int phase = -1;
    for (const Reason& reason : all_reasons()) {
        if (reason.phase != phase) {
            phase = reason.phase;
            page += "\n# " + std::string(kPhaseTitles.at(static_cast<std::size_t>(phase))) + "\n\n";
        }
        page += entry(reason);
    }
    return page + std::string(kTail);
}

}  // namespace ndes::crp
