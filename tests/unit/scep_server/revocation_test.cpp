// The books of the local CA: serial numbers before they are signed, revocation and CRLs.
#include "scep-server/enroll/revocation_desk.h"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include "common/crypto/digest.h"
#include "scep-server/issuer/local_issuer.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/admin_bench.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

constexpr std::chrono::hours kLifetime{48};

struct Setting {
    explicit Setting(bool makes_crls = true) {
        lab.profile().issuer.crl_file = lab.folder / "ca.crl";
        start();
        if (makes_crls) REQUIRE(open());
    }
    void start() {
        bench.reset();
        bench = std::make_unique<EnrollBench>(lab, policy);
    }
    Result<void> open() {
        return bench->revocation.start(
            {{"", &bench->issuer, lab.profile().issuer.crl_file, kLifetime}});
    }
    test::Reply ask(const Device& device) {
        return device.read(bench->enrollment.answer(device.request(lab), "192.0.2.7").message);
    }
    Certificate enrol(const Device& device) {
        const auto reply = ask(device);
        REQUIRE(reply.pki_status == "0");
        return reply.certificates.front();
    }
    CrlContents crl() {
        auto der = bench->issuer.crl();
        REQUIRE(der);
        auto contents = read_crl(*der);
        REQUIRE(contents);
        return *contents;
    }
    // A CRL of this CA that the journal knows nothing of.
    void put_crl(std::int64_t number, const std::vector<CrlEntry>& entries) {
        const WallTime now = lab.clock.now();
        auto der = bench->issuer.sign_crl({number, now, now + kLifetime, entries});
        REQUIRE(der);
        test::write_text(lab.profile().issuer.crl_file, *crl_pem(*der));
    }
    RevocationOutcome revoke(const std::string& serial, RevocationReason reason) {
        auto outcome = bench->revocation.revoke(serial, reason, "olga");
        REQUIRE(outcome);
        return *outcome;
    }
    SerialEntry entry(const std::string& serial) {
        auto found = bench->journal.serials().find(lab.ca.spki_sha256(), serial);
        REQUIRE(found);
        REQUIRE(*found);
        return **found;
    }
    // openssl's own opinion; the lab's clock is not the machine's.
    int openssl(const std::string& arguments) {
        return std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str());
    }
    std::string path(const char* name) const { return (lab.folder / name).string(); }

    Lab lab;
    FakePolicy policy;
    std::unique_ptr<EnrollBench> bench;
};

SerialEntry intended(const std::string& ca, const std::string& serial) {
    SerialEntry entry;
    entry.ca = ca;
    entry.serial = serial;
    entry.transaction_id = "tx-" + serial;
    entry.csr_sha256 = sha256_hex(as_bytes(serial));
    entry.subject = "CN=" + serial;
    entry.intended_at = from_unix_ms(1);
    return entry;
}

}  // namespace

TEST_CASE("an issued certificate is in the books with its request and its hash") {
    Setting setting;
    Device device(4);
    const Certificate leaf = setting.enrol(device);
    const SerialEntry entry = setting.entry(leaf.serial());
    CHECK(entry.state == SerialState::issued);
    CHECK(entry.certificate_sha256 == leaf.sha256());
    CHECK(entry.transaction_id == device.message.transaction_id);
    CHECK(entry.csr_sha256.size() == 64);
    CHECK(entry.intended_at == setting.lab.clock.now());
    CHECK(entry.not_after == leaf.not_after());
}

TEST_CASE("a certificate that was signed and not recorded is told at the next start") {
    Setting setting;
    Device device(4);
    setting.bench->journal.writes_fail = true;
    setting.bench->enrollment.answer(device.request(setting.lab), "192.0.2.7");
    setting.start();
    REQUIRE(setting.open());
    const auto list = setting.bench->revocation.list(0, 10);
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    CHECK(list->front().state == SerialState::signed_only);
    CHECK(setting.bench->log.text().find("a certificate was signed that nobody was given") !=
          std::string::npos);
    CHECK(setting.bench->log.text().find(list->front().serial) != std::string::npos);
    // Revoked, it is settled.
    setting.revoke(list->front().serial, RevocationReason::superseded);
    setting.start();
    REQUIRE(setting.open());
    CHECK(setting.bench->log.text().find("nobody was given") == std::string::npos);
}

