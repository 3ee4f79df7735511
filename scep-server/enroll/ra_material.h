// RaMaterial: the registration authority's certificates and keys, loaded, checked, and made ready
// for use once, so that no request reads a file or parses a certificate.
// Knows no HTTP and no request. Immutable; CurrentRa may be used from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {

struct RaMaterial {
    RaIdentity identity;
    std::string get_ca_cert_body;  // answer to GetCACert (RFC 8894 section 4.2.1)
    std::string get_ca_cert_type;  // its Content-Type
    std::string ca_chain_body;     // answer to GetCACertChain: the CA and its chain
    std::string next_ca_body;      // answer to GetNextCACert (section 4.7.1); empty: not offered
    WallTime not_after{};          // the earlier of the two certificates'
    std::filesystem::path signing_file = {};
    std::filesystem::path encryption_file = {};
};

// Loads (choose_ra or load_ra_identity) and checks that each certificate is issued by a CA of
// `ca_chain`, or is the CA's own. configuration, or not_found, naming the file.
Result<std::shared_ptr<RaMaterial>> load_ra(const RaConfig& config,
                                            const std::vector<Certificate>& ca_chain, WallTime now);

// What `before` could open `ra` opens too, each certificate until its time, the one that `before`
// told clients of until `until`.
void keep_opening(RaMaterial& ra, const RaMaterial& before, WallTime until, WallTime now);

// `ra` without what has come to its time; null if there is nothing such.
std::shared_ptr<const RaMaterial> without_overdue(const RaMaterial& ra, WallTime now);

// The answer to GetNextCACert: the certificates of `file`, signed by the CA of today. Empty
// without a file. configuration, or not_found, naming the file.
Result<std::string> make_next_ca(const std::filesystem::path& file, const Issuer& issuer);

// Whole days until the first RA certificate expires; negative when it has.
int ra_days_left(const RaMaterial& ra, WallTime now);

// Notes events 34 (expired) and 35 (less than 30 days left).
void warn_of_ra_dates(const RaMaterial& ra, WallTime now, Log& log);

// The RA in use. A request takes it once and keeps it to its end, whatever is reloaded meanwhile.
class CurrentRa {
  public:
    explicit CurrentRa(std::shared_ptr<const RaMaterial> ra) : ra_(std::move(ra)) {}

    std::shared_ptr<const RaMaterial> get() const {
        const std::lock_guard lock(mutex_);
        return ra_;
    }
    void replace(std::shared_ptr<const RaMaterial> ra) {
        const std::lock_guard lock(mutex_);
        ra_ = std::move(ra);
    }

  private:
    // Guards the pointer for a copy; without it a reload could free what a request is copying.
    mutable std::mutex mutex_;
    std::shared_ptr<const RaMaterial> ra_;
};

}  // namespace ndes::scep
