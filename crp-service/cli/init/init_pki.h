// InitPki: the certificates and keys of an installation: made here, or read from the files that
// were given and held against what each is for. Writes nothing. One thread.
#pragma once

#include <string>

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

// PEM texts; "" for what this host does not need.
struct PemPair {
    std::string certificate;  // leaf first
    std::string key;
};

struct InitPki {
    InitPki() = default;
    ~InitPki();  // wipes keys
    InitPki(InitPki&&) = default;
    InitPki& operator=(InitPki&&) = default;

    PemPair ca;  // that issues to devices, with its chain
    PemPair ra_signing;
    PemPair ra_encryption;
    PemPair tls_ca;      // made here: issuer of all that follow, but of `module` with an own `ca`
    std::string crp_ca;  // issued `crp`
    std::string client_ca;  // issued the callers' certificates
    PemPair crp;            // crpd's server certificate
    PemPair site;           // that of ndesd's admin listener
    PemPair module;         // client certificates
    PemPair admin;
    PemPair mdm;  // given: without key
};

// internal when OpenSSL cannot make something.
Result<InitPki> make_pki(const InitAnswers& answers);

// Reads what was given; configuration with every fault, one a line: key and certificate that do not
// fit, another issuer, no extended key usage for the purpose, a name that is missing.
Result<InitPki> read_pki(const InitAnswers& answers);

}  // namespace ndes::crp::cli
