/* Answers with what it was given, so that a test sees every input arrive. */
#include "base.h"

static ndes_policy_string of_blob(ndes_policy_blob blob) {
    const ndes_policy_string text = {(const char*)blob.data, blob.length};
    return text;
}

static ndes_policy_result echo_verify_request(void* context, const ndes_policy_verify_input* input,
                                              ndes_policy_verify_output* output) {
    static _Thread_local ndes_policy_alt_name names[4];
    size_t i;
    (void)context;
    names[0].value = of_blob(input->certificate_request);
    names[1].value = input->request_id;
    names[2].value = input->ca_name;
    names[3].value = input->device_address;
    for (i = 0; i < 4; ++i) {
        names[i].type.data = "uri";
        names[i].type.length = 3;
    }
    output->verified = 1;
    output->reason = input->template_name;
    output->decision_id = input->transaction_id;
    if (input->signing_certificate.data) output->detail = of_blob(input->signing_certificate);
    output->has_contents = 1;
    output->subject.data = "CN=echo";
    output->subject.length = 7;
    output->alt_names = names;
    output->alt_name_count = 4;
    output->key_usage = 0x1ff;
    output->validity_days = 1;
    return NDES_POLICY_OK;
}

/* 0 only when the outcome arrives as the test sends it. */
static ndes_policy_result echo_notify(void* context, const ndes_policy_notify_input* input) {
    (void)context;
    if (input->size != sizeof *input || input->challenge.length != 9 ||
        input->transaction_id.length != 2 || input->request_id.length != 3 ||
        input->disposition != NDES_POLICY_DISPOSITION_FAILURE ||
        input->last_result != NDES_POLICY_E_TIMEOUT || input->certificate.data != 0)
        return NDES_POLICY_E_INVALIDARG;
    return NDES_POLICY_OK;
}

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    static const ndes_policy_table table = {
        NDES_POLICY_ABI_MAJOR,
        NDES_POLICY_ABI_MINOR,
        sizeof(ndes_policy_table),
        "echo 1",
        base_initialize,
        base_uninitialize,
        base_generate_challenge,
        echo_verify_request,
        echo_notify,
    };
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
