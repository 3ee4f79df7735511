// Renewal: new certificates for our own programs, put beside those of before under new names.
// Nothing is ever overwritten or removed: a new one counts from the moment its certificate appears,
// whole, beside its key, and what the one of before is still good for goes on.
// Knows no configuration. Any thread, one at a time for one folder.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/error.h"
#include "common/expiry/certificate_maker.h"
#include "common/expiry/certificate_store.h"

namespace ndes {

// From when on a certificate is to be replaced: `before` its end, though not before the last third
// of its life: one made for less than `before` would be due as soon as it was made.
WallTime renewal_time(const Certificate& certificate, std::chrono::milliseconds before);

// "20261127T210500Z", for names of files.
std::string file_stamp(WallTime now);

// As `path`, which must not exist. conflict, or storage.
Result<void> write_fresh_file(const std::filesystem::path& path, std::string_view text,
                              unsigned mode);

struct RaPair {
    std::filesystem::path signing;
    std::filesystem::path encryption;
};

struct RaPairOrder {
    std::filesystem::path store;
    X509_NAME* signing_subject = nullptr;  // borrowed, both
    X509_NAME* encryption_subject = nullptr;
    WallTime begins{};
    WallTime ends{};
};

// What asks for, or makes, the RA's certificate of one use: signing, else key exchange.
CertificateFrame ra_frame(bool signing, X509_NAME* subject);

// signing-STAMP.pem and encryption-STAMP.pem, with keys of their own, both or none.
Result<RaPair> make_ra_pair(const RaPairOrder& order, const LocalCa& ca, WallTime now);

struct ClientOrder {
    std::filesystem::path store;
    bool new_key = false;  // false: the key of `current`, so that pins of it go on
    WallTime begins{};
    WallTime ends{};
};

// client-STAMP.pem with the subject and alternative names of `current`. precondition when `ca` has
// not issued that one: then another CA vouches for the name.
Result<std::filesystem::path> make_client_certificate(const CertificateChoice& current,
                                                      const ClientOrder& order, const LocalCa& ca,
                                                      WallTime now);

// PEM: `current` for another while, with its key, names and usages (serverAuth, clientAuth), so
// that a pin of it goes on; needs no private key but the CA's. precondition when `ca` has not
// issued it, or it is for neither.
Result<std::string> reissue_certificate(const Certificate& current, WallTime begins, WallTime ends,
                                        const LocalCa& ca);

}  // namespace ndes
