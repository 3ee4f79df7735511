#include <filesystem>

#include <openssl/pem.h>

#include "common/file.h"
#include "tests/fuzz/fuzz.h"

namespace ndes::fuzz {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(NDES_TEST_DATA) / "scep";

}  // namespace

const Certificate& test_certificate() {
    static const Certificate certificate =
        load_certificates(kFolder / "ra_certificate.pem").value().front();
    return certificate;
}

// Not load_private_key: Git keeps no mode that it would accept.
EvpPkeyPtr test_key() {
    const std::string pem = read_file(kFolder / "ra_test_key.pem").value();
    const BioPtr source(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return EvpPkeyPtr(::PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr));
}

}  // namespace ndes::fuzz
