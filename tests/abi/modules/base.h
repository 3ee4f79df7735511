/* base.h - a module that keeps every promise, for the broken ones to differ from in one point. */
#ifndef TESTS_ABI_MODULES_BASE_H
#define TESTS_ABI_MODULES_BASE_H

#include "ndes_policy.h"

#define EXPORTED __attribute__((visibility("default")))

static inline ndes_policy_result base_initialize(const ndes_policy_host* host, void** context) {
    (void)host;
    *context = 0;
    return NDES_POLICY_OK;
}

static inline void base_uninitialize(void* context) { (void)context; }

static inline ndes_policy_result base_generate_challenge(void* context,
                                                         ndes_policy_string template_name,
                                                         ndes_policy_string params,
                                                         ndes_policy_string* challenge) {
    (void)context;
    (void)template_name;
    (void)params;
    challenge->data = "challenge";
    challenge->length = 9;
    return NDES_POLICY_OK;
}

static inline ndes_policy_result base_verify_request(void* context,
                                                     const ndes_policy_verify_input* input,
                                                     ndes_policy_verify_output* output) {
    (void)context;
    (void)input;
    output->verified = 1;
    return NDES_POLICY_OK;
}

static inline ndes_policy_result base_notify(void* context, const ndes_policy_notify_input* input) {
    (void)context;
    (void)input;
    return NDES_POLICY_OK;
}

#ifdef __cplusplus
extern "C"
#endif
    EXPORTED const ndes_policy_table*
    ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor);

#endif
