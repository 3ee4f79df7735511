// my_module.cpp - a policy module to begin with, in C++17. It loads, logs and refuses everybody;
// what is yours to write is marked "Yours". Promises on both sides: ndes_policy.h.
//
// Build:  make            (pkg-config finds ndes_policy.h)
//    or:  cmake -B build && cmake --build build
// Check:  crpctl plugin check my_module.so --config my_module.conf
// Use:    [policy] module = "my_module.so", module_config = "my_module.conf" in ndesd's settings.
#include <ndes_policy.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace {

ndes_policy_string lend(std::string_view text) { return {text.data(), text.size()}; }

std::string_view view(ndes_policy_string text) {
    return text.data ? std::string_view(text.data, text.length) : std::string_view();
}

// A verdict. The texts live until this thread's next call (see `last_verdict`).
struct Verdict {
    bool verified = false;
    std::string reason;
};

// What one initialize makes. Yours: settings, keys, connections. Verbs run on many threads at once:
// what they change needs a lock.
class Module {
  public:
    explicit Module(const ndes_policy_host& host) : host_(host) {
        // Yours: read view(host.config_path). Throw when something is wrong, after say(): the
        // server then does not start. Start no thread here.
        say(NDES_POLICY_LOG_INFO, "my_module is ready", {}, __LINE__);
    }

    Verdict verify(const ndes_policy_verify_input& input) const {
        // Yours: judge input.certificate_request and its challenge; do not spend the challenge.
        say(NDES_POLICY_LOG_WARNING, "refused: my_module judges nothing yet",
            view(input.transaction_id), __LINE__);
        return {false, "NotImplemented"};
    }

    // Yours: record the outcome durably. The same outcome may come again.
    void notify(const ndes_policy_notify_input&) const {}

  private:
    // Never a challenge, a key or a request.
    void say(ndes_policy_severity severity, std::string_view text, std::string_view transaction_id,
             int line) const {
        host_.log(host_.log_context, severity, lend(text), lend(transaction_id), "my_module.cpp",
                  line);
    }

    const ndes_policy_host& host_;  // lives until uninitialize has returned
};

thread_local Verdict last_verdict;

// No exception may cross the line: each verb runs in here.
template <class Verb>
ndes_policy_result guarded(const Verb& verb) noexcept {
    try {
        return verb();
    } catch (const std::bad_alloc&) {
        return NDES_POLICY_E_OUTOFMEMORY;
    } catch (...) {
        return NDES_POLICY_E_UNEXPECTED;
    }
}

const Module& module_of(void* context) { return *static_cast<Module*>(context); }

ndes_policy_result initialize(const ndes_policy_host* host, void** context) {
    return guarded([&] {
        *context = std::make_unique<Module>(*host).release();  // taken back by uninitialize
        return NDES_POLICY_OK;
    });
}

void uninitialize(void* context) { delete static_cast<Module*>(context); }

// Yours: a fresh secret for the device that params names. This module has none to give.
ndes_policy_result generate_challenge(void*, ndes_policy_string, ndes_policy_string,
                                      ndes_policy_string*) {
    return NDES_POLICY_E_FAIL;
}

ndes_policy_result verify_request(void* context, const ndes_policy_verify_input* input,
                                  ndes_policy_verify_output* output) {
    output->verified = 0;
    return guarded([&] {
        last_verdict = module_of(context).verify(*input);
        output->reason = lend(last_verdict.reason);
        output->has_contents = 0;
        output->verified = last_verdict.verified ? 1 : 0;  // last, when all of a yes is there
        return NDES_POLICY_OK;
    });
}

ndes_policy_result notify(void* context, const ndes_policy_notify_input* input) {
    return guarded([&] {
        module_of(context).notify(*input);
        return NDES_POLICY_OK;
    });
}

constexpr ndes_policy_table kTable{
    NDES_POLICY_ABI_MAJOR, NDES_POLICY_ABI_MINOR, sizeof(ndes_policy_table),
    "my_module 0.1",       &initialize,           &uninitialize,
    &generate_challenge,   &verify_request,       &notify};

}  // namespace

// The one exported symbol.
extern "C" __attribute__((visibility("default"))) const ndes_policy_table* ndes_policy_get_table(
    uint32_t host_abi_major, uint32_t) {
    return host_abi_major == NDES_POLICY_ABI_MAJOR ? &kTable : nullptr;
}
