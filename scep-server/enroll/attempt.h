// Attempt: one PKIOperation on its way through ndesd: its identifiers, and the log they go with.
// One thread; lives for the request.
#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <utility>

#include "common/logging/log.h"
#include "scep-server/enroll/ndes_event.h"

namespace ndes::scep {

class Attempt {
  public:
    Attempt(Log& log, std::string request_id, std::string_view device_address)
        : log_(&log), request_id_(std::move(request_id)), device_address_(device_address) {}

    const std::string& request_id() const { return request_id_; }
    const std::string& device_address() const { return device_address_; }
    const std::string& transaction_id() const { return transaction_id_; }
    void set_transaction_id(std::string transaction_id) {
        transaction_id_ = std::move(transaction_id);
    }

    // Notes an event of this attempt with its identifiers.
    void note(Severity severity, NdesEvent event, std::string_view text, LogFields fields = {},
              std::source_location where = std::source_location::current()) const {
        fields.emplace_back("transaction_id", transaction_id_);
        fields.emplace_back("request_id", request_id_);
        fields.emplace_back("device_address", device_address_);
        note_event(*log_, severity, event, text, std::move(fields), where);
    }

  private:
    Log* log_;
    std::string request_id_;  // UUID; new for each attempt
    std::string device_address_;
    std::string transaction_id_;  // empty until the message has been read
};

}  // namespace ndes::scep
