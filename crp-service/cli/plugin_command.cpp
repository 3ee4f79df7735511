// crpctl plugin check: a policy module, looked at before ndesd loads it: every step of ndesd's own
// loader, the exported symbols and a dry call of each verb. In a child, which a module may end.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/crypto/openssl_ptr.h"
#include "common/logging/cmtrace.h"
#include "crp-service/cli/commands.h"
#include "scep-server/policy_host/module_check.h"

namespace ndes::crp::cli {

namespace {

using scep::CheckFinding;

constexpr unsigned kMostSeconds = 60;

// What the module says goes to standard error, as it comes.
class PrintedLog final : public Log {
  public:
    void write(Severity, std::string_view text, const LogFields&, std::source_location) override {
        std::fprintf(stderr, "  log: %s\n", loggable(text, 512).c_str());
    }
    void note(Severity severity, std::string_view text, const LogFields& fields,
              std::source_location where) override {
        write(severity, text, fields, where);
    }
    void reopen() override {}
    void flush() override {}
};

void print_finding(const CheckFinding& finding) {
    const char* word = finding.kind == CheckFinding::Kind::ok        ? "ok"
                       : finding.kind == CheckFinding::Kind::warning ? "warning"
                                                                     : "FAILED";
    std::printf("%-8s %s%s%s\n", word, finding.step.c_str(), finding.detail.empty() ? "" : ": ",
                loggable(finding.detail, 1024).c_str());
    std::fflush(stdout);
}

// A request of nobody: fresh key, no challenge.
Bytes make_request() {
    const EvpPkeyPtr key(::EVP_EC_gen("P-256"));
    const X509ReqPtr request(::X509_REQ_new());
    X509_NAME* const name = ::X509_REQ_get_subject_name(request.get());
    const auto* const common_name = reinterpret_cast<const unsigned char*>("plugin-check");
    ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, common_name, -1, -1, 0);
    ::X509_REQ_set_pubkey(request.get(), key.get());
    ::X509_REQ_sign(request.get(), key.get(), ::EVP_sha256());
    unsigned char* der = nullptr;
    const int length = ::i2d_X509_REQ(request.get(), &der);
    Bytes octets(der, der + std::max(length, 0));
    ::OPENSSL_free(der);
    return octets;
}

[[noreturn]] void check_in_child(const scep::ModuleCheckOptions& options) {
    ::alarm(kMostSeconds);
    PrintedLog log;
    const bool good = scep::check_module(options, log, &print_finding);
    std::fflush(nullptr);
    ::_exit(good ? kExitOk : kExitFailed);  // a module's threads must not run into our destructors
}

int check(const scep::ModuleCheckOptions& options) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0)
        return report({ErrorCode::internal, "no further process can be started", {}, {}});
    if (child == 0) check_in_child(options);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) {
        if (WEXITSTATUS(status) == kExitOk) std::printf("the module keeps what it promises\n");
        return WEXITSTATUS(status) == kExitOk ? kExitOk : kExitFailed;
    }
    const int signal = WTERMSIG(status);
    const std::string how = signal == SIGALRM
                                ? "it did not come back within 60 s"
                                : std::string("it ended the process: ") + ::strsignal(signal);
    print_finding({CheckFinding::Kind::failed, "the step after the last one told", how});
    return kExitFailed;
}

}  // namespace

void add_plugin_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("plugin", "policy modules");
    noun->require_subcommand(1);
    CLI::App* verb =
        noun->add_subcommand("check", "load a module as ndesd does and call its verbs");
    const auto options = std::make_shared<scep::ModuleCheckOptions>();
    const auto no_calls = std::make_shared<bool>(false);
    options->module.ca_name = "plugin-check";
    verb->add_option("FILE", options->module.module, "the module, e.g. ndes_policy_crp.so")
        ->required();
    verb->add_option("--config", options->module.module_config,
                     "its settings (policy.module_config)");
    verb->add_flag("--no-calls", *no_calls, "stop after Initialize: no verb that judges is called");
    verb->callback([=, &exit_code] {
        if (!*no_calls) options->certificate_request = make_request();
        exit_code = check(*options);
    });
}

}  // namespace ndes::crp::cli
