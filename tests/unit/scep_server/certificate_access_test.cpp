// GetCert, GetCRL and GetNextCACert.
#include "scep-server/enroll/certificate_access.h"

#include <fstream>

#include <openssl/pem.h>

#include "common/random.h"
#include "scep-server/profile.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

// An empty CRL of the lab's CA in `file`; its DER.
Bytes make_crl(const Lab& lab, const std::filesystem::path& file) {
    const X509CrlPtr crl(::X509_CRL_new());
    const auto seconds = [&](std::chrono::days days) {
        return static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(lab.clock.now() + days)
                                       .time_since_epoch()
                                       .count());
    };
    ASN1_TIME* now = ::ASN1_TIME_set(nullptr, seconds(std::chrono::days(0)));
    ASN1_TIME* next = ::ASN1_TIME_set(nullptr, seconds(std::chrono::days(7)));
    ::X509_CRL_set_version(crl.get(), 1);
    ::X509_CRL_set_issuer_name(crl.get(), ::X509_get_subject_name(lab.ca.handle()));
    ::X509_CRL_set1_lastUpdate(crl.get(), now);
    ::X509_CRL_set1_nextUpdate(crl.get(), next);
    ::ASN1_TIME_free(now);
    ::ASN1_TIME_free(next);
    REQUIRE(::X509_CRL_sign(crl.get(), lab.ca_key, ::EVP_sha256()) > 0);
    unsigned char* octets = nullptr;
    const int size = ::i2d_X509_CRL(crl.get(), &octets);
    Bytes der(octets, octets + size);
    ::OPENSSL_free(octets);
    const BioPtr pem(::BIO_new_file(file.c_str(), "w"));
    REQUIRE(::PEM_write_bio_X509_CRL(pem.get(), crl.get()) == 1);
    return der;
}

struct Setting {
    Setting() {
        lab.profile().issuer.crl_file = lab.folder / "crl.pem";
        crl = make_crl(lab, lab.profile().issuer.crl_file);
        bench = std::make_unique<EnrollBench>(lab, policy);
    }
    EnrollmentAnswer send(Device device, const char* type, const Certificate& wanted) {
        device.message.message_type = type;
        return bench->enrollment.answer(device.wrap(lab, test::make_issuer_and_serial(wanted)),
                                        "192.0.2.7");
    }
    // A device that has enrolled, and its certificate.
    Certificate enrol(const Device& device) {
        const auto answer = bench->enrollment.answer(device.request(lab), "192.0.2.7");
        const auto reply = device.read(answer.message);
        REQUIRE(reply.pki_status == "0");
        return reply.certificates.front();
    }

    Lab lab;
    FakePolicy policy;
    Bytes crl;
    std::unique_ptr<EnrollBench> bench;
};

}  // namespace

TEST_CASE("GetCert gives a device its own certificate again") {
    Setting setting;
    Device device(4);
    const Certificate leaf = setting.enrol(device);
    // With the key alone, the certificate being lost.
    CHECK(device.read(setting.send(device, "21", leaf).message).certificates.front().der() ==
          leaf.der());
    Device stranger(5);
    const auto refused = stranger.read(setting.send(stranger, "21", leaf).message);
    CHECK(refused.pki_status == "2");
    CHECK(refused.fail_info == "4");
    const auto unknown = device.read(setting.send(device, "21", setting.lab.ra_signing).message);
    CHECK(unknown.fail_info == "4");
    const auto foreign = device.read(setting.send(device, "21", device.signer).message);
    CHECK(foreign.fail_info == "4");
}

TEST_CASE("GetCRL gives the CA's CRL to its devices alone") {
    Setting setting;
    Device device(4);
    CHECK(device.read(setting.send(device, "22", setting.lab.ra_signing).message).pki_status ==
          "2");
    const Certificate leaf = setting.enrol(device);
    device.sign_with(leaf, device.key);
    const auto reply =
        test::read_crl_reply(setting.send(device, "22", leaf).message, device.key, device.signer);
    CHECK(reply == setting.crl);

    std::ofstream(setting.lab.profile().issuer.crl_file) << "no CRL";
    CHECK(setting.send(device, "22", leaf).kind == EnrollmentAnswer::Kind::unavailable);
    CHECK(setting.bench->log.text().find("event_name=EVENT_MSCEP_GETCRL_FAILED") !=
          std::string::npos);
}

TEST_CASE("GetNextCACert is signed by the CA of today") {
    Lab lab;
    const Certificate next = test::make_certificate(
        {"CN=Next CA", test::rsa_key_number(9), nullptr, nullptr, lab.clock.now(),
         lab.clock.now() + std::chrono::days(3000), "critical,keyCertSign,cRLSign", true});
    test::write_certificates(lab.folder / "next.pem", {next});
    lab.profile().issuer.next_ca_file = lab.folder / "next.pem";
    test::RecordingLog log;
    auto files = load_profile_files(lab.profile(), log, lab.clock, system_random());
    REQUIRE(files);
    const std::string& body = files->ra->next_ca_body;
    const BioPtr bio(::BIO_new_mem_buf(body.data(), static_cast<int>(body.size())));
    const CmsPtr cms(::d2i_CMS_bio(bio.get(), nullptr));
    REQUIRE(cms);
    const X509StorePtr store(::X509_STORE_new());
    ::X509_STORE_add_cert(store.get(), lab.ca.handle());
    const BioPtr content(::BIO_new(::BIO_s_mem()));
    CHECK(::CMS_verify(cms.get(), nullptr, store.get(), nullptr, content.get(),
                       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(content.get(), &data);
    const auto list = test::read_certificate_list(as_bytes({data, static_cast<std::size_t>(size)}));
    REQUIRE(list.size() == 1);
    CHECK(list.front().der() == next.der());

    test::write_certificates(lab.folder / "next.pem", {lab.ra_signing});  // no CA
    CHECK_FALSE(load_profile_files(lab.profile(), log, lab.clock, system_random()));
    CHECK(log.text().find("event_name=EVENT_MSCEP_GET_CA_CERT_FAILED") != std::string::npos);
}