TEST_CASE("a CA without a CRL of ours tells of its unsettled serial numbers as well") {
    Setting setting;
    const std::string ca = setting.lab.ca.spki_sha256();
    REQUIRE(setting.bench->journal.serials().enter(intended(ca, "0badcafe")));
    setting.start();
    const Issuer* const issuer = &setting.bench->issuer;
    // Two profiles of one CA: told once.
    REQUIRE(setting.bench->revocation.start({{"", issuer, {}, {}}, {"routers", issuer, {}, {}}}));
    const std::string log = setting.bench->log.text();
    const auto told = log.find("a certificate may have been signed that nobody was given");
    REQUIRE(told != std::string::npos);
    CHECK(log.find("nobody was given", told + 60) == std::string::npos);
    CHECK(log.find("set issuer.crl_lifetime; crpctl ca revoke 0badcafe") != std::string::npos);
    CHECK(setting.bench->revocation.revoke("0badcafe", RevocationReason::superseded, "olga")
              .error()
              .code == ErrorCode::conflict);
}

TEST_CASE("a kill between intended and signed leaves the serial in the books, never used again") {
    Setting setting;
    const std::string ca = setting.lab.ca.spki_sha256();
    setting.bench.reset();
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto journal = Journal::open(setting.lab.config.journal.path, true, setting.lab.clock);
        if (!journal || !(*journal)->serials().enter(intended(ca, "7f01"))) ::_exit(1);
        if (::write(ends[1], "x", 1) != 1) ::_exit(2);
        while (true)
            ::pause();  // where the key would sign
    }
    ::close(ends[1]);
    char told = 0;
    REQUIRE(::read(ends[0], &told, 1) == 1);
    ::close(ends[0]);
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);

    setting.start();
    REQUIRE(setting.open());
    CHECK(setting.entry("7f01").state == SerialState::intended);
    CHECK(setting.bench->log.text().find("may have been signed") != std::string::npos);
    auto again = setting.bench->journal.serials().enter(intended(ca, "7f01"));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);
    // It may have been signed, so it can be revoked.
    setting.revoke("7f01", RevocationReason::key_compromise);
    REQUIRE(setting.crl().entries.size() == 1);
    CHECK(setting.crl().entries.front().serial == "7f01");
}

TEST_CASE("a revocation makes a CRL that openssl verifies and takes the certificate by") {
    Setting setting;
    const CrlContents before = setting.crl();
    CHECK(before.entries.empty());
    const Certificate leaf = setting.enrol(Device(4));
    const Certificate other = setting.enrol(Device(5));
    const auto outcome = setting.revoke(leaf.serial(), RevocationReason::key_compromise);
    const CrlContents now = setting.crl();
    REQUIRE(outcome.crl_number);
    CHECK(*outcome.crl_number == now.number);
    CHECK(now.number == before.number + 1);
    CHECK(now.this_update == setting.lab.clock.now());
    CHECK(now.next_update == setting.lab.clock.now() + kLifetime);
    REQUIRE(now.entries.size() == 1);
    CHECK(now.entries.front().serial == leaf.serial());
    CHECK(now.entries.front().reason == RevocationReason::key_compromise);

    const std::string crl = setting.path("ca.crl");
    CHECK(setting.openssl("crl -in " + crl + " -noout -verify -CAfile " + setting.path("ca.pem")) ==
          0);
    test::write_certificates(setting.lab.folder / "leaf.pem", {leaf});
    test::write_certificates(setting.lab.folder / "other.pem", {other});
    const std::string verify =
        "verify -attime " + std::to_string(to_unix_ms(setting.lab.clock.now()) / 1000) +
        " -crl_check -CRLfile " + crl + " -CAfile " + setting.path("ca.pem") + " ";
    CHECK(setting.openssl(verify + setting.path("other.pem")) == 0);
    CHECK(setting.openssl(verify + setting.path("leaf.pem")) != 0);

    // GetCRL has it too.
    Device device(5);
    device.sign_with(other, device.key);
    device.message.message_type = "22";
    const auto answer = setting.bench->enrollment.answer(
        device.wrap(setting.lab, test::make_issuer_and_serial(other)), "192.0.2.7");
    const auto in_force = setting.bench->issuer.crl();
    REQUIRE(in_force);
    CHECK(test::read_crl_reply(answer.message, device.key, device.signer) == *in_force);

    auto twice = setting.bench->revocation.revoke(leaf.serial(), RevocationReason::superseded, "o");
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == ErrorCode::conflict);
    auto unknown = setting.bench->revocation.revoke("abcdef", RevocationReason::superseded, "o");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == ErrorCode::not_found);
}

