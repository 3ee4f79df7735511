/* Says yes to everybody; what Notify returns is in a file, so that a test can change it while the
 * host runs. module_config names a folder: `answer` holds the result in hexadecimal (no such file:
 * 0), `told` gains a line "TRANSACTION REQUEST DISPOSITION RESULT" for each Notify. */
#include "base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char answer_file[4096];
static char told_file[4096];

static ndes_policy_result switched_initialize(const ndes_policy_host* host, void** context) {
    const int length = (int)host->config_path.length;
    if (length == 0 || length > 4000) return NDES_POLICY_E_INVALIDARG;
    snprintf(answer_file, sizeof answer_file, "%.*s/answer", length, host->config_path.data);
    snprintf(told_file, sizeof told_file, "%.*s/told", length, host->config_path.data);
    *context = NULL;
    return NDES_POLICY_OK;
}

static ndes_policy_result switched_notify(void* context, const ndes_policy_notify_input* input) {
    unsigned answer = 0;
    char line[1024];
    int length;
    int file;
    FILE* switch_file = fopen(answer_file, "r");
    (void)context;
    if (switch_file) {
        if (fscanf(switch_file, "%x", &answer) != 1) answer = 0x80004005u;
        fclose(switch_file);
    }
    length = snprintf(line, sizeof line, "%.*s %.*s %d %x\n", (int)input->transaction_id.length,
                      input->transaction_id.data, (int)input->request_id.length,
                      input->request_id.data, (int)input->disposition, answer);
    file = open(told_file, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (file < 0 || write(file, line, (size_t)length) != length) abort();
    close(file);
    return (ndes_policy_result)answer;
}

static const ndes_policy_table table = {
    NDES_POLICY_ABI_MAJOR, NDES_POLICY_ABI_MINOR, sizeof(ndes_policy_table), "switched",
    switched_initialize,   base_uninitialize,     base_generate_challenge,   base_verify_request,
    switched_notify,
};

const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major, uint32_t host_abi_minor) {
    (void)host_abi_minor;
    return host_abi_major == NDES_POLICY_ABI_MAJOR ? &table : NULL;
}
