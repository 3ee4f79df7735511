#include "scep-server/policy_host/policy.h"

#include <cstring>

#include "scep-server/policy_host/host_log.h"
#include "scep-server/policy_host/module_answer.h"
#include "scep-server/policy_host/module_loader.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMaxModuleName = 128;

ndes_policy_string lend(std::string_view text) { return {text.data(), text.size()}; }

// NULL means "none" across the line, whatever an empty span points to.
ndes_policy_blob lend(ByteView octets) {
    return {octets.empty() ? nullptr : octets.data(), octets.size()};
}

std::string module_name(const ndes_policy_table& table) {
    if (!table.name) return "unnamed";
    return std::string(table.name, ::strnlen(table.name, kMaxModuleName));
}

// Runs one verb of the module. A C++ exception must not cross the line, but a module may break
// that promise: it becomes an error result, never a yes.
template <class Verb>
Result<ndes_policy_result> call(std::string_view name, const Verb& verb) {
    try {
        return verb();
    } catch (...) {
        return fail(ErrorCode::internal, "the policy check could not be made",
                    std::string(name) + " of the policy module threw an exception");
    }
}

// Success only on exactly 0: a positive number is a success code of nobody's.
Result<void> succeeded(const Result<ndes_policy_result>& result, std::string_view name) {
    if (!result) return Failure(result.error());
    if (*result != NDES_POLICY_OK) return Failure(error_of(*result, name));
    return {};
}

class ModulePolicy final : public Policy {
  public:
    ModulePolicy(const ndes_policy_table& table, const PolicyModuleOptions& options, Log& log)
        : table_(table),
          config_path_(options.module_config.string()),
          ca_name_(options.ca_name),
          host_{sizeof(ndes_policy_host),
                NDES_POLICY_ABI_MAJOR,
                NDES_POLICY_ABI_MINOR,
                &ndes_policy_host_log,
                &log,
                lend(config_path_),
                lend(ca_name_)} {}

    ~ModulePolicy() override {
        if (!initialized_) return;
        static_cast<void>(call("Uninitialize", [this] {
            table_.uninitialize(context_);
            return NDES_POLICY_OK;
        }));
    }

    ModulePolicy(const ModulePolicy&) = delete;
    ModulePolicy& operator=(const ModulePolicy&) = delete;

    Result<void> initialize() {
        auto done =
            succeeded(call("Initialize", [this] { return table_.initialize(&host_, &context_); }),
                      "Initialize");
        initialized_ = done.has_value();
        return done;
    }

    Result<PolicyAnswer> verify(const PolicyQuestion& question) override {
        const ndes_policy_verify_input input{sizeof(ndes_policy_verify_input),
                                             lend(question.certificate_request),
                                             lend(question.signing_certificate),
                                             lend(question.template_name),
                                             lend(question.transaction_id),
                                             lend(question.request_id),
                                             lend(question.ca_name),
                                             lend(question.device_address)};
        ndes_policy_verify_output output{};
        output.size = sizeof(output);
        const ModuleCallFor transaction(question.transaction_id);
        auto done = succeeded(
            call("VerifyRequest", [&] { return table_.verify_request(context_, &input, &output); }),
            "VerifyRequest");
        if (!done) return pass_on(done);
        return read_answer(output, question.template_name);
    }

    Result<void> notify(const PolicyOutcome& outcome) override {
        const ndes_policy_notify_input input{
            sizeof(ndes_policy_notify_input), lend(outcome.challenge), lend(outcome.transaction_id),
            lend(outcome.request_id),         outcome.disposition,     outcome.last_result,
            lend(outcome.certificate)};
        const ModuleCallFor transaction(outcome.transaction_id);
        const auto result = call("Notify", [&] { return table_.notify(context_, &input); });
        auto told = succeeded(result, "Notify");
        if (result && (*result == NDES_POLICY_E_REFUSED || *result == NDES_POLICY_E_INVALIDARG))
            return fail(ErrorCode::bad_request, "the outcome is refused", told.error().detail);
        return told;
    }

    Result<std::string> generate_challenge(std::string_view template_name,
                                           std::string_view params) override {
        ndes_policy_string challenge{};
        auto done = succeeded(call("GenerateChallenge",
                                   [&] {
                                       return table_.generate_challenge(
                                           context_, lend(template_name), lend(params), &challenge);
                                   }),
                              "GenerateChallenge");
        if (!done) return pass_on(done);
        return read_challenge(challenge);
    }

    std::string name() const override { return module_name(table_); }

  private:
    const ndes_policy_table& table_;
    // What host_ points to: the module may read it until uninitialize has returned.
    const std::string config_path_;
    const std::string ca_name_;
    const ndes_policy_host host_;
    void* context_ = nullptr;
    bool initialized_ = false;
};

}  // namespace

Result<std::unique_ptr<Policy>> load_policy_module(const PolicyModuleOptions& options, Log& log) {
    auto table = open_policy_module(options.module);
    if (!table) return pass_on(table);
    auto policy = std::make_unique<ModulePolicy>(**table, options, log);
    if (auto ready = policy->initialize(); !ready)
        return refuse_module(options.module, kStepInitialize,
                             ready.error().detail + "; the lines before say why");
    return policy;
}

}  // namespace ndes::scep
