// csr_bench [COUNT]: CPU time of reading and verifying a request and a certificate, ours beside
// OpenSSL's general decoder. Prints microseconds each; judges nothing.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "common/crypto/certificate_facts.h"
#include "common/crypto/csr.h"
#include "common/crypto/rsa_weakness.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes::test {
namespace {

double cpu_seconds() {
    std::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The best of five runs: what other programs on the machine cost is no part of it.
void measure(const char* what, long count, const std::function<bool()>& work) {
    double best = 1e9;
    for (int run = 0; run < 5; ++run) {
        const double start = cpu_seconds();
        for (long i = 0; i < count; ++i) {
            if (!work()) std::abort();
        }
        best = std::min(best, cpu_seconds() - start);
    }
    std::printf("%-58s %8.2f us\n", what, best * 1e6 / static_cast<double>(count));
}

void measure_request(const char* key_name, EVP_PKEY* key, long count) {
    const Bytes der = make_csr(
        key, {.attributes = join(
                  {attribute(kChallengePassword, {der_text(kPrintable, std::string(200, 'a'))}),
                   attribute(kExtensionRequest,
                             {sequence({extension("2.5.29.17", sequence({der_text(0x82, "a.b")})),
                                        extension("2.5.29.15", {0x03, 0x02, 0x05, 0xA0}, true),
                                        extension("2.5.29.37",
                                                  sequence({der_oid("1.3.6.1.5.5.7.3.2")}))})})})});
    std::printf("request, %s\n", key_name);
    measure("  parse_csr", count, [&] { return parse_csr(der).has_value(); });
    const auto request = parse_csr(der);
    measure("  verify_self_signature", count, [&] { return verify_self_signature(*request); });
    measure("  OpenSSL: d2i_X509_REQ, X509_REQ_get0_pubkey", count, [&] {
        const unsigned char* position = der.data();
        const X509ReqPtr csr(::d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
        return ::X509_REQ_get0_pubkey(csr.get()) != nullptr;
    });
    const unsigned char* position = der.data();
    const X509ReqPtr csr(::d2i_X509_REQ(nullptr, &position, static_cast<long>(der.size())));
    measure("  OpenSSL: X509_REQ_verify", count,
            [&] { return ::X509_REQ_verify(csr.get(), ::X509_REQ_get0_pubkey(csr.get())) == 1; });
}

void run(long count) {
    measure_request("RSA-2048", rsa_key(), count);
    measure_request("EC P-256", new_ec_key().get(), count);
    const BignumPtr n([] {
        BIGNUM* modulus = nullptr;
        ::EVP_PKEY_get_bn_param(rsa_key(), "n", &modulus);
        return modulus;
    }());
    Bytes modulus(256);
    ::BN_bn2binpad(n.get(), modulus.data(), 256);
    measure("rsa_weakness, 2048 bits", count, [&] { return rsa_weakness(modulus).empty(); });
    const Bytes certificate = make_certificate(rsa_key()).der();
    measure("read_certificate_facts", count,
            [&] { return read_certificate_facts(certificate).has_value(); });
    measure("Certificate::from_der", count,
            [&] { return Certificate::from_der(certificate).has_value(); });
}

}  // namespace
}  // namespace ndes::test

int main(int argc, char** argv) { ndes::test::run(argc > 1 ? std::atol(argv[1]) : 500); }
