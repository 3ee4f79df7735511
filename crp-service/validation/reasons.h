// The reason catalogue: every word with which the CRP refuses, once, with cause and fix.
// The same word stands in API, logs, metrics, state messages and crpctl. Words are never reused.
// Constant data; any thread.
#pragma once

#include <span>
#include <string_view>

namespace ndes::crp {

struct Reason {
    std::string_view word;    // "SubjectNameMismatch"
    int phase;                // 0..3: the first phase that decides it
    std::string_view cause;   // one sentence for the operator
    std::string_view fix;     // one sentence: what to do
    bool counts_as_refusal;   // against the challenge's five
    std::string_view intune;  // the Intune code with the same meaning, or ""
};

inline constexpr std::string_view kSuccess = "Success";

// All reasons, by phase and then by word.
std::span<const Reason> all_reasons();

// Never null for a word of the catalogue; null otherwise.
const Reason* find_reason(std::string_view word);

}  // namespace ndes::crp
