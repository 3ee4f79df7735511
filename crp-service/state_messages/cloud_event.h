// CloudEvent: one state message as a CloudEvents 1.0 event in JSON, structured mode.
// https://github.com/cloudevents/spec, formats/json-format.md. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "crp-service/domain/decision.h"

namespace ndes::crp {

inline constexpr std::string_view kCloudEventMediaType = "application/cloudevents+json";

// id: the message's, so (source, id) is unique. type: "ndes.state-message." + the state's name.
// subject: transaction ID. time: when it was recorded. data: as GET /api/v1/state-messages shows
// it, without what belongs to its delivery.
std::string to_cloud_event(const StateMessage& message, std::string_view source);

}  // namespace ndes::crp
