#include "scep-server/issuer/local_issuer.h"

#include <fstream>
#include <set>

#include "common/crypto/general_names.h"
#include "common/random.h"
#include "scep-server/journal/journal.h"
#include "tests/catch.h"
#include "tests/support/scep_client.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;
using test::Lab;

namespace {

constexpr std::chrono::milliseconds kBackdate{5 * 60 * 1000};

LocalIssuerOptions options_of(const Lab& lab) {
    return {lab.folder / "ca.key", kBackdate, "SHA-256"};
}

Result<std::unique_ptr<Issuer>> make_local_issuer(const Lab& lab,
                                                  const LocalIssuerOptions& options) {
    auto ca = load_known_ca(lab.folder / "ca.pem", {}, lab.clock.now());
    if (!ca) return pass_on(ca);
    return make_local_issuer(std::move(*ca), options, lab.clock, system_random());
}

// An issuer with its journal of serial numbers.
struct Ca {
    explicit Ca(const Lab& lab) : Ca(lab, options_of(lab)) {}
    Ca(const Lab& lab, const LocalIssuerOptions& options) {
        auto opened = Journal::open(lab.folder / "serials.db", true, lab.clock);
        REQUIRE(opened);
        journal = std::move(*opened);
        auto made = make_local_issuer(lab, options);
        REQUIRE(made);
        issuer = std::move(*made);
        issuer->keep_serials(journal->serials());
    }
    Issuer* operator->() const { return issuer.get(); }
    Issuer& operator*() const { return *issuer; }

    std::unique_ptr<Journal> journal;
    std::unique_ptr<Issuer> issuer;
};

Ca issuer_of(const Lab& lab) { return Ca(lab); }

std::string error_of(const Lab& lab, const LocalIssuerOptions& options) {
    auto issuer = make_local_issuer(lab, options);
    REQUIRE_FALSE(issuer);
    CHECK((issuer.error().code == ErrorCode::configuration ||
           issuer.error().code == ErrorCode::not_found));
    return issuer.error().text;
}

CertificateRequest request_for(EVP_PKEY* key, const test::CsrOptions& options) {
    auto csr = parse_csr(test::make_csr(key, options));
    REQUIRE(csr);
    return *csr;
}

CertificateContents contents() { return *test::yes_with("CN=alice,OU=Sales,O=Example").contents; }

Certificate issue(Issuer& issuer, const CertificateContents& what, const CertificateRequest& csr) {
    auto answer = issuer.issue({what, &csr, "tx"});
    REQUIRE(answer);
    INFO(answer->text);
    REQUIRE(answer->state == IssueState::issued);
    auto leaf = Certificate::from_der(answer->certificates.front().der());
    REQUIRE(leaf);
    CHECK(leaf->sha256() == answer->certificates.front().sha256());
    return *leaf;
}

bool verifies(const Certificate& leaf, const Certificate& ca, WallTime when) {
    const X509StorePtr store(::X509_STORE_new());
    ::X509_STORE_add_cert(store.get(), ca.handle());
    const X509StoreCtxPtr context(::X509_STORE_CTX_new());
    ::X509_STORE_CTX_init(context.get(), store.get(), leaf.handle(), nullptr);
    ::X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
    ::X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(to_unix_ms(when) / 1000));
    const bool good = ::X509_verify_cert(context.get()) == 1;
    INFO(::X509_verify_cert_error_string(::X509_STORE_CTX_get_error(context.get())));
    CHECK(good);
    return good;
}

bool is_critical(const Certificate& certificate, int nid) {
    const int place = ::X509_get_ext_by_NID(certificate.handle(), nid, -1);
    REQUIRE(place >= 0);
    return ::X509_EXTENSION_get_critical(::X509_get_ext(certificate.handle(), place)) == 1;
}

}  // namespace

