#include "common/crypto/crl.h"

#include <openssl/pem.h>

namespace ndes {

std::vector<X509CrlPtr> read_crls(std::string_view octets) {
    std::vector<X509CrlPtr> lists;
    const BioPtr source(::BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
    while (X509CrlPtr one{::PEM_read_bio_X509_CRL(source.get(), nullptr, nullptr, nullptr)})
        lists.push_back(std::move(one));
    if (lists.empty()) {
        const auto* cursor = reinterpret_cast<const unsigned char*>(octets.data());
        if (X509CrlPtr one{::d2i_X509_CRL(nullptr, &cursor, static_cast<long>(octets.size()))})
            lists.push_back(std::move(one));
    }
    take_openssl_errors();  // the end of the text is one
    return lists;
}

}  // namespace ndes
