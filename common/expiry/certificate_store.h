// CertificateRule: picks our client certificate from a folder, so that a renewed one has only to be
// put there. NAME.pem is a candidate when
//   1. it lies in the folder itself and its name ends in .pem (leaf first, then its chain),
//   2. its extended key usage names clientAuth, and its key usage, if any, digitalSignature,
//   3. its issuer is the one asked for, if one is,
//   4. NAME.key beside it is its key, readable by its owner alone.
// Of those that are valid now the one whose validity began last is taken. When none is, the one
// that expired last, so that calls fail with the original's 12037 until a renewed one is there; a
// certificate that is not valid yet is taken last of all.
// Knows no TLS. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/distinguished_name.h"
#include "common/error.h"

namespace ndes {

struct CertificateRule {
    std::filesystem::path folder;
    std::optional<DistinguishedName> issuer;  // none: any
};

struct CertificateChoice {
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    Certificate certificate;
    WallTime choose_again_at{};  // when time alone may make it another one; max: never
};

// configuration when nothing fits, saying of each certificate why not.
Result<CertificateChoice> choose_certificate(const CertificateRule& rule, WallTime now);

// The files that the choice depends on, sorted; empty when the folder cannot be read.
std::vector<std::filesystem::path> files_of_store(const std::filesystem::path& folder);

}  // namespace ndes