TEST_CASE("a certificate says exactly what the verdict says") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto csr =
        request_for(test::rsa_key_number(3), {"CN=alice,OU=Sales,O=Example", "secret"});
    const Certificate leaf = issue(*issuer, contents(), csr);

    CHECK(leaf.subject_text() == "CN=alice,OU=Sales,O=Example");
    CHECK(leaf.issuer_text() == lab.ca.subject_text());
    CHECK(leaf.spki_sha256() == csr.spki_sha256);
    CHECK(leaf.matches(test::rsa_key_number(3)));
    CHECK(leaf.not_before() == lab.clock.now() - kBackdate);
    CHECK(leaf.not_after() == lab.clock.now() + std::chrono::days(30));
    CHECK(*leaf.subject_alt_names() ==
          std::vector<SubjectAltName>{{SubjectAltNameType::dns, "device.example"}});
    CHECK(::X509_get_key_usage(leaf.handle()) == (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT));
    CHECK(leaf.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
    CHECK(::X509_check_ca(leaf.handle()) == 0);
    CHECK(is_critical(leaf, NID_basic_constraints));
    CHECK(is_critical(leaf, NID_key_usage));
    CHECK_FALSE(is_critical(leaf, NID_ext_key_usage));
    CHECK_FALSE(is_critical(leaf, NID_subject_alt_name));
    CHECK(::ASN1_STRING_cmp(::X509_get0_authority_key_id(leaf.handle()),
                            ::X509_get0_subject_key_id(lab.ca.handle())) == 0);
    CHECK(::X509_get0_subject_key_id(leaf.handle()) != nullptr);
    // Six extensions and not one more: whatever else the request held has no way in.
    CHECK(::X509_get_ext_count(leaf.handle()) == 6);
    CHECK(::X509_get_version(leaf.handle()) == X509_VERSION_3);
    CHECK(::X509_get_signature_nid(leaf.handle()) == NID_sha256WithRSAEncryption);
    CHECK(verifies(leaf, lab.ca, lab.clock.now()));
}

TEST_CASE("every kind of key is taken over octet by octet") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    for (const char* curve : {"P-256", "P-384", "P-521"}) {
        const EvpPkeyPtr key = test::make_ec_key(curve);
        const auto csr = request_for(key.get(), {"CN=x", ""});
        const Certificate leaf = issue(*issuer, contents(), csr);
        CHECK(leaf.matches(key.get()));
        CHECK(leaf.spki_sha256() == csr.spki_sha256);
    }
    CertificateRequest broken = request_for(test::rsa_key_number(3), {"CN=x", ""});
    broken.spki.pop_back();
    auto answer = issuer->issue({contents(), &broken, "tx"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::internal);
}

TEST_CASE("nothing of the request but its key reaches the certificate") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    test::CsrOptions wishes;
    wishes.subject = "CN=administrator,O=Example";
    wishes.challenge = "secret";
    wishes.subject_alt_names = {{SubjectAltNameType::upn, "administrator@example.com"}};
    wishes.key_usage = "critical,digitalSignature,keyAgreement";
    wishes.extended_key_usage = "codeSigning";
    const auto csr = request_for(test::rsa_key_number(3), wishes);
    const Certificate leaf = issue(*issuer, contents(), csr);

    CHECK(leaf.subject_text() == "CN=alice,OU=Sales,O=Example");
    CHECK(*leaf.subject_alt_names() ==
          std::vector<SubjectAltName>{{SubjectAltNameType::dns, "device.example"}});
    CHECK(::X509_get_key_usage(leaf.handle()) == (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT));
    CHECK_FALSE(leaf.has_extended_key_usage("1.3.6.1.5.5.7.3.3"));
    CHECK(as_text(leaf.der()).find("administrator") == std::string_view::npos);
    CHECK(as_text(leaf.der()).find("secret") == std::string_view::npos);
}

TEST_CASE("the request's RDN order is kept when the names are the same") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto same = request_for(test::rsa_key_number(3), {"O=Example,CN=alice,OU=Sales", ""});
    CHECK(issue(*issuer, contents(), same).subject_text() == "O=Example,CN=alice,OU=Sales");
    const auto other = request_for(test::rsa_key_number(3), {"O=Example,CN=bob,OU=Sales", ""});
    CHECK(issue(*issuer, contents(), other).subject_text() == "CN=alice,OU=Sales,O=Example");
}

