// Owner types: one per OpenSSL handle, each with its free function. Nothing else frees a handle.
// As thread-safe as the handle itself.
#pragma once

#include <memory>
#include <string>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace ndes {

template <auto FreeFunction>
struct OpensslFree {
    template <class T>
    void operator()(T* handle) const {
        FreeFunction(handle);
    }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<::BIO_free_all>>;
using CmsPtr = std::unique_ptr<CMS_ContentInfo, OpensslFree<::CMS_ContentInfo_free>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<::EVP_PKEY_free>>;
using EvpPkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<::EVP_PKEY_CTX_free>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<::EVP_MD_CTX_free>>;
using EvpCipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<::EVP_CIPHER_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, OpensslFree<::X509_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, OpensslFree<::X509_REQ_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, OpensslFree<::X509_CRL_free>>;
using X509NamePtr = std::unique_ptr<X509_NAME, OpensslFree<::X509_NAME_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, OpensslFree<::X509_STORE_free>>;
using X509StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, OpensslFree<::X509_STORE_CTX_free>>;
using X509ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslFree<::X509_EXTENSION_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpensslFree<::GENERAL_NAMES_free>>;
using Asn1OctetStringPtr =
    std::unique_ptr<ASN1_OCTET_STRING, OpensslFree<::ASN1_OCTET_STRING_free>>;
using Asn1TimePtr = std::unique_ptr<ASN1_TIME, OpensslFree<::ASN1_TIME_free>>;
using Asn1IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpensslFree<::ASN1_INTEGER_free>>;
using Asn1ObjectPtr = std::unique_ptr<ASN1_OBJECT, OpensslFree<::ASN1_OBJECT_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<::BN_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, OpensslFree<::SSL_CTX_free>>;

// Empties this thread's OpenSSL error queue and returns it as one line for the operator's log.
std::string take_openssl_errors();

}  // namespace ndes
