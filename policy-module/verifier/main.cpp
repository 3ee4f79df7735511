// ndes-csr-verifier: for SCEP servers that ask a program whether a request may be issued: reads one
// PKCS#10 request (DER) from standard input, asks the CRP through the policy module's own verbs,
// and ends with 0 for a yes and with something else for everything else.
#include <cstdio>
#include <exception>
#include <string>

#include <unistd.h>
#include <CLI/CLI.hpp>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/digest.h"
#include "common/error.h"
#include "common/process/process.h"
#include "common/random.h"
#include "policy-module/include/ndes_policy.h"

extern "C" const ndes_policy_table* ndes_policy_get_table(uint32_t host_abi_major,
                                                          uint32_t host_abi_minor);

namespace ndes::policy {
namespace {

constexpr int kExitYes = 0;
constexpr int kExitFailed = 1;  // the check could not be made
constexpr int kExitUsage = 2;
constexpr int kExitRefused = 4;
constexpr std::size_t kMostOctets = std::size_t{64} * 1024;

struct Options {
    std::string module_config;
    std::string template_name;
    std::string ca_name;
};

ndes_policy_string view(const std::string& text) { return {text.data(), text.size()}; }

// The module's lines, on standard error: what asks us shows it or drops it.
void write_line(void*, ndes_policy_severity severity, ndes_policy_string text, ndes_policy_string,
                const char*, int32_t) {
    const char* const word = severity == NDES_POLICY_LOG_ERROR     ? "error: "
                             : severity == NDES_POLICY_LOG_WARNING ? "warning: "
                                                                   : "";
    const std::string line =
        "ndes-csr-verifier: " + std::string(word) + std::string(text.data, text.length) + "\n";
    std::fputs(line.c_str(), stderr);
}

Result<Bytes> read_request() {
    Bytes octets(kMostOctets + 1);
    std::size_t length = 0;
    while (length < octets.size()) {
        const ssize_t count = ::read(STDIN_FILENO, octets.data() + length, octets.size() - length);
        if (count < 0) return fail(ErrorCode::internal, "standard input cannot be read");
        if (count == 0) break;
        length += static_cast<std::size_t>(count);
    }
    if (length == 0) return fail(ErrorCode::bad_request, "standard input holds no request");
    if (length > kMostOctets) return fail(ErrorCode::too_large, "the request is over 64 KiB");
    octets.resize(length);
    return octets;
}

int report(const char* what) {
    std::fprintf(stderr, "ndes-csr-verifier: %s\n", what);
    return kExitFailed;
}

// The server tells no transaction ID: the request names it, so that its repetition is the same
// question and gets the standing answer.
int ask(const ndes_policy_table& module, void* context, const Options& options,
        const Bytes& request) {
    const std::string transaction_id = "csr-" + sha256_hex(request);
    const std::string request_id = make_uuid(system_clock(), system_random());
    ndes_policy_verify_input input{};
    input.size = sizeof(input);
    input.certificate_request = {request.data(), request.size()};
    input.template_name = view(options.template_name);
    input.transaction_id = view(transaction_id);
    input.request_id = view(request_id);
    input.ca_name = view(options.ca_name);
    ndes_policy_verify_output output{};
    output.size = sizeof(output);
    const ndes_policy_result result = module.verify_request(context, &input, &output);
    if (result != NDES_POLICY_OK) return report("the CRP could not be asked");
    if (output.verified == 1) return kExitYes;
    std::fprintf(stderr, "ndes-csr-verifier: refused: %.*s\n",
                 static_cast<int>(output.reason.length), output.reason.data);
    return kExitRefused;
}

int run(const Options& options) {
    const auto request = read_request();
    if (!request) return report(request.error().text.c_str());
    const ndes_policy_table* const module =
        ndes_policy_get_table(NDES_POLICY_ABI_MAJOR, NDES_POLICY_ABI_MINOR);
    if (module == nullptr) return report("the policy module speaks another version");
    ndes_policy_host host{};
    host.size = sizeof(host);
    host.abi_major = NDES_POLICY_ABI_MAJOR;
    host.abi_minor = NDES_POLICY_ABI_MINOR;
    host.log = write_line;
    host.config_path = view(options.module_config);
    host.ca_name = view(options.ca_name);
    void* context = nullptr;
    if (module->initialize(&host, &context) != NDES_POLICY_OK) {
        return report("the module's settings or files are wrong");
    }
    const int code = ask(*module, context, options, *request);
    module->uninitialize(context);
    return code;
}

}  // namespace
}  // namespace ndes::policy

int main(int argc, char** argv) {
    using namespace ndes::policy;
    CLI::App app("ndes-csr-verifier: may this request be issued?", "ndes-csr-verifier");
    Options options;
    app.add_option("--module-config", options.module_config,
                   "settings of the policy module, see ndes_policy_crp.sample.toml")
        ->envname("NDES_VERIFIER_MODULE_CONFIG")
        ->required();
    app.add_option("--template", options.template_name, "template that the requests are for")
        ->envname("NDES_VERIFIER_TEMPLATE")
        ->required();
    app.add_option("--ca-name", options.ca_name, "issuing CA, for the CRP's records")
        ->envname("NDES_VERIFIER_CA_NAME");
    app.set_version_flag("--version", "ndes-csr-verifier " NDES_VERSION);
    app.footer("Exit codes: 0 yes, 1 could not be checked, 2 usage, 4 refused.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
        app.exit(fault);
        return kExitUsage;  // also after --help and --version: they are no yes
    }
    ndes::forbid_core_dumps();  // one would hold the request, and with it the challenge
    try {
        return run(options);
    } catch (const std::exception& fault) {
        return report(fault.what());
    }
}