TEST_CASE("an empty subject makes the alternative names critical") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    CertificateContents what = contents();
    what.subject.clear();
    const Certificate leaf = issue(*issuer, what, csr);
    CHECK(leaf.subject_text().empty());
    CHECK(is_critical(leaf, NID_subject_alt_name));
    CHECK(verifies(leaf, lab.ca, lab.clock.now()));
}

TEST_CASE("a certificate does not outlive or precede its CA") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    CertificateContents what = contents();
    what.validity_days = 20000;
    CHECK(issue(*issuer, what, csr).not_after() == lab.ca.not_after());

    SECTION("an expired CA cannot be asked") {
        lab.clock.advance(std::chrono::days(1001));
        auto answer = issuer->issue({contents(), &csr, "tx"});
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::unavailable);
    }
}

TEST_CASE("what an end entity must not have is refused by name") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    struct Case {
        const char* name;
        std::function<void(CertificateContents&)> spoil;
        const char* text;
    };
    const std::vector<Case> cases{
        {"no validity", [](auto& what) { what.validity_days = 0; }, "validity"},
        {"CA's usage", [](auto& what) { what.key_usage = {KeyUsage::key_cert_sign}; },
         "keyCertSign"},
        {"CRL usage", [](auto& what) { what.key_usage = {KeyUsage::crl_sign}; }, "cRLSign"},
        {"EKU is no OID", [](auto& what) { what.extended_key_usage = {"clientAuth!"}; },
         "extendedKeyUsage"},
        {"subject is no DN", [](auto& what) { what.subject = "no name"; }, "subject"},
        {"SAN is no address",
         [](auto& what) {
             what.subject_alt_names = {{SubjectAltNameType::ip, "not an address"}};
         },
         "subjectAltName"},
        {"no name at all",
         [](auto& what) {
             what.subject.clear();
             what.subject_alt_names.clear();
         },
         "neither a subject"},
    };
    for (const Case& one : cases) {
        INFO(one.name);
        CertificateContents what = contents();
        one.spoil(what);
        auto answer = issuer->issue({what, &csr, "tx"});
        REQUIRE(answer);
        CHECK(answer->state == IssueState::refused);
        CHECK(answer->certificates.empty());
        CHECK(answer->text.find(one.text) != std::string::npos);
    }
}

TEST_CASE("serial numbers are positive, long and never the same") {
    Lab lab;
    const auto issuer = issuer_of(lab);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    std::set<std::string> serials;
    for (int i = 0; i < 50; ++i) {
        const Certificate leaf = issue(*issuer, contents(), csr);
        const ASN1_INTEGER* serial = ::X509_get0_serialNumber(leaf.handle());
        CHECK((::ASN1_STRING_type(serial) & V_ASN1_NEG) == 0);
        CHECK(::ASN1_STRING_length(serial) <= 20);
        serials.insert(leaf.serial());
    }
    CHECK(serials.size() == 50);
}

TEST_CASE("the configured hash signs, and a chain is sent without its root") {
    Lab lab;
    // lab.ca becomes the root above an EC sub-CA.
    const EvpPkeyPtr key = test::make_ec_key();
    const Certificate sub_ca = test::make_certificate(
        {"CN=Sub CA", key.get(), &lab.ca, lab.ca_key, lab.clock.now() - std::chrono::days(1),
         lab.clock.now() + std::chrono::days(900), "critical,keyCertSign", true});
    test::write_certificates(lab.folder / "ca.pem", {sub_ca, lab.ca});
    test::write_key(lab.folder / "ca.key", key.get());
    LocalIssuerOptions options = options_of(lab);
    options.hash = "SHA-384";
    const Ca issuer(lab, options);
    CHECK(issuer->name() == "Sub CA");
    CHECK(issuer->ca_chain().size() == 2);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    auto answer = issuer->issue({contents(), &csr, "tx"});
    REQUIRE(answer);
    REQUIRE(answer->certificates.size() == 2);
    CHECK(answer->certificates[1].der() == sub_ca.der());
    CHECK(answer->certificates[0].is_issued_by(sub_ca));
    CHECK(::X509_get_signature_nid(answer->certificates[0].handle()) == NID_ecdsa_with_SHA384);
}

