// CommandIssuer: a CA that a program of the operator's speaks to.
//
// The program is started for each request, without a shell, in a process group of its own. It
// reads the request (PKCS#10, PEM) from standard input and finds in its environment
//   NDES_TRANSACTION_ID, NDES_REQUEST_KIND ("initial", "renewal"),
//   NDES_CERTIFICATE    what the certificate shall say, JSON as in the CRP's verdict.
// What it prints and how it ends is the answer:
//   0   issued: PEM certificates on standard output, the new one among them
//   4   refused: the first line of standard error says why
//   5   pending: it is started anew for the same request when the device asks again
//   any other, a signal, or the deadline: the CA could not be asked; the device comes again later.
// Knows no SCEP and no policy. Any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"
#include "scep-server/issuer/known_ca.h"

namespace ndes::scep {

struct CommandIssuerOptions {
    std::vector<std::string> arguments;  // the program's absolute path first
    std::chrono::milliseconds deadline{20'000};
};

// configuration unless the program is an executable file at an absolute path.
Result<std::unique_ptr<Issuer>> make_command_issuer(KnownCa ca, CommandIssuerOptions options);

}  // namespace ndes::scep
