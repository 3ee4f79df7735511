// Every kind of issuer before one and the same CA, each over its real way: cfssl is Debian's, the
// EST server is ours on common/http_server, the command is a shell script around openssl.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/crypto/csr.h"
#include "common/http_server/http_server.h"
#include "scep-server/issuer/issuer.h"
#include "tests/support/scep_client.h"
#include "tests/support/test_pki.h"

namespace ndes::test {

// A verdict, and a request of a device for just that.
struct Wanted {
    Wanted();
    CertificateContents contents;
    CertificateRequest csr;
    scep::IssueRequest request(bool renewal = false) const {
        return {contents, &csr, "transaction-1", renewal};
    }
};

// A certificate of `ca` as the request asks for it; `twist` may change it before it is signed.
Certificate sign_request(TestCa& ca, ByteView csr,
                         const std::function<void(X509&)>& twist = nullptr);

// Certs-only CMS in base64, as an EST server answers.
std::string est_body(const std::vector<Certificate>& certificates);

// The parts around an issuer live as long as this.
class IssuerBackend {
  public:
    virtual ~IssuerBackend() = default;
    virtual scep::Issuer& issuer() = 0;
};

// "local", "cfssl", "est", "command".
std::unique_ptr<IssuerBackend> make_issuer_backend(const std::string& kind,
                                                   const TemporaryFolder& folder, TestCa& ca);

inline constexpr std::chrono::milliseconds kPatience{20'000};  // of a call

// An issuer of kind "est" or "cfssl" whose server answers as told, or "command" whose program is
// the script given.
std::unique_ptr<IssuerBackend> make_est_backend(const TemporaryFolder& folder, TestCa& ca,
                                                http::Handler handler,
                                                std::chrono::milliseconds deadline = kPatience);
std::unique_ptr<IssuerBackend> make_cfssl_backend(const TemporaryFolder& folder, TestCa& ca,
                                                  http::Handler handler,
                                                  std::chrono::milliseconds deadline = kPatience);
std::unique_ptr<IssuerBackend> make_command_backend(const TemporaryFolder& folder, TestCa& ca,
                                                    const std::string& script,
                                                    std::chrono::milliseconds deadline = kPatience);

}  // namespace ndes::test
