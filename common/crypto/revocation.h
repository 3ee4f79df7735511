// RevocationLists: whether a certificate is on its authority's CRL, for certificates that no TLS
// context judges. Source: RFC 5280 section 6.3. Immutable and cheap to copy; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes {

class RevocationLists {
  public:
    RevocationLists() = default;  // no list: nothing is revoked
    // `authorities`: whose keys verify the lists.
    RevocationLists(std::vector<X509CrlPtr> lists, const std::vector<Certificate>& authorities);

    // Why `certificate` does not count: it is on a list, or its authority has lists here and none
    // of them is verified and current. Empty: it is on none, or its authority has no list here.
    std::string fault_of(const Certificate& certificate, WallTime now) const;

  private:
    struct List {
        X509CrlPtr crl;
        bool is_verified = false;
    };
    std::shared_ptr<const std::vector<List>> lists_;
};

}  // namespace ndes