TEST_CASE("a hold can be taken back, and nothing else") {
    Setting setting;
    const std::string serial = setting.enrol(Device(4)).serial();
    CHECK_FALSE(setting.bench->revocation.release(serial, "olga"));
    setting.revoke(serial, RevocationReason::certificate_hold);
    CHECK(setting.crl().entries.size() == 1);
    REQUIRE(setting.bench->revocation.release(serial, "olga"));
    CHECK(setting.crl().entries.empty());
    setting.revoke(serial, RevocationReason::certificate_hold);
    setting.revoke(serial, RevocationReason::key_compromise);
    CHECK_FALSE(setting.bench->revocation.release(serial, "olga"));
    CHECK(setting.crl().entries.front().reason == RevocationReason::key_compromise);
}

TEST_CASE("CRLs are made in time, and their numbers only grow") {
    Setting setting;
    const std::int64_t first = setting.crl().number;
    setting.bench->revocation.tend();
    CHECK(setting.crl().number == first);
    setting.lab.clock.advance(kLifetime / 2);
    setting.bench->revocation.tend();
    CHECK(setting.crl().number == first + 1);
    CHECK(setting.crl().next_update == setting.lab.clock.now() + kLifetime);

    // The journal is lost: the file's number and revocations are taken over.
    const std::string serial = setting.enrol(Device(4)).serial();
    setting.revoke(serial, RevocationReason::superseded);
    const std::int64_t last = setting.crl().number;
    setting.bench.reset();
    for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::remove(setting.lab.config.journal.path.string() + suffix);
    setting.start();
    REQUIRE(setting.open());
    CHECK(setting.crl().number == last + 1);
    REQUIRE(setting.crl().entries.size() == 1);
    CHECK(setting.crl().entries.front().serial == serial);
    CHECK(setting.crl().entries.front().reason == RevocationReason::superseded);
    CHECK(setting.entry(serial).state == SerialState::foreign);

    SECTION("a file that is no CRL of this CA is not replaced") {
        std::ofstream(setting.lab.profile().issuer.crl_file) << "no CRL";
        auto opened = setting.open();
        REQUIRE_FALSE(opened);
        CHECK(opened.error().text.find("ca.crl") != std::string::npos);
    }
}

TEST_CASE("somebody else's CRL also counts for certificates that the journal knows as issued") {
    Setting setting(false);
    const std::string stolen = setting.enrol(Device(4)).serial();
    const std::string held = setting.enrol(Device(5)).serial();
    const WallTime when = setting.lab.clock.now() - std::chrono::hours(9);
    setting.put_crl(1, {{stolen, when, RevocationReason::key_compromise},
                        {held, when, RevocationReason::certificate_hold}});
    REQUIRE(setting.open());
    const CrlContents crl = setting.crl();
    CHECK(crl.number == 2);
    REQUIRE(crl.entries.size() == 2);
    const std::size_t at = crl.entries[0].serial == stolen ? 0 : 1;  // a CRL sorts them
    CHECK(crl.entries[at].serial == stolen);
    CHECK(crl.entries[at].reason == RevocationReason::key_compromise);
    CHECK(crl.entries[at].revoked_at == when);
    CHECK(crl.entries[1 - at].serial == held);
    CHECK(setting.entry(stolen).state == SerialState::issued);
    REQUIRE(setting.bench->revocation.release(held, "olga"));
    CHECK(setting.crl().entries.size() == 1);
}

