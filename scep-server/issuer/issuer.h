// Issuer: signs what a verdict permits. Adding a CA = one file here + one line in
// issuer_factory.cpp. Knows no SCEP and no policy. All functions from many threads at once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/crypto/certificate.h"
#include "common/crypto/csr.h"
#include "common/error.h"
#include "scep-server/issuer/crl_builder.h"
#include "scep-server/journal/serial_ledger.h"

namespace ndes::scep {

struct IssueRequest {
    CertificateContents contents;   // everything the certificate says
    const CertificateRequest* csr;  // gives its public key, and its RDN order when the subject
                                    // has the same names; never null
    std::string transaction_id;     // for the issuer's own records
    bool renewal = false;           // a certificate of this CA vouches for the request
};

enum class IssueState { issued, pending, refused };

struct IssueAnswer {
    IssueState state = IssueState::refused;
    // Issued: leaf first, then its chain without the root. The leaf's public_key() may be null; its
    // SubjectPublicKeyInfo is there.
    std::vector<Certificate> certificates;
    std::string text;  // refused or pending: the CA's own words
};

class Issuer {
  public:
    virtual ~Issuer() = default;
    // An Error means the CA could not be asked, or did not answer anything that can be understood;
    // nothing was issued as far as we know. That what is issued is what was asked for is checked
    // by the caller (see issued_check.h), for every issuer.
    virtual Result<IssueAnswer> issue(const IssueRequest& request) = 0;
    // The CA's certificate and its chain up to the root, leaf first.
    virtual std::vector<Certificate> ca_chain() const = 0;
    virtual std::string name() const = 0;  // "CA Issuer Name" of the logs

    // Takes the files anew that say who the CA is, who we are and whom we trust; what was in use
    // stays when one is wrong (configuration, naming it). The CA keeps its key and name: another CA
    // takes a restart.
    virtual Result<void> reload(WallTime) { return {}; }

    // True when the CA's key is here: it keeps serials, and signs CRLs and as the CA.
    virtual bool has_ca_key() const { return false; }

    // Where an issuer that chooses serial numbers itself writes each one down before it signs; it
    // issues nothing before. Called once, before the first issue(); `ledger` outlives the issuer.
    virtual void keep_serials(SerialLedger&) {}

    // The CRL now in force, DER, for GetCRL. not_found: this issuer hands none out.
    virtual Result<Bytes> crl() const {
        return fail(ErrorCode::not_found, "this issuer hands out no CRL");
    }
    // SignedData of `content` by the CA's own key, for GetNextCACert (RFC 8894 section 4.7).
    // not_found: the key is out of reach.
    virtual Result<Bytes> sign_as_ca(ByteView) const {
        return fail(ErrorCode::not_found, "this issuer cannot sign as the CA");
    }
    // A CRL by the CA's own key, DER. not_found: the key is out of reach; configuration: the CA's
    // certificate does not let it sign CRLs.
    virtual Result<Bytes> sign_crl(const CrlContents&) const {
        return fail(ErrorCode::not_found, "this issuer's CA makes its CRL itself");
    }
};

}  // namespace ndes::scep
