// Who is a caller: every kind of client certificate against the real crpd over real TLS, each with
// its reason in the answer, the log and the audit; and what changes while connections are open.
#include <algorithm>

#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

LeafProfile client(const std::string& usage = "clientAuth") {
    LeafProfile profile;
    profile.extended_key_usage = usage;
    return profile;
}

Identity with_key_of(TestCa& ca, TestCa& other, const LeafProfile& profile) {
    Identity identity = ca.issue(profile);
    identity.certificate = other.certify(identity.key.get(), profile);
    write_text_file(identity.certificate_file, to_pem(identity.certificate.get()));
    return identity;
}

struct Case {
    std::string caller;
    std::string reason;  // "" for a caller that is served
};

// The reasons that the audit has for each pin.
bool audit_names(CrpdLab& lab, const std::string& reason) {
    const Json items = lab.call("admin", "GET", "/api/v1/audit?limit=1000").json["items"];
    return std::any_of(items.begin(), items.end(), [&](const Json& record) {
        return record["event"] == "call-rejected" && record["reason"] == reason;
    });
}

}  // namespace

TEST_CASE("each kind of client certificate is served or refused by its exact reason") {
    CrpdLab lab;
    LeafProfile future = client();
    future.not_before_s = 3600;
    LeafProfile named = client();
    named.subject_alt_name = "DNS:ndes01.example.org";
    lab.set_identity("next", lab.ca().issue(client()));
    lab.set_identity("future", lab.ca().issue(future));
    lab.set_identity("self-signed",
                     {X509Ptr(::X509_dup(lab.foreign_ca().certificate())), nullptr,
                      lab.foreign_ca().certificate_file(), lab.foreign_ca().key_file()});
    lab.set_identity("server-auth", lab.ca().issue(client("serverAuth")));
    lab.set_identity("any-usage", lab.ca().issue(client("anyExtendedKeyUsage")));
    lab.set_identity("no-usage", lab.ca().issue(client("")));
    lab.set_identity("pinned-foreign", with_key_of(lab.ca(), lab.foreign_ca(), client()));
    lab.set_identity("named", lab.ca().issue(named));
    lab.set_identity("misnamed", lab.ca().issue(client()));
    lab.set_identity("named-foreign", lab.foreign_ca().issue(named));
    lab.set_identity("early", lab.ca().issue(client()));
    // The CRL names the certificate of "revoked" alone.
    {
        Identity revoked = lab.ca().issue(client());
        const std::string crl = lab.ca().write_crl({revoked.certificate.get()}).string();
        lab.set_identity("revoked", std::move(revoked));
        lab.more_server = "client_crl_file = \"" + crl + "\"\n";
    }
    const auto pins = [&](const std::string& one, const std::string& other) {
        return "spki_sha256 = [\"" + lab.pin_of(one) + "\", \"" + lab.pin_of(other) + "\"]\n";
    };
    lab.more_callers =
        "[[caller]]\nname = \"two-pins\"\nroles = [\"mdm\"]\n" + pins("next", "revoked") +
        "[[caller]]\nname = \"foreign\"\nroles = [\"mdm\"]\n" + pins("pinned-foreign", "future") +
        "[[caller]]\nname = \"by-name\"\nroles = [\"mdm\"]\nissuer = \"CN=Lab CA\"\n"
        "san = \"dns:ndes01.example.org\"\n"
        "[[caller]]\nname = \"early\"\nroles = [\"mdm\"]\nvalid_from = \"2990-01-01T00:00:00Z\"\n"
        "spki_sha256 = [\"" +
        lab.pin_of("early") + "\"]\n";
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());

    const Case cases[] = {{"mdm", ""},
                          {"next", ""},
                          {"named", ""},
                          {"", "ClientCertificateMissing"},
                          {"expired", "ClientCertificateExpired"},
                          {"future", "ClientCertificateNotYetValid"},
                          {"untrusted", "ClientCertificateUntrusted"},
                          {"pinned-foreign", "ClientCertificateUntrusted"},
                          {"named-foreign", "ClientCertificateUntrusted"},
                          {"self-signed", "ClientCertificateSelfSigned"},
                          {"server-auth", "ClientCertificateUsage"},
                          {"any-usage", "ClientCertificateUsage"},
                          {"no-usage", "ClientCertificateUsage"},
                          {"revoked", "ClientCertificateRevoked"},
                          {"stranger", "CallerUnknown"},
                          {"misnamed", "CallerUnknown"},
                          {"early", "CallerNotInForce"}};
    for (const Case& one : cases) {
        INFO(one.caller);
        const Answer answer = lab.call(one.caller, "GET", "/api/v1/users");
        CHECK(answer.reason() == one.reason);
        CHECK(answer.status == (one.reason.empty() ? 200 : 403));
        if (one.reason.empty()) continue;
        CHECK(lab.wait_for_log(one.reason));
        CHECK(audit_names(lab, one.reason));
    }
}

TEST_CASE("a revocation counts at the next request of an open connection; a CRL out of date, too") {
    CrpdLab lab;
    const auto put_crl = [&](const std::vector<const X509*>& revoked, long next_update_s) {
        std::filesystem::rename(lab.ca().write_crl(revoked, next_update_s), lab.path("live.crl"));
    };
    Identity victim = lab.ca().issue(client());
    const X509Ptr certificate(::X509_dup(victim.certificate.get()));
    lab.set_identity("mdm", std::move(victim));
    put_crl({}, 86'400);
    lab.more_server = "client_crl_file = \"live.crl\"\n";
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());
    const auto open = lab.connect("mdm");
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").status == 200);

    std::size_t reloads = lab.count_in_output("Configuration reloaded");
    put_crl({certificate.get()}, 86'400);  // no signal: the file alone
    REQUIRE(lab.wait_for_output("Configuration reloaded", reloads));
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").reason() == "ClientCertificateRevoked");

    reloads = lab.count_in_output("Configuration reloaded");
    put_crl({}, -60);
    REQUIRE(lab.wait_for_output("Configuration reloaded", reloads));
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").reason() == "ClientCrlExpired");
    CHECK(lab.call("mdm", "GET", "/api/v1/users").reason() == "ClientCrlExpired");

    reloads = lab.count_in_output("Configuration reloaded");
    put_crl({}, 86'400);
    REQUIRE(lab.wait_for_output("Configuration reloaded", reloads));
    CHECK(CrpdLab::ask(*open, "GET", "/api/v1/users").status == 200);
}
