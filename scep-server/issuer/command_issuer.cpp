#include "scep-server/issuer/command_issuer.h"

#include <utility>

#include <unistd.h>

#include "common/crp_protocol/certificate_contents_json.h"
#include "common/crypto/pem.h"
#include "common/process/child_program.h"

namespace ndes::scep {
namespace {

enum ExitCode { kIssued = 0, kRefused = 4, kPending = 5 };

std::vector<std::string> environment_of(const IssueRequest& request) {
    return {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
            "NDES_TRANSACTION_ID=" + request.transaction_id,
            std::string("NDES_REQUEST_KIND=") + (request.renewal ? "renewal" : "initial"),
            "NDES_CERTIFICATE=" + crp_protocol::to_json(request.contents)};
}

std::string first_line(const std::string& text, const char* without) {
    std::string line = text.substr(0, text.find('\n'));
    return line.empty() ? without : line;
}

class CommandIssuer final : public IssuerOfKnownCa {
  public:
    CommandIssuer(KnownCa known, CommandIssuerOptions options)
        : IssuerOfKnownCa(std::move(known)), options_(std::move(options)) {}

    Result<IssueAnswer> issue(const IssueRequest& request) override {
        const std::string csr = to_pem("CERTIFICATE REQUEST", request.csr->der);
        ChildOrder order;
        order.arguments = options_.arguments;
        order.environment = environment_of(request);
        order.input = csr;
        order.deadline = options_.deadline;
        auto outcome = run_child(order);
        if (!outcome) return pass_on(outcome, "issuer.command");
        switch (outcome->exit_code) {
            case kIssued: break;
            case kRefused:
                return refused(first_line(outcome->errors, "the command refuses without a reason"));
            case kPending:
                return IssueAnswer{IssueState::pending,
                                   {},
                                   first_line(outcome->errors, "the command holds the request")};
            default:
                return fail(ErrorCode::unavailable,
                            "issuer.command: ended with " + std::to_string(outcome->exit_code),
                            first_line(outcome->errors, ""));
        }
        auto certificates = certificates_from_pem(outcome->output);
        if (!certificates)
            return fail(ErrorCode::unavailable,
                        "issuer.command: its output " + certificates.error().text);
        return issued(std::move(*certificates), *request.csr);
    }

  private:
    const CommandIssuerOptions options_;
};

}  // namespace

Result<std::unique_ptr<Issuer>> make_command_issuer(KnownCa ca, CommandIssuerOptions options) {
    const std::string& program = options.arguments.front();
    if (!program.starts_with('/'))
        return fail(ErrorCode::configuration,
                    "issuer.command: \"" + program + "\" is not an absolute path");
    if (::access(program.c_str(), X_OK) != 0)
        return fail(ErrorCode::configuration, "issuer.command: " + program + " cannot be executed");
    return std::unique_ptr<Issuer>(
        std::make_unique<CommandIssuer>(std::move(ca), std::move(options)));
}

}  // namespace ndes::scep
