/* allow_all.c - the smallest useful policy module: permits every request whose template is named
 * in its settings file, one name a line. No device is checked: for a lab, or as a beginning for
 * your own module.
 *
 * Build:  cc -std=c11 -shared -fPIC -I policy-module/include allow_all.c -o allow_all.so
 * Use:    [policy] module = "allow_all.so", module_config = "templates.txt" in ndesd's settings.
 */
#include "ndes_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEMPLATES = 64, MAX_NAME = 256 };

/* What one Initialize makes. Read only afterwards, so the verbs need no lock. */
struct module {
    const ndes_policy_host* host;
    size_t count;
    char names[MAX_TEMPLATES][MAX_NAME];
};

static ndes_policy_string text_of(const char* text) {
    ndes_policy_string result = {text, strlen(text)};
    return result;
}

static void say(const ndes_policy_host* host, ndes_policy_severity severity, const char* text,
                ndes_policy_string transaction_id, int32_t line) {
    host->log(host->log_context, severity, text_of(text), transaction_id, "allow_all.c", line);
}

/* Reads the names; 0 on success. */
static int read_templates(struct module* module, FILE* file) {
    char line[MAX_NAME];
    while (fgets(line, sizeof line, file)) {
        size_t length = strcspn(line, "\r\n");
        if (line[length] == '\0' && !feof(file)) return -1; /* a line that did not fit */
        line[length] = '\0';
        if (length == 0) continue;
        if (module->count == MAX_TEMPLATES) return -1;
        memcpy(module->names[module->count++], line, length + 1);
    }
    return ferror(file) ? -1 : 0;
}

static ndes_policy_result initialize(const ndes_policy_host* host, void** context) {
    char path[4096];
    struct module* module;
    FILE* file;
    int failed;

    if (host->config_path.length == 0 || host->config_path.length >= sizeof path) {
        say(host, NDES_POLICY_LOG_ERROR,
            "allow_all needs policy.module_config: a list of templates", text_of(""), __LINE__);
        return NDES_POLICY_E_INVALIDARG;
    }
    memcpy(path, host->config_path.data, host->config_path.length);
    path[host->config_path.length] = '\0';

    module = calloc(1, sizeof *module);
    if (!module) return NDES_POLICY_E_OUTOFMEMORY;
    module->host = host; /* lives until uninitialize has returned */
    file = fopen(path, "r");
    failed = !file || read_templates(module, file) != 0;
    if (file) fclose(file);
    if (failed) {
        say(host, NDES_POLICY_LOG_ERROR, "allow_all cannot read its list of templates", text_of(""),
            __LINE__);
        free(module);
        return NDES_POLICY_E_FAIL;
    }
    *context = module;
    return NDES_POLICY_OK;
}

static void uninitialize(void* context) { free(context); }

/* This module knows no device, so it hands out no challenges. */
static ndes_policy_result generate_challenge(void* context, ndes_policy_string template_name,
                                             ndes_policy_string params,
                                             ndes_policy_string* challenge) {
    (void)context;
    (void)template_name;
    (void)params;
    (void)challenge;
    return NDES_POLICY_E_FAIL;
}

static ndes_policy_result verify_request(void* context, const ndes_policy_verify_input* input,
                                         ndes_policy_verify_output* output) {
    const struct module* module = context;
    size_t i;

    output->verified = 0;
    output->has_contents = 0; /* the host takes subject and names from the request */
    output->reason = text_of("TemplateNotPermitted");
    output->detail = text_of("");
    output->decision_id = text_of("");
    for (i = 0; i < module->count; ++i) {
        if (strlen(module->names[i]) == input->template_name.length &&
            strncmp(module->names[i], input->template_name.data, input->template_name.length) ==
                0) {
            output->reason = text_of("Success");
            output->verified = 1;
            break;
        }
    }
    say(module->host, NDES_POLICY_LOG_INFO,
        output->verified ? "template is on the list" : "template is not on the list",
        input->transaction_id, __LINE__);
    return NDES_POLICY_OK;
}

/* Nothing to remember. */
static ndes_policy_result notify(void* context, const ndes_policy_notify_input* input) {
    (void)context;
    (void)input;
    return NDES_POLICY_OK;
}

static const ndes_policy_table table = {
    NDES_POLICY_ABI_MAJOR,
    NDES_POLICY_ABI_MINOR,
    sizeof(ndes_policy_table),
    "allow_all 1.0",
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
