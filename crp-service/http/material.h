// Material: what the configuration's files hold: certificates, trust lists, keys, callers. All of
// it can be loaded, and so judged, before anything of it is put in force.
// One thread, at start and reload.
#pragma once

#include <memory>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/config.h"
#include "crp-service/http/live_parts.h"

namespace ndes::crp {

struct Material {
    std::shared_ptr<SSL_CTX> tls;
    Certificate server_certificate;
    std::unique_ptr<const ChallengeCodec> codec;
    ScepServerFacts scep;
    Credentials credentials;
};

// configuration, naming the file. Also refuses a server certificate that has expired.
Result<Material> load_material(const CrpdConfig& config, const Clock& clock);

// The services over `material`, whose codec they take. The references outlive them, and
// `observer`, which may be null.
std::shared_ptr<const LiveParts> make_live_parts(const CrpdConfig& config, Material& material,
                                                 Store& store, const Clock& clock, Random& random,
                                                 Log& log, VerifyObserver* observer = nullptr);

}  // namespace ndes::crp