TEST_CASE("a CA certificate renewed for its key counts at once; another CA's does not") {
    Lab lab;
    const Ca issuer(lab);
    const auto csr = request_for(test::rsa_key_number(3), {"CN=x", ""});
    const WallTime later = lab.clock.now() + std::chrono::days(9000);
    const auto ca_of = [&](const std::string& subject, EVP_PKEY* key) {
        return test::make_certificate({subject, key, nullptr, nullptr, lab.clock.now(), later,
                                       "critical,keyCertSign,cRLSign", true});
    };
    const Certificate renewed = ca_of(lab.ca.subject_text(), lab.ca_key);
    test::write_certificates(lab.folder / "ca.pem", {renewed});
    REQUIRE(issuer->reload(lab.clock.now()));
    CHECK(issuer->ca_chain().front().der() == renewed.der());
    CertificateContents wanted = contents();
    wanted.validity_days = 8999;
    auto answer = issuer->issue({wanted, &csr, "tx"});
    REQUIRE(answer);
    CHECK(answer->certificates.front().not_after() > lab.ca.not_after());
    CHECK(answer->certificates.front().is_issued_by(renewed));

    for (const Certificate& other : {ca_of(lab.ca.subject_text(), test::rsa_key_number(8)),
                                     ca_of("CN=Another CA", lab.ca_key)}) {
        test::write_certificates(lab.folder / "ca.pem", {other});
        const auto reloaded = issuer->reload(lab.clock.now());
        REQUIRE_FALSE(reloaded);
        CHECK(reloaded.error().text.find("another CA takes a restart") != std::string::npos);
        CHECK(issuer->ca_chain().front().der() == renewed.der());
    }
}

TEST_CASE("an unusable CA stops the start and is named") {
    Lab lab;
    const LocalIssuerOptions options = options_of(lab);
    const auto ca_with = [&](const char* usage, bool is_ca, int first_day, int last_day) {
        test::write_certificates(
            lab.folder / "ca.pem",
            {test::make_certificate({"CN=CA", lab.ca_key, nullptr, nullptr,
                                     lab.clock.now() + std::chrono::days(first_day),
                                     lab.clock.now() + std::chrono::days(last_day), usage,
                                     is_ca})});
    };
    SECTION("another key") {
        test::write_key(lab.folder / "ca.key", test::rsa_key_number(3));
        CHECK(error_of(lab, options).find("is not the key of") != std::string::npos);
    }
    SECTION("no key file") {
        std::filesystem::remove(lab.folder / "ca.key");
        CHECK(error_of(lab, options).find("ca.key") != std::string::npos);
    }
    SECTION("no certificate in the file") {
        test::write_text(lab.folder / "ca.pem", "nothing");
        CHECK(error_of(lab, options).find("ca.pem") != std::string::npos);
    }
    SECTION("not a CA") {
        ca_with("critical,keyCertSign", false, -1, 1);
        CHECK(error_of(lab, options).find("not a CA certificate") != std::string::npos);
    }
    SECTION("may not sign certificates") {
        ca_with("critical,cRLSign", true, -1, 1);
        CHECK(error_of(lab, options).find("keyCertSign") != std::string::npos);
    }
    SECTION("expired") {
        ca_with("critical,keyCertSign", true, -2, -1);
        CHECK(error_of(lab, options).find("expired at") != std::string::npos);
    }
    SECTION("not yet valid") {
        ca_with("critical,keyCertSign", true, 1, 2);
        CHECK(error_of(lab, options).find("valid only from") != std::string::npos);
    }
    SECTION("a chain with a gap") {
        test::write_certificates(lab.folder / "ca.pem", {lab.ca, lab.ra_signing});
        CHECK(error_of(lab, options).find("not issued by the one after it") != std::string::npos);
    }
    SECTION("a short key") {
        const EvpPkeyPtr key = test::make_rsa_key(1024);
        test::write_certificates(
            lab.folder / "ca.pem",
            {test::make_certificate({"CN=CA", key.get(), nullptr, nullptr, lab.clock.now(),
                                     lab.clock.now() + std::chrono::days(1), "keyCertSign",
                                     true})});
        test::write_key(lab.folder / "ca.key", key.get());
        CHECK(error_of(lab, options).find("2048") != std::string::npos);
    }
}
