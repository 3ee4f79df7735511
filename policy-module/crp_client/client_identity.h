// ClientIdentity: who we are towards the CRP and whom we trust as the CRP, parsed once and shared
// by all connections; ClientIdentityKeeper: the same, read again when the files change.
// Knows no HTTP. Identities are immutable; the keeper may be called from many threads at once.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "common/logging/log.h"

namespace ndes::policy {

struct ClientIdentityFiles {
    std::filesystem::path certificate;  // PEM, leaf first, then its chain
    std::filesystem::path key;          // PEM, readable by its owner alone
    std::filesystem::path server_ca;    // PEM; the only trust anchors for the CRP
    std::string server_name;            // host name or IP address that the CRP's SAN must hold
};

// What OpenSSL found when it last refused the CRP's certificate. Written by the library's threads.
struct ServerVerification {
    std::atomic<unsigned> refusals{0};
    std::atomic<int> last_error{0};  // X509_V_ERR_…
};

struct ClientIdentity {
    // For every connection: our certificate and key, the anchors above and no other (never the
    // system's, nor SSL_CERT_FILE), TLS 1.2 or later, the name checked against the SAN alone.
    std::shared_ptr<SSL_CTX> context;
    std::shared_ptr<const ServerVerification> verification;
    std::string thumbprint;  // SHA-1 of our certificate, hex, as Windows shows it
    WallTime not_before{};   // of our certificate
    WallTime not_after{};
};

// configuration on failure, naming the file: unreadable, key of another certificate, key readable
// by others, no anchor.
Result<std::shared_ptr<const ClientIdentity>> load_client_identity(
    const ClientIdentityFiles& files);

class ClientIdentityKeeper {
  public:
    // Reads the files. Later, current() looks whether they changed, at most every 5 seconds.
    static Result<std::unique_ptr<ClientIdentityKeeper>> open(ClientIdentityFiles files,
                                                              const Clock& clock, Log& log);

    // The identity to use now, never null. Changed files that cannot be read are logged once, and
    // the identity in use stays.
    std::shared_ptr<const ClientIdentity> current();

  private:
    // Modification times and sizes of the three files; a missing one counts as a change.
    using Stamp = std::vector<std::pair<std::filesystem::file_time_type, std::uintmax_t>>;

    ClientIdentityKeeper(ClientIdentityFiles files, const Clock& clock, Log& log);
    Stamp stamp() const;

    const ClientIdentityFiles files_;
    const Clock& clock_;
    Log& log_;
    // Guards the three below; held while a changed file is parsed (milliseconds, at most every
    // 5 s). Without it two threads would both replace the identity.
    std::mutex mutex_;
    std::shared_ptr<const ClientIdentity> identity_;
    Stamp stamp_;
    SteadyTime looked_at_{};
};

}  // namespace ndes::policy
