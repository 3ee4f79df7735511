/* my_module.c - a policy module to begin with, in C11. It loads, logs and refuses everybody; what
 * is yours to write is marked "Yours". Promises on both sides: ndes_policy.h.
 *
 * Build:  make            (pkg-config finds ndes_policy.h)
 *    or:  cmake -B build && cmake --build build
 * Check:  crpctl plugin check my_module.so --config my_module.conf
 * Use:    [policy] module = "my_module.so", module_config = "my_module.conf" in ndesd's settings.
 */
#include <ndes_policy.h>

#include <stdlib.h>
#include <string.h>

/* What one initialize makes. Yours: settings, keys, connections. Verbs run on many threads at once:
 * what they change needs a lock. */
struct module {
    const ndes_policy_host* host;
};

static ndes_policy_string text_of(const char* text) {
    ndes_policy_string result = {text, strlen(text)};
    return result;
}

/* Never a challenge, a key or a request. */
static void say(const struct module* module, ndes_policy_severity severity, const char* text,
                ndes_policy_string transaction_id, int32_t line) {
    module->host->log(module->host->log_context, severity, text_of(text), transaction_id,
                      "my_module.c", line);
}

static ndes_policy_result initialize(const ndes_policy_host* host, void** context) {
    struct module* module = calloc(1, sizeof *module);
    if (!module) return NDES_POLICY_E_OUTOFMEMORY;
    module->host = host; /* lives until uninitialize has returned */
    /* Yours: read host->config_path. Say what is wrong and return an error: the server then does
     * not start. Start no thread here. */
    say(module, NDES_POLICY_LOG_INFO, "my_module is ready", text_of(""), __LINE__);
    *context = module;
    return NDES_POLICY_OK;
}

static void uninitialize(void* context) { free(context); }

static ndes_policy_result generate_challenge(void* context, ndes_policy_string template_name,
                                             ndes_policy_string params,
                                             ndes_policy_string* challenge) {
    /* Yours: a fresh secret for the device that params names, kept (in a _Thread_local buffer, say)
     * until this thread's next call. This module has none to give. */
    (void)context;
    (void)template_name;
    (void)params;
    (void)challenge;
    return NDES_POLICY_E_FAIL;
}

static ndes_policy_result verify_request(void* context, const ndes_policy_verify_input* input,
                                         ndes_policy_verify_output* output) {
    const struct module* module = context;
    output->verified = 0; /* the last thing to become 1, when all that belongs to a yes is there */
    output->has_contents = 0;
    output->reason = text_of("NotImplemented");
    output->detail = text_of("");
    output->decision_id = text_of("");
    /* Yours: judge input->certificate_request and its challenge; do not spend the challenge. When
     * the check could not be made, return an error in place of a verdict. */
    say(module, NDES_POLICY_LOG_WARNING, "refused: my_module judges nothing yet",
        input->transaction_id, __LINE__);
    return NDES_POLICY_OK;
}

static ndes_policy_result notify(void* context, const ndes_policy_notify_input* input) {
    /* Yours: record the outcome durably, then return 0. The same outcome may come again. */
    (void)context;
    (void)input;
    return NDES_POLICY_OK;
}

static const ndes_policy_table table = {
    NDES_POLICY_ABI_MAJOR,
    NDES_POLICY_ABI_MINOR,
    sizeof(ndes_policy_table),
    "my_module 0.1",
    initialize,
    uninitialize,
    generate_challenge,
    verify_request,
    notify,
};

/* The one exported symbol. */
__attribute__((visibility("default"))) const ndes_policy_table* ndes_policy_get_table(
    uint32_t host_abi_major, uint32_t host_abi_minor);

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    (void)host_abi_minor;
    return host_abi_major == NDES_POLICY_ABI_MAJOR ? &table : NULL;
}
