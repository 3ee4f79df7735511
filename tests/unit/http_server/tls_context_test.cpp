// TLS contexts held against OpenSSL clients and servers, through memory, without a network.
#include "common/tls/tls_context.h"

#include "tests/catch.h"
#include "tests/unit/http_server/test_server.h"

namespace ndes::test {
namespace {

using SslPtr = std::unique_ptr<SSL, OpensslFree<::SSL_free>>;

// One handshake between two contexts; `client` and `server` stay for questions.
struct Handshake {
    Handshake(SSL_CTX* client_context, SSL_CTX* server_context)
        : client(::SSL_new(client_context)), server(::SSL_new(server_context)) {
        BIO* client_end = nullptr;
        BIO* server_end = nullptr;
        ::BIO_new_bio_pair(&client_end, 64 * 1024, &server_end, 64 * 1024);
        ::SSL_set_bio(client.get(), client_end, client_end);
        ::SSL_set_bio(server.get(), server_end, server_end);
        ::SSL_set_connect_state(client.get());
        ::SSL_set_accept_state(server.get());
    }
    bool run() {
        for (int round = 0; round < 10; ++round) {
            ::SSL_do_handshake(client.get());
            ::SSL_do_handshake(server.get());
        }
        UNSCOPED_INFO(take_openssl_errors());
        return ::SSL_is_init_finished(client.get()) == 1 &&
               ::SSL_is_init_finished(server.get()) == 1;
    }
    SslPtr client;
    SslPtr server;
};

using ContextPtr = std::unique_ptr<SSL_CTX, OpensslFree<::SSL_CTX_free>>;

ContextPtr lax_client() {
    ContextPtr context(::SSL_CTX_new(::TLS_client_method()));
    ::SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    return context;
}

TlsServerFiles server_files() {
    auto& pki = tls_fixture();
    return {pki.server.certificate_file, pki.server.key_file, pki.ca.certificate_file(), "", true};
}

// What a server with `files` says of a client that presents `identity`: "" if it is verified.
std::string verdict_on(const TlsServerFiles& files, const Identity& identity) {
    const auto server = build_server_context(files);
    REQUIRE(server);
    Handshake handshake(client_context_of(identity).get(), server->get());
    REQUIRE(handshake.run());
    REQUIRE(::SSL_get0_peer_certificate(handshake.server.get()) != nullptr);
    const long verdict = ::SSL_get_verify_result(handshake.server.get());
    return verdict == X509_V_OK ? "" : ::X509_verify_cert_error_string(verdict);
}

LeafProfile client_profile(const std::string& usage = "clientAuth") {
    LeafProfile profile;
    profile.common_name = "client";
    profile.extended_key_usage = usage;
    return profile;
}

}  // namespace

TEST_CASE("protocol versions") {
    auto files = server_files();
    const auto both = build_server_context(files);
    files.allow_tls12 = false;
    const auto newest = build_server_context(files);
    REQUIRE(both);
    REQUIRE(newest);
    const auto handshake = [](int version, SSL_CTX* server) {
        const auto client = lax_client();
        SSL_CTX_set_max_proto_version(client.get(), version);
        return Handshake(client.get(), server).run();
    };
    CHECK(handshake(TLS1_3_VERSION, both->get()));
    CHECK(handshake(TLS1_2_VERSION, both->get()));
    CHECK_FALSE(handshake(TLS1_1_VERSION, both->get()));
    CHECK_FALSE(handshake(TLS1_VERSION, both->get()));
    CHECK(handshake(TLS1_3_VERSION, newest->get()));
    CHECK_FALSE(handshake(TLS1_2_VERSION, newest->get()));
}

TEST_CASE("TLS 1.2 ciphers are ECDHE with an AEAD") {
    const auto server = build_server_context(server_files());
    REQUIRE(server);
    const auto handshake = [&](const char* ciphers) {
        const auto client = lax_client();
        SSL_CTX_set_max_proto_version(client.get(), TLS1_2_VERSION);
        REQUIRE(::SSL_CTX_set_cipher_list(client.get(), ciphers) == 1);
        return Handshake(client.get(), server->get()).run();
    };
    CHECK(handshake("ECDHE-ECDSA-AES128-GCM-SHA256"));
    CHECK(handshake("ECDHE-ECDSA-CHACHA20-POLY1305"));
    CHECK_FALSE(handshake("ECDHE-ECDSA-AES128-SHA256"));
    CHECK_FALSE(handshake("ECDHE-ECDSA-AES256-CCM"));
}

TEST_CASE("no session is resumed and no ticket given") {
    const auto server = build_server_context(server_files());
    REQUIRE(server);
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    const auto client = lax_client();
    SSL_CTX_set_max_proto_version(client.get(), version);
    Handshake first(client.get(), server->get());
    REQUIRE(first.run());
    SSL_SESSION* const session = ::SSL_get1_session(first.client.get());
    CHECK(::SSL_SESSION_has_ticket(session) == 0);
    Handshake second(client.get(), server->get());
    ::SSL_set_session(second.client.get(), session);
    ::SSL_SESSION_free(session);
    REQUIRE(second.run());
    CHECK(::SSL_session_reused(second.server.get()) == 0);
}

TEST_CASE("TLS 1.2 renegotiation is refused") {
    const auto server = build_server_context(server_files());
    REQUIRE(server);
    const auto client = lax_client();
    SSL_CTX_set_max_proto_version(client.get(), TLS1_2_VERSION);
    Handshake handshake(client.get(), server->get());
    REQUIRE(handshake.run());
    REQUIRE(::SSL_renegotiate(handshake.client.get()) == 1);
    ::SSL_do_handshake(handshake.client.get());
    char octet = 0;
    ::SSL_read(handshake.server.get(), &octet, 1);
    CHECK(::SSL_do_handshake(handshake.client.get()) != 1);
    take_openssl_errors();
}

TEST_CASE("a client certificate counts only if everything about it is right") {
    auto& pki = tls_fixture();
    TestCa other(pki.folder, "Other CA");
    TestCa same_name(pki.folder, "Test CA");
    LeafProfile expired = client_profile();
    expired.not_after_s = -60;
    LeafProfile future = client_profile();
    future.not_before_s = 3600;
    const auto files = server_files();
    CHECK(verdict_on(files, pki.ca.issue(client_profile())) == "");
    CHECK(verdict_on(files, pki.ca.issue(client_profile("serverAuth,clientAuth"))) == "");
    CHECK(verdict_on(files, pki.ca.issue(expired)) == "certificate has expired");
    CHECK(verdict_on(files, pki.ca.issue(future)) == "certificate is not yet valid");
    const std::string purpose = "unsuitable certificate purpose";
    CHECK(verdict_on(files, pki.ca.issue(client_profile("serverAuth"))) == purpose);
    CHECK(verdict_on(files, pki.ca.issue(client_profile(""))) == purpose);
    CHECK(verdict_on(files, pki.ca.issue(client_profile("anyExtendedKeyUsage"))) == purpose);
    CHECK(verdict_on(files, other.issue(client_profile())) ==
          "unable to get local issuer certificate");
    CHECK(verdict_on(files, same_name.issue(client_profile())) != "");
}

TEST_CASE("a client on curve P-384 is verified with TLS 1.2 too") {
    auto& pki = tls_fixture();
    LeafProfile profile = client_profile();
    profile.key = KeyKind::ec_p384;
    const auto identity = pki.ca.issue(profile);
    const auto client = client_context_of(identity);
    SSL_CTX_set_max_proto_version(client.get(), TLS1_2_VERSION);
    Handshake handshake(client.get(), pki.server_context.get());
    REQUIRE(handshake.run());
    CHECK(::SSL_get_verify_result(handshake.server.get()) == X509_V_OK);
}

TEST_CASE("a trust list may name just the issuing CA") {
    auto& pki = tls_fixture();
    TestCa root(pki.folder, "Root");
    TestCa issuing(pki.folder, "Issuing", root);
    TestCa sibling(pki.folder, "Sibling", root);
    auto files = server_files();
    files.client_ca = issuing.certificate_file();
    CHECK(verdict_on(files, issuing.issue(client_profile())) == "");
    CHECK(verdict_on(files, sibling.issue(client_profile())) != "");
    files.client_ca = root.certificate_file();
    CHECK(verdict_on(files, issuing.issue(client_profile())) == "");
}

TEST_CASE("revocation") {
    auto& pki = tls_fixture();
    const auto good = pki.ca.issue(client_profile());
    const auto bad = pki.ca.issue(client_profile());
    auto files = server_files();
    SECTION("current list") {
        files.client_crl = pki.ca.write_crl({bad.certificate.get()});
        CHECK(verdict_on(files, good) == "");
        CHECK(verdict_on(files, bad) == "certificate revoked");
    }
    SECTION("an expired list fails closed") {
        files.client_crl = pki.ca.write_crl({bad.certificate.get()}, -60);
        CHECK(verdict_on(files, good) == "CRL has expired");
    }
    SECTION("another CA's list fails closed") {
        TestCa other(pki.folder, "Other CA");
        files.client_crl = other.write_crl({});
        CHECK(verdict_on(files, good) == "unable to get certificate CRL");
    }
    SECTION("a list signed by someone else of that name fails closed") {
        TestCa same_name(pki.folder, "Test CA");
        files.client_crl = same_name.write_crl({});
        CHECK(verdict_on(files, good) != "");
    }
}

TEST_CASE("without a client CA no certificate is asked for") {
    auto files = server_files();
    files.client_ca.clear();
    const auto server = build_server_context(files);
    REQUIRE(server);
    Handshake handshake(tls_fixture().client_context.get(), server->get());
    REQUIRE(handshake.run());
    CHECK(::SSL_get0_peer_certificate(handshake.server.get()) == nullptr);
}

TEST_CASE("a client context trusts its own list alone") {
    auto& pki = tls_fixture();
    TestCa rogue(pki.folder, "Rogue CA");
    // Even if the environment makes the rogue CA one of the system's.
    ::setenv("SSL_CERT_FILE", rogue.certificate_file().c_str(), 1);
    LeafProfile profile;
    profile.extended_key_usage = "serverAuth";
    const auto fake = rogue.issue(profile);
    const auto server = build_server_context({fake.certificate_file, fake.key_file, "", "", true});
    const auto client = build_client_context({"", "", pki.ca.certificate_file()});
    ::unsetenv("SSL_CERT_FILE");
    REQUIRE(server);
    REQUIRE(client);
    CHECK_FALSE(Handshake(client->get(), server->get()).run());
    CHECK(Handshake(client->get(), pki.server_context.get()).run());
}

TEST_CASE("a client context speaks TLS 1.2 or newer") {
    auto& pki = tls_fixture();
    ContextPtr server(::SSL_CTX_new(::TLS_server_method()));
    ::SSL_CTX_set_security_level(server.get(), 0);
    SSL_CTX_set_min_proto_version(server.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server.get(), TLS1_1_VERSION);
    ::SSL_CTX_use_certificate(server.get(), pki.server.certificate.get());
    ::SSL_CTX_use_PrivateKey(server.get(), pki.server.key.get());
    CHECK_FALSE(Handshake(pki.anonymous_context.get(), server.get()).run());
    SSL_CTX_set_max_proto_version(server.get(), TLS1_2_VERSION);
    CHECK(Handshake(pki.anonymous_context.get(), server.get()).run());
}

TEST_CASE("faults in the files are named") {
    auto& pki = tls_fixture();
    const auto broken = pki.folder.path() / "broken.pem";
    write_text_file(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const auto crl = pki.ca.write_crl({});
    const auto fault_of = [](const TlsServerFiles& files) {
        const auto context = build_server_context(files);
        REQUIRE_FALSE(context);
        return context.error().text;
    };
    const auto has = [](const std::string& text, const std::filesystem::path& path) {
        return text.find(path.string()) != std::string::npos;
    };
    auto files = server_files();
    SECTION("no certificate file") {
        files.certificate = pki.folder.path() / "absent.pem";
        CHECK(has(fault_of(files), files.certificate));
    }
    SECTION("broken certificate") {
        files.certificate = broken;
        CHECK(has(fault_of(files), broken));
    }
    SECTION("no key file") {
        files.key = pki.folder.path() / "absent.key";
        CHECK(has(fault_of(files), files.key));
    }
    SECTION("key of another certificate") {
        files.key = pki.client.key_file;
        CHECK(has(fault_of(files), files.key));
        CHECK(has(fault_of(files), files.certificate));
    }
    SECTION("broken trust list") {
        files.client_ca = broken;
        CHECK(has(fault_of(files), broken));
    }
    SECTION("CRL file without a CRL") {
        files.client_crl = pki.ca.certificate_file();
        CHECK(has(fault_of(files), files.client_crl));
    }
    SECTION("CRL without a trust list") {
        files.client_ca.clear();
        files.client_crl = crl;
        CHECK(has(fault_of(files), crl));
    }
    SECTION("certificate too weak for the security level") {
        LeafProfile profile;
        EvpPkeyPtr weak(EVP_RSA_gen(1024U));
        const auto certificate = pki.ca.certify(weak.get(), profile);
        files.certificate = pki.folder.path() / "weak.pem";
        files.key = pki.folder.path() / "weak.key";
        write_text_file(files.certificate, to_pem(certificate.get()));
        write_key_file(files.key, weak.get());
        CHECK(has(fault_of(files), files.certificate));
    }
    SECTION("client without a trust list") {
        CHECK(build_client_context({"", "", ""}).error().code != ErrorCode::internal);
    }
    SECTION("client with a certificate and no key") {
        CHECK_FALSE(
            build_client_context({pki.client.certificate_file, "", pki.ca.certificate_file()}));
    }
}

}  // namespace ndes::test
