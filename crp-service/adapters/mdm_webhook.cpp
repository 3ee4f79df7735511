// mdm_webhook: an MDM asks for a challenge while it prepares a SCEP profile, by the webhook event
// SCEPChallenge that Jamf Pro made and Fleet took over; the answer is the challenge as plain text.
// The path names the policy, the event the device. No device, no challenge: one that any device
// could use would prove nothing.
#include <array>

#include "crp-service/adapters/adapter_list.h"
#include "crp-service/adapters/foreign_json.h"
#include "crp-service/http/challenge_fault.h"

namespace ndes::crp {

namespace {

constexpr std::string_view kName = "mdm_webhook";
constexpr std::string_view kEvent = "SCEPChallenge";

tl::expected<std::string, Problem> prove(const http::Request& request, const LiveParts& parts,
                                         WallTime) {
    const auto shown = read_basic(request.header("authorization"));
    if (!shown) {
        return refuse(ProblemCode::credentials_missing, "Authorization: Basic is missing");
    }
    const Credential* credential = parts.credentials.find(kName, shown->name);
    if (credential && credential->is(shown->secret)) return credential->caller;
    return refuse(ProblemCode::credentials_invalid, "no webhook has this user name and password");
}

// The names by which the event may tell the device, as its record's identifier may be.
Result<std::vector<std::string>> read_device_names(const Json& body) {
    const Json known = only_fields(body, {"webhook", "event"});
    JsonReader reader(known);
    const Json* webhook = reader.optional_object("webhook");
    const Json* event = reader.optional_object("event");
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    if (webhook == nullptr || told_text(*webhook, "webhookEvent") != kEvent) {
        return fail(ErrorCode::bad_request, "webhook.webhookEvent: must be SCEPChallenge");
    }
    std::vector<std::string> names;
    if (event == nullptr) return names;
    for (const char* object : {"device", "targetDevice"}) {
        if (!event->contains(object)) continue;
        for (const char* field : {"uuid", "udid", "serialNumber"}) {
            std::string name = told_text(event->at(object), field);
            if (is_record_id(name)) names.push_back(std::move(name));
        }
    }
    return names;
}

// The record under one of the names. Two names that lead to different devices name none.
tl::expected<Device, Problem> find_device(const Call& call, const std::vector<std::string>& names) {
    std::optional<Device> device;
    for (const std::string& name : names) {
        auto found = call.store.find_device(name);
        if (!found) return refuse(found);
        if (!*found || !call.may_read((*found)->owner)) continue;
        if (device && device->id != (*found)->id) {
            return refuse(ProblemCode::conflict, "the event names two devices");
        }
        device = std::move(**found);
    }
    if (device) return std::move(*device);
    return refuse(ProblemCode::device_unknown,
                  names.empty() ? "event.device: names no device by uuid or serialNumber"
                                : "event.device: no device is recorded under its uuid or "
                                  "serialNumber");
}

std::string render(const std::vector<CreatedChallenge>& created) {
    return created.front().challenge;
}

Answer give_challenge(const Call& call) {
    auto policy = call.record_id();
    if (!policy) return tl::unexpected(std::move(policy.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto names = read_device_names(*body);
    if (!names) return refuse(names);
    auto device = find_device(call, *names);
    if (!device) return tl::unexpected(std::move(device.error()));
    ChallengeOrder order;
    order.device_id = device->id;
    order.user_id = device->owner_user_id;
    order.policy_id = std::move(*policy);
    ChallengeCall asking;
    asking.caller = call.caller.name;
    asking.peer_address = call.peer.address;
    asking.records_of = call.owner_filter();
    asking.templates = call.caller.templates;
    auto made = call.parts.challenges->create({order}, asking, render);
    if (!made) return refuse(std::move(made.error()));
    http::Response response;
    response.content_type = "text/plain";
    response.body = std::move(made->text);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

constexpr std::array kRoutes{
    Route{"POST",
          "/mdm/scep-challenge/{policyId}",
          RoleSet{Role::mdm},
          give_challenge,
          true,
          kJsonType,
          "text/plain",
          prove,
          {}},
};

}  // namespace

AdapterKind mdm_webhook_adapter() {
    return {kName, Role::mdm, false, kRoutes, read_text_secret, read_no_settings};
}

}  // namespace ndes::crp
