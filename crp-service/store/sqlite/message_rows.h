// The statements of deliveries that readers and the writer share.
#pragma once

#include "crp-service/store/event_rows.h"

namespace ndes::crp {

extern const char* const kDueMessages;
extern const char* const kSinkBacklog;
extern const char* const kTakeDelivery;
extern const char* const kFailDelivery;
extern const char* const kGiveUpDelivery;

}  // namespace ndes::crp
