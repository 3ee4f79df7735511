// HostLog: the Log of this module, written through the callback that the host lends.
// Knows no line's meaning. Any thread, as the callback.
#pragma once

#include "common/logging/log.h"
#include "policy-module/include/ndes_policy.h"

namespace ndes::policy {

class HostLog final : public Log {
  public:
    // A copy: the host may know fewer members than we do. Without a callback nothing is written.
    explicit HostLog(const ndes_policy_host& host) : log_(host.log), context_(host.log_context) {}

    // The field transaction_id goes along; other fields have no place in the interface.
    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location where) override;
    void note(Severity severity, std::string_view text, const LogFields& fields,
              std::source_location where) override;
    void reopen() override {}
    void flush() override {}

  private:
    decltype(ndes_policy_host::log) log_;
    void* context_;
};

}  // namespace ndes::policy
