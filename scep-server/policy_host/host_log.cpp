#include "scep-server/policy_host/host_log.h"

#include <algorithm>
#include <cstring>

#include "common/logging/cmtrace.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMaxFileName = 255;
constexpr std::size_t kMaxTransactionId = 255;

thread_local std::string_view current_transaction;

// An unknown number is more likely bad news than good.
Severity severity_of(ndes_policy_severity severity) {
    switch (severity) {
        case NDES_POLICY_LOG_INFO: return Severity::info;
        case NDES_POLICY_LOG_ERROR: return Severity::error;
        default: return Severity::warning;
    }
}

std::string_view view(ndes_policy_string text, std::size_t limit) {
    if (!text.data) return {};
    return {text.data, std::min(text.length, limit)};
}

void write_line(Log& log, ndes_policy_severity severity, ndes_policy_string text,
                ndes_policy_string transaction_id, const char* file, int32_t line) {
    LogFields fields;
    auto id = view(transaction_id, kMaxTransactionId);
    if (id.empty()) id = current_transaction.substr(0, kMaxTransactionId);
    if (!id.empty()) fields.emplace_back("transaction_id", std::string(id));
    const std::string_view file_name =
        file ? std::string_view(file, ::strnlen(file, kMaxFileName)) : std::string_view("module");
    log.write_at(severity_of(severity), view(text, kMaxCmtraceText), fields, file_name,
                 static_cast<unsigned>(std::max(line, 0)));
}

}  // namespace

ModuleCallFor::ModuleCallFor(std::string_view transaction_id) {
    current_transaction = transaction_id;
}

ModuleCallFor::~ModuleCallFor() { current_transaction = {}; }

extern "C" void ndes_policy_host_log(void* log_context, ndes_policy_severity severity,
                                     ndes_policy_string text, ndes_policy_string transaction_id,
                                     const char* file, int32_t line) {
    try {
        write_line(*static_cast<Log*>(log_context), severity, text, transaction_id, file, line);
    } catch (...) {
        // A line is lost; the module must not learn of it through an exception.
    }
}

}  // namespace ndes::scep
