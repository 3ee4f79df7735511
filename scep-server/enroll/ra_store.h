// RaStore: picks the RA's certificates from a folder, as NDES picks them from the machine's store
// (white paper, "Service Startup", its seven criteria). NAME.pem is a candidate when
//   1. it lies in the folder itself,
//   2. its extended key usage names Certificate Request Agent (1.3.6.1.4.1.311.20.2.1), and its
//      key usage keyEncipherment (key exchange) or digitalSignature (enrollment agent),
//   3. it is not archived: a name that does not end in .pem does not count,
//   4. its key is at hand: NAME.key, or NAME.uri with the key's pkcs11: URI,
//   5. the CA of [issuer] has issued it,
//   6. it and the CA's chain are valid now;
//   7. of several the one issued last is taken.
// Older key-exchange certificates that fit go on opening requests for a while.
// Knows no HTTP. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/error.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {

struct RaChoice {
    RaIdentity identity;  // with `older` filled
    std::filesystem::path signing_file;
    std::filesystem::path encryption_file;
};

// configuration when the folder holds no pair for one of the two uses, saying of each certificate
// in it why it does not count. `overlap`: how long after its successor's notBefore an older
// key-exchange certificate still counts.
Result<RaChoice> choose_ra(const std::filesystem::path& folder,
                           const std::vector<Certificate>& ca_chain,
                           std::chrono::milliseconds overlap, WallTime now);

}  // namespace ndes::scep
