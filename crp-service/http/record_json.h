// JSON ↔ the MDM's records, reading and writing of each side by side. Strict: see
// common/strict_json.h. Field names: schema/crp-v1.openapi.yaml. Pure functions; any thread.
#pragma once

#include <string>

#include "common/error.h"
#include "common/strict_json.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

// Each reader takes the body of a PUT and the identifier of the path; an "id" ("name" for a
// template) in the body must be the same. bad_request names the field.
Result<User> user_from_json(const Json& body, const std::string& id);
Json to_json(const User& user);

Result<Device> device_from_json(const Json& body, const std::string& id);
Json to_json(const Device& device);

Result<Policy> policy_from_json(const Json& body, const std::string& id);
Json to_json(const Policy& policy);

Result<TemplateRecord> template_from_json(const Json& body, const std::string& name);
Json to_json(const TemplateRecord& record);

}  // namespace ndes::crp
