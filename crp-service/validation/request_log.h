// RequestLog: the lines of CRP.log for one request, in the original's words, so that its
// troubleshooting guides hold. Every line carries the request's fields for the structured log.
// One thread; dies with the request.
#pragma once

#include <string>
#include <string_view>

#include "common/logging/log.h"
#include "crp-service/validation/context.h"
#include "crp-service/validation/phases.h"
#include "crp-service/validation/pipeline.h"

namespace ndes::crp {

class RequestLog {
  public:
    RequestLog(Log& log, std::string_view transaction_id, std::string_view request_id);

    void info(std::string_view text);
    void warning(std::string_view text);
    void error(std::string_view text);

    // Adds a field to all further lines, unless its value is empty.
    void add(std::string_view name, std::string value);

    void phase_started(Phase phase, const Context& context);
    // The query of the original by its name and parameters; a text, never executed.
    void parameters_read(const Context& context);
    void phase_passed(Phase phase);
    // The phase's end, the cause and what to do about it.
    void refused(const Findings& findings);
    void verify_finished(bool verified);

  private:
    Log& log_;
    LogFields fields_;
};

}  // namespace ndes::crp
