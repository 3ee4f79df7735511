// What is read of a certificate, CRL or key file, and what is told of one that cannot be read.
#include "common/expiry/expiring.h"

#include <filesystem>

#include "common/expiry/module_client.h"
#include "common/file.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

namespace {

using namespace ndes;
using namespace ndes::test;
namespace fs = std::filesystem;

struct Setting {
    TemporaryFolder folder;
    TestCa ca{folder, "Own CA"};
    ExpiringList list;
};

}  // namespace

TEST_CASE("a certificate file gives its first or all of its certificates") {
    Setting setting;
    TestCa below(setting.folder, "Lower CA", setting.ca);
    const Identity leaf = below.issue({});  // with the CA that issued it
    add_certificates(setting.list, "server", leaf.certificate_file, Take::first);
    REQUIRE(setting.list.size() == 1);
    const Expiring& one = setting.list.front();
    CHECK(one.fault.empty());
    CHECK(one.subject == "CN=leaf");
    CHECK(one.issuer == "CN=Lower CA");
    REQUIRE(one.ends);
    CHECK(days_left(*one.ends, *one.ends - std::chrono::hours(25)) == 1);
    CHECK(days_left(*one.ends, *one.ends + std::chrono::hours(1)) == -1);
    add_certificates(setting.list, "chain", leaf.certificate_file, Take::all);
    CHECK(setting.list.size() == 3);
    add_certificates(setting.list, "none", {}, Take::all);
    CHECK(setting.list.size() == 3);
}

TEST_CASE("a file that is missing or wrong stays in the list, with its fault") {
    Setting setting;
    add_certificates(setting.list, "server", setting.folder.path() / "gone.pem", Take::all);
    write_text_file(setting.folder.path() / "wrong.crl", "not a list");
    add_crls(setting.list, "crl", setting.folder.path() / "wrong.crl");
    add_key(setting.list, "key", setting.folder.path() / "gone.key");
    REQUIRE(setting.list.size() == 3);
    for (const Expiring& one : setting.list) {
        CHECK_FALSE(one.fault.empty());
        CHECK_FALSE(one.ends);
    }
}

TEST_CASE("a CRL is read from PEM and from DER") {
    Setting setting;
    const fs::path pem = setting.ca.write_crl({}, 86'400);
    add_crls(setting.list, "crl", pem);
    REQUIRE(setting.list.size() == 1);
    CHECK(setting.list[0].kind == ExpiringKind::crl);
    CHECK(setting.list[0].subject == "CN=Own CA");
    REQUIRE(setting.list[0].ends);
    const auto left = *setting.list[0].ends - system_clock().now();
    CHECK(left > std::chrono::hours(23));
    CHECK(left <= std::chrono::hours(24));

    const BioPtr in(::BIO_new_file(pem.c_str(), "r"));
    const X509CrlPtr crl(::PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
    unsigned char* der = nullptr;
    const int size = ::i2d_X509_CRL(crl.get(), &der);
    write_text_file(setting.folder.path() / "der.crl",
                    std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size)));
    ::OPENSSL_free(der);
    add_crls(setting.list, "crl", setting.folder.path() / "der.crl");
    REQUIRE(setting.list.size() == 2);
    CHECK(setting.list[1].ends == setting.list[0].ends);
}

TEST_CASE("a key that others may read is told; its contents are never in the list") {
    Setting setting;
    const Identity leaf = setting.ca.issue({});
    add_key(setting.list, "server", leaf.key_file);
    CHECK(setting.list[0].fault.empty());
    fs::permissions(leaf.key_file, fs::perms::group_read, fs::perm_options::add);
    add_key(setting.list, "server", leaf.key_file);
    CHECK(setting.list[1].fault.find("others than its owner") != std::string::npos);
    add_key(setting.list, "server", KeySource({}, "pkcs11:token=lab"));
    CHECK(setting.list[2].subject == "pkcs11:token=lab");
    CHECK(setting.list[2].fault.empty());
}

TEST_CASE("the module's certificate is found by its settings, from files or a store") {
    Setting setting;
    LeafProfile profile;
    profile.extended_key_usage = "clientAuth";
    const Identity leaf = setting.ca.issue(profile);
    const fs::path config = setting.folder.path() / "module.toml";
    write_text_file(config, "[crp]\ncertificate_file = \"" + leaf.certificate_file.string() +
                                "\"\nkey_file = \"" + leaf.key_file.string() +
                                "\"\nserver_ca_file = \"" + setting.ca.certificate_file().string() +
                                "\"\n");
    auto client = find_module_client(config);
    REQUIRE(client);
    add_module_client(setting.list, *client, system_clock().now());
    REQUIRE(setting.list.size() == 3);
    CHECK(setting.list[0].use == "module-client");
    CHECK(setting.list[0].file == leaf.certificate_file);
    CHECK(setting.list[2].use == "module-server-ca");

    const fs::path store = setting.folder.path() / "store";
    fs::create_directory(store);
    write_text_file(config, "[crp]\ncertificate_store = \"store\"\n");
    client = find_module_client(config);
    REQUIRE(client);
    setting.list.clear();
    add_module_client(setting.list, *client, system_clock().now());
    REQUIRE(setting.list.size() == 1);
    CHECK_FALSE(setting.list[0].fault.empty());
    fs::copy_file(leaf.certificate_file, store / "one.pem");
    fs::copy_file(leaf.key_file, store / "one.key");
    setting.list.clear();
    add_module_client(setting.list, *client, system_clock().now());
    CHECK(setting.list[0].file == store / "one.pem");
}

TEST_CASE("settings of another module name no client certificate") {
    Setting setting;
    write_text_file(setting.folder.path() / "other.toml", "colour = \"blue\"\n");
    write_text_file(setting.folder.path() / "other.ini", "key = not toml\n");
    CHECK_FALSE(find_module_client(setting.folder.path() / "other.toml"));
    CHECK_FALSE(find_module_client(setting.folder.path() / "other.ini"));
    CHECK_FALSE(find_module_client({}));
}
