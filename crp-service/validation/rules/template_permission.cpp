#include "crp-service/validation/rule.h"

#include <algorithm>

#include "common/logging/cmtrace.h"

namespace ndes::crp {
namespace {

bool is_meant(std::string_view principal, const Context& context) {
    if (principal == "*") return true;
    const std::size_t colon = principal.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view kind = principal.substr(0, colon);
    const std::string_view id = principal.substr(colon + 1);
    if (id.empty()) return false;
    if (kind == "user") return id == context.user_id;
    if (kind == "device") return id == context.device_id;
    if (kind != "group" || !context.user) return false;
    return std::ranges::find(context.user->groups, id) != context.user->groups.end();
}

// The order was held against the owner's list as well; list and policy may have changed since.
bool may_use(const Context& context, const std::string& name) {
    const auto listed = context.options.templates_of.find(context.owner);
    return listed == context.options.templates_of.end() ||
           std::ranges::find(listed->second, name) != listed->second.end();
}

}  // namespace

// As the original: read and enroll for the user or the device. Permissions of several principals
// that fit add up.
RuleResult template_permission(const Context& context) {
    const ValidationOptions& options = context.options;
    const std::string& name = context.input.template_name;
    if (!may_use(context, name)) {
        return refuse("TemplateNotPermitted", "caller \"" + context.owner +
                                                  "\", whose challenge or certificate it is, may "
                                                  "not use template " +
                                                  loggable(name, 64));
    }
    if (options.skip_template_check) return pass();
    if (!context.template_record) {
        if (options.skip_template_check_if_access_denied) return pass();
        return refuse("TemplateNotPermitted",
                      "template " + loggable(name, 64) + " has no permission record");
    }
    bool read = false;
    bool enroll = false;
    for (const TemplatePermission& permission : context.template_record->permissions) {
        if (!is_meant(permission.principal, context)) continue;
        read = read || permission.read;
        enroll = enroll || permission.enroll;
    }
    if (read && enroll) return pass();
    return refuse("TemplateNotPermitted",
                  "template " + loggable(name, 64) + " does not give user '" + context.user_id +
                      "' or device '" + context.device_id + "' read and enroll");
}

}  // namespace ndes::crp
