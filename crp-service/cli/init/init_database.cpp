#include "crp-service/cli/init/init_database.h"

#include <cerrno>

#include <unistd.h>

#include "common/clock.h"
#include "crp-service/cli/init/init_config.h"
#include "crp-service/cli/init/init_plan.h"
#include "crp-service/enrollment/policy_check.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kSidecars[] = {"", "-wal", "-shm", ".lock"};

StoreOptions store_options_of(const InitAnswers& answers, const InitLayout& layout) {
    StoreOptions options;
    options.kind = answers.get("store");
    if (options.kind == "sqlite") {
        options.path = answers.get("store_path");
    } else {
        options.connection_file = layout.crpd / "postgresql.conn";
        options.owner_connection = answers.get("store_owner");
        options.node = "crpctl-init";
    }
    return options;
}

Policy first_policy(const InitAnswers& answers) {
    Policy policy;
    policy.id = answers.get("policy");
    policy.certificate_request_id =
        "ModelName=ScopeId_1/ConfigurationPolicy_" + policy.id + ";Version=1;Hash=1";
    policy.template_name = answers.get("policy_template");
    policy.subject_format = answers.get("policy_subject");
    policy.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    policy.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};  // clientAuth
    policy.hash_algorithms = {"SHA-256", "SHA-384", "SHA-512"};
    policy.validity_days = std::stoi(answers.get("policy_days"));
    policy.assignments.devices = {answers.get("device")};
    return policy;
}

AuditRecord audit_of(const char* what, const std::string& id) {
    AuditRecord audit;
    audit.time = system_clock().now();
    audit.event = std::string("put-") + what;
    audit.outcome = "permit";
    audit.facts = {{"by", "crpctl init"}, {what, id}};
    return audit;
}

Result<void> put_first_records(Store& store, const InitAnswers& answers) {
    for (const std::string& name : {answers.get("policy_template"), std::string(kSignatureTemplate),
                                    std::string(kEncryptionTemplate)}) {
        const TemplateRecord record{name, {{"*", true, true}}};
        auto done = store.put_template(record, audit_of("template", name));
        if (!done) return pass_on(done);
    }
    Device device;
    device.id = device.name = answers.get("device");
    device.device_type = "other";
    auto done = store.put_device(device, audit_of("device", device.id));
    if (!done) return pass_on(done);
    const Policy policy = first_policy(answers);
    if (auto sound = check_policy(policy); !sound) return sound;
    done = store.put_policy(policy, audit_of("policy", policy.id));
    if (!done) return pass_on(done);
    return {};
}

Result<void> fill_database(const StoreOptions& options, const InitAnswers& answers) {
    if (answers.is("policy", "none")) return {};
    auto store = open_store(options, system_clock());
    if (!store) return pass_on(store);
    return put_first_records(**store, answers);
}

// What belongs to SQLite is crpd's, also in a folder that is somebody else's.
Result<void> give_away(const fs::path& database, const FileOwner& owner) {
    if (owner.user < 0) return {};
    for (const char* suffix : kSidecars) {
        const std::string file = database.string() + suffix;
        const bool given = ::lchown(file.c_str(), static_cast<uid_t>(owner.user),
                                    static_cast<gid_t>(owner.group)) == 0;
        if (!given && errno != ENOENT)
            return fail(ErrorCode::configuration, file + ": cannot be given to its user");
    }
    return {};
}

}  // namespace

Result<void> make_database(const InitAnswers& answers, const InitLayout& layout) {
    const StoreOptions options = store_options_of(answers, layout);
    const bool is_file = options.kind == "sqlite";
    if (!answers.with_crp() || (!is_file && options.owner_connection.empty())) return {};
    if (auto made = create_store(options, system_clock()); !made) return made;
    Result<void> done = fill_database(options, answers);
    if (done && is_file) done = give_away(options.path, owner_of_user(answers.get("crpd_user")));
    if (done || !is_file) return done;
    std::error_code ignored;
    for (const char* suffix : kSidecars)
        fs::remove(options.path.string() + suffix, ignored);
    return done;
}

}  // namespace ndes::crp::cli