TEST_CASE("a journal older than the CRL takes the CRL's word") {
    Setting setting;
    const std::string lost = setting.enrol(Device(4)).serial();
    const std::string held = setting.enrol(Device(5)).serial();
    setting.revoke(held, RevocationReason::certificate_hold);
    const WallTime when = setting.lab.clock.now();
    setting.put_crl(setting.crl().number + 1, {{lost, when, RevocationReason::certificate_hold},
                                               {held, when, RevocationReason::key_compromise}});
    setting.start();
    REQUIRE(setting.open());
    CHECK(setting.crl().entries.size() == 2);
    CHECK(setting.entry(lost).revocation->reason == RevocationReason::certificate_hold);
    CHECK(setting.entry(held).revocation->reason == RevocationReason::key_compromise);
}

TEST_CASE("a hold that was taken back stays so when no CRL could say it before the end") {
    Setting setting;
    const std::string serial = setting.enrol(Device(4)).serial();
    setting.revoke(serial, RevocationReason::certificate_hold);
    const auto file = setting.lab.profile().issuer.crl_file;
    std::filesystem::rename(file, setting.lab.folder / "aside");
    std::filesystem::create_directory(file);
    REQUIRE(setting.bench->revocation.release(serial, "olga"));
    std::filesystem::remove(file);
    std::filesystem::rename(setting.lab.folder / "aside", file);
    CHECK(setting.crl().entries.size() == 1);
    setting.start();
    REQUIRE(setting.open());
    CHECK(setting.crl().entries.empty());
}

TEST_CASE("a CRL that cannot be written is told, and made at the next look") {
    Setting setting;
    const std::string serial = setting.enrol(Device(4)).serial();
    const auto file = setting.lab.profile().issuer.crl_file;
    std::filesystem::rename(file, setting.lab.folder / "aside");
    std::filesystem::create_directory(file);
    const auto outcome = setting.revoke(serial, RevocationReason::superseded);
    CHECK_FALSE(outcome.crl_number);
    CHECK(setting.bench->log.text().find("the CRL cannot be made") != std::string::npos);
    std::filesystem::remove(file);
    setting.bench->revocation.tend();
    CHECK(setting.crl().entries.size() == 1);
}

TEST_CASE("a revoked certificate renews nothing") {
    Setting setting;
    Device device(4);
    const Certificate leaf = setting.enrol(device);
    Device renewing(5);
    renewing.csr.challenge.clear();
    renewing.sign_with(leaf, device.key);
    CHECK(setting.ask(renewing).pki_status == "0");
    setting.revoke(leaf.serial(), RevocationReason::key_compromise);
    Device again(6);
    again.csr.challenge.clear();
    again.sign_with(leaf, device.key);
    const int asked = setting.policy.verify_calls;
    CHECK(setting.ask(again).pki_status == "2");
    CHECK(setting.policy.verify_calls == asked);
    CHECK(setting.bench->log.text().find("signing certificate is revoked") != std::string::npos);
}

