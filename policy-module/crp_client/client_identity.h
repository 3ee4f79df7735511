// ClientIdentity: who we are towards the CRPs and whom we trust as one, parsed once and shared by
// all connections; ClientIdentityKeeper: the same, chosen and read again when the files change.
// Knows no HTTP. Identities are immutable; the keeper may be called from many threads at once.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "common/expiry/certificate_store.h"
#include "common/expiry/expiry_warning.h"
#include "common/logging/log.h"

namespace ndes::policy {

// Where the certificate comes from: `certificate` and `key`, or, when these are empty, the choice
// by rule from `store`.
struct ClientIdentityFiles {
    std::filesystem::path certificate;  // PEM, leaf first, then its chain
    std::filesystem::path key;          // PEM, readable by its owner alone
    CertificateRule store;
    std::filesystem::path server_ca;  // PEM; the only trust anchors for the CRPs
    // Host names or IP addresses, one of each CRP; its certificate's SAN must hold it.
    std::vector<std::string> server_names;
};

// What OpenSSL found when it last refused the CRP's certificate. Written by the library's threads.
struct ServerVerification {
    std::atomic<unsigned> refusals{0};
    std::atomic<int> last_error{0};  // X509_V_ERR_…
};

// What every connection to one host needs: our certificate and key, the anchors above and no other
// (never the system's, nor SSL_CERT_FILE), TLS 1.2 or later, the name checked against the SAN
// alone.
struct ServerContext {
    std::string name;
    std::shared_ptr<SSL_CTX> context;
    std::shared_ptr<const ServerVerification> verification;
};

struct ClientIdentity {
    std::vector<ServerContext> servers;
    std::filesystem::path file;  // where our certificate is
    std::string thumbprint;      // SHA-1 of our certificate, hex, as Windows shows it
    WallTime not_before{};       // of our certificate
    WallTime not_after{};
    // When the choice from a store may be another one though no file changes.
    WallTime choose_again_at = WallTime::max();

    const ServerContext& towards(std::string_view server_name) const;  // one of server_names
};

// configuration on failure, naming the file: unreadable, key of another certificate, key readable
// by others, no anchor, nothing in the store that fits.
Result<std::shared_ptr<const ClientIdentity>> load_client_identity(const ClientIdentityFiles& files,
                                                                   WallTime now);

class ClientIdentityKeeper {
  public:
    // Reads the files. Later, current() looks whether they changed and warns when the certificate
    // expires soon (see common/expiry/expiry_warning.h), at most every 5 seconds.
    static Result<std::unique_ptr<ClientIdentityKeeper>> open(ClientIdentityFiles files,
                                                              const Clock& clock, Log& log);

    // As current() does when it looks: for the first warning, at the start.
    void start_warning();

    // The identity to use now, never null. Changed files that cannot be read are logged once, and
    // the identity in use stays.
    std::shared_ptr<const ClientIdentity> current();

  private:
    // Name, modification time and size of each file; a missing one counts as a change.
    using Stamp = std::vector<
        std::tuple<std::filesystem::path, std::filesystem::file_time_type, std::uintmax_t>>;

    ClientIdentityKeeper(ClientIdentityFiles files, const Clock& clock, Log& log);
    Stamp stamp() const;
    void take_changes();
    void warn_of_expiry();

    const ClientIdentityFiles files_;
    const Clock& clock_;
    Log& log_;
    // Guards what follows; held while a changed file is parsed (milliseconds, at most every
    // 5 s). Without it two threads would both replace the identity.
    std::mutex mutex_;
    std::shared_ptr<const ClientIdentity> identity_;
    Stamp stamp_;
    SteadyTime looked_at_{};
    ExpiryWarning expiry_;
};

}  // namespace ndes::policy
