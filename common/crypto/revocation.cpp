#include "common/crypto/revocation.h"

#include <algorithm>
#include <utility>

#include "common/crypto/asn1_time.h"

namespace ndes {
namespace {

bool is_verified_by(X509_CRL* crl, const Certificate& authority) {
    return ::X509_NAME_cmp(::X509_get_subject_name(authority.handle()),
                           ::X509_CRL_get_issuer(crl)) == 0 &&
           ::X509_CRL_verify(crl, authority.public_key()) == 1;
}

// One without nextUpdate has no end that could be held against it, so it counts as ended.
bool is_current(const X509_CRL* crl, WallTime now) {
    const ASN1_TIME* next = ::X509_CRL_get0_nextUpdate(crl);
    return next != nullptr && now < wall_time(next) &&
           wall_time(::X509_CRL_get0_lastUpdate(crl)) <= now;
}

bool names(X509_CRL* crl, const Certificate& certificate) {
    X509_REVOKED* entry = nullptr;
    return ::X509_CRL_get0_by_cert(crl, &entry, certificate.handle()) == 1;  // 2: taken off again
}

}  // namespace

RevocationLists::RevocationLists(std::vector<X509CrlPtr> lists,
                                 const std::vector<Certificate>& authorities) {
    std::vector<List> judged;
    for (X509CrlPtr& crl : lists) {
        const bool is_verified = std::ranges::any_of(
            authorities,
            [&crl](const Certificate& authority) { return is_verified_by(crl.get(), authority); });
        judged.push_back({std::move(crl), is_verified});
    }
    take_openssl_errors();  // of the authorities that did not fit
    lists_ = std::make_shared<const std::vector<List>>(std::move(judged));
}

std::string RevocationLists::fault_of(const Certificate& certificate, WallTime now) const {
    if (!lists_) return "";
    bool has_list = false;
    bool has_good_list = false;
    for (const List& list : *lists_) {
        if (::X509_NAME_cmp(::X509_CRL_get_issuer(list.crl.get()),
                            ::X509_get_issuer_name(certificate.handle())) != 0) {
            continue;
        }
        has_list = true;
        if (!list.is_verified || !is_current(list.crl.get(), now)) continue;
        has_good_list = true;
        if (names(list.crl.get(), certificate)) return "its certificate is revoked";
    }
    if (!has_list || has_good_list) return "";
    return "the CRL of its authority is out of date, or not signed by an authority that is listed";
}

}  // namespace ndes