TEST_CASE("somebody else's CRL keeps a certificate from renewing, and from asking as a device") {
    Setting setting(false);
    Device device(4);
    const Certificate leaf = setting.enrol(device);
    const Certificate other = setting.enrol(Device(5));
    const WallTime when = setting.lab.clock.now();
    setting.put_crl(7, {});
    const auto renew = [&](std::size_t number) {
        Device renewing(number);
        renewing.csr.challenge.clear();
        renewing.sign_with(leaf, device.key);
        return setting.bench->enrollment.answer(renewing.request(setting.lab), "192.0.2.7");
    };
    const auto look_up = [&](const char* type) {
        Device asking(4);
        asking.sign_with(leaf, device.key);
        asking.message.message_type = type;
        return setting.bench->enrollment.answer(
            asking.wrap(setting.lab, test::make_issuer_and_serial(other)), "192.0.2.7");
    };
    using Kind = EnrollmentAnswer::Kind;
    CHECK(test::read_reply(renew(6).message, device.key, leaf).pki_status == "0");
    CHECK(test::read_reply(look_up("21").message, device.key, leaf).pki_status == "0");

    setting.put_crl(8, {{leaf.serial(), when, RevocationReason::key_compromise}});
    const int asked = setting.policy.verify_calls;
    CHECK(test::read_reply(renew(7).message, device.key, leaf).pki_status == "2");
    CHECK(setting.policy.verify_calls == asked);
    CHECK(setting.bench->log.text().find("reason=keyCompromise") != std::string::npos);
    CHECK(test::read_reply(look_up("21").message, device.key, leaf).pki_status == "2");
    CHECK(test::read_reply(look_up("22").message, device.key, leaf).pki_status == "2");

    test::write_text(setting.lab.profile().issuer.crl_file, "half a file");
    CHECK(renew(8).kind == Kind::unavailable);
    CHECK(look_up("21").kind == Kind::unavailable);
    CHECK(look_up("22").kind == Kind::unavailable);
    std::filesystem::remove(setting.lab.profile().issuer.crl_file);
    CHECK(renew(9).kind == Kind::unavailable);
    CHECK(setting.policy.verify_calls == asked);
}

TEST_CASE("operators alone list and revoke, by serial number in any spelling") {
    Lab lab;
    test::AdminBench bench(lab);
    bench.caller("olga", {}, false, true);
    bench.caller("mdm", {"*"}, true, false);
    REQUIRE(bench.journal->serials().enter(intended(lab.ca.spki_sha256(), "8f01")));
    CHECK(bench.get_as("mdm", "", "/api/v1/issued").status == 403);
    const auto list = bench.get_as("olga", "after=0&limit=1", "/api/v1/issued");
    CHECK(list.status == 200);
    CHECK(list.body.find("\"serial\":\"8f01\"") != std::string::npos);
    CHECK(list.body.find("\"next\":\"1\"") != std::string::npos);
    CHECK(bench.get_as("olga", "after=x", "/api/v1/issued").status == 400);

    const auto post = [&](const std::string& who, const std::string& serial,
                          const std::string& body) {
        return bench.call("POST", "/api/v1/issued/" + serial + "/revoke", bench.peer_of(who), body);
    };
    CHECK(post("mdm", "8f01", "").status == 403);
    CHECK(post("olga", "xyz", "").status == 400);
    CHECK(post("olga", "8f01", R"({"reason":"boredom"})").status == 400);
    CHECK(post("olga", "8f01", "").status == 409);  // no CRL is made here
    auto ca = load_known_ca(lab.folder / "ca.pem", lab.folder / "ca.crl", lab.clock.now());
    REQUIRE(ca);
    auto issuer =
        make_local_issuer(std::move(*ca), {lab.folder / "ca.key"}, lab.clock, system_random());
    REQUIRE(issuer);
    REQUIRE(bench.revocation->start({{"", issuer->get(), lab.folder / "ca.crl", kLifetime}}));
    const auto done = post("olga", "00:8F:01", R"({"reason":"keyCompromise"})");
    CHECK(done.status == 200);
    CHECK(done.body.find("\"state\":\"revoked\"") != std::string::npos);
    CHECK(post("olga", "8f01", "").status == 409);
    CHECK(post("olga", "8f02", "").status == 404);
    const auto crl = bench.get_as("olga", "", "/api/v1/crl");
    CHECK(crl.status == 200);
    CHECK(crl.body.starts_with("-----BEGIN X509 CRL-----"));
    CHECK(bench.get_as("olga", "profile=none", "/api/v1/crl").status == 404);
}
