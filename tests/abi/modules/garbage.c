/* Answers a yes with one broken promise; which one is named by the template. */
#include <string.h>

#include "base.h"

static ndes_policy_string text_of(const char* text) {
    ndes_policy_string result = {text, 0};
    result.length = strlen(text);
    return result;
}

static int is(ndes_policy_string text, const char* word) {
    return text.length == strlen(word) && strncmp(text.data, word, text.length) == 0;
}

/* A complete and right yes. */
static void good_answer(ndes_policy_verify_output* output) {
    static ndes_policy_alt_name name;
    static ndes_policy_string usage;
    name.type = text_of("dns");
    name.value = text_of("device.example.org");
    usage = text_of("1.3.6.1.5.5.7.3.2");
    output->verified = 1;
    output->reason = text_of("Success");
    output->detail = text_of("as recorded");
    output->decision_id = text_of("d-1");
    output->has_contents = 1;
    output->subject = text_of("CN=device");
    output->alt_names = &name;
    output->alt_name_count = 1;
    output->key_usage = 1u << 0 | 1u << 2;
    output->extended_key_usage = &usage;
    output->extended_key_usage_count = 1;
    output->validity_days = 365;
}

static ndes_policy_result garbage_verify_request(void* context,
                                                 const ndes_policy_verify_input* input,
                                                 ndes_policy_verify_output* output) {
    static ndes_policy_alt_name bad_name;
    static ndes_policy_string bad_usage;
    const ndes_policy_string kind = input->template_name;
    const ndes_policy_string null_text = {0, 5};
    const ndes_policy_string long_text = {"x", (size_t)-1};
    (void)context;

    good_answer(output);
    bad_name.type = text_of("dns");
    bad_name.value = text_of("a");
    if (is(kind, "verified 2")) output->verified = 2;
    if (is(kind, "verified -1")) output->verified = -1;
    if (is(kind, "no")) output->verified = 0;
    if (is(kind, "untouched")) memset(output, 0, sizeof *output);
    if (is(kind, "reason null")) output->reason = null_text;
    if (is(kind, "reason long")) output->reason = long_text;
    if (is(kind, "detail not UTF-8")) output->detail = text_of("\xff\xfe");
    if (is(kind, "decision long")) output->decision_id = long_text;
    if (is(kind, "has_contents 7")) output->has_contents = 7;
    if (is(kind, "subject not UTF-8")) output->subject = text_of("CN=\xc3");
    if (is(kind, "subject null")) output->subject = null_text;
    if (is(kind, "names null")) output->alt_names = 0;
    if (is(kind, "names many")) output->alt_name_count = (size_t)-1;
    if (is(kind, "usages null")) output->extended_key_usage = 0;
    if (is(kind, "usages many")) output->extended_key_usage_count = 1u << 30;
    if (is(kind, "key usage bits")) output->key_usage = 1u << 9;
    if (is(kind, "validity 0")) output->validity_days = 0;
    if (is(kind, "validity -1")) output->validity_days = -1;
    if (is(kind, "validity for ever")) output->validity_days = 2147483647;
    if (is(kind, "name type")) {
        bad_name.type = text_of("x400");
        output->alt_names = &bad_name;
    }
    if (is(kind, "name empty")) {
        bad_name.value = text_of("");
        output->alt_names = &bad_name;
    }
    if (is(kind, "usage text")) {
        bad_usage = text_of("clientAuth");
        output->extended_key_usage = &bad_usage;
    }
    if (is(kind, "result 1")) return NDES_POLICY_RESULT(1);
    if (is(kind, "result E_FAIL")) return NDES_POLICY_E_FAIL;
    if (is(kind, "result timeout")) return NDES_POLICY_E_TIMEOUT;
    if (is(kind, "result denied")) return NDES_POLICY_E_ACCESSDENIED;
    if (is(kind, "result away")) return NDES_POLICY_E_CANNOT_CONNECT;
    return NDES_POLICY_OK;
}

static ndes_policy_result garbage_generate_challenge(void* context,
                                                     ndes_policy_string template_name,
                                                     ndes_policy_string params,
                                                     ndes_policy_string* challenge) {
    (void)context;
    (void)params;
    *challenge = text_of("S3cret");
    if (is(template_name, "null")) challenge->data = 0;
    if (is(template_name, "long")) challenge->length = (size_t)-1;
    if (is(template_name, "empty")) challenge->length = 0;
    if (is(template_name, "control")) *challenge = text_of("a\nb");
    return NDES_POLICY_OK;
}

/* Floods the log callback with all that it must not trust. */
static ndes_policy_result garbage_notify(void* context, const ndes_policy_notify_input* input) {
    const ndes_policy_host* host = context;
    const ndes_policy_string null_text = {0, 99};
    const ndes_policy_string ill_formed = {"line\n\xff]LOG]!>", 13};
    (void)input;
    host->log(host->log_context, 77, ill_formed, null_text, 0, -5);
    host->log(host->log_context, NDES_POLICY_LOG_ERROR, null_text, ill_formed, "garbage.c", 1);
    return NDES_POLICY_OK;
}

static ndes_policy_result garbage_initialize(const ndes_policy_host* host, void** context) {
    static ndes_policy_host kept;
    kept = *host;
    *context = &kept;
    return NDES_POLICY_OK;
}

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    static const ndes_policy_table table = {
        NDES_POLICY_ABI_MAJOR,
        NDES_POLICY_ABI_MINOR,
        sizeof(ndes_policy_table),
        "garbage 1",
        garbage_initialize,
        base_uninitialize,
        garbage_generate_challenge,
        garbage_verify_request,
        garbage_notify,
    };
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
