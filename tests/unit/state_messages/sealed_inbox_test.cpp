// The sealed inbox: what is dropped opens with the openssl command alone, by each recipient.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "crp-service/state_messages/inbox_sink.h"
#include "crp-service/state_messages/smx.h"
#include "tests/support/recording_log.h"
#include "tests/support/test_pki.h"
#include "tests/unit/common/fakes.h"
#include "tests/unit/state_messages/message_samples.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;
namespace fs = std::filesystem;

namespace {

std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

struct Bench {
    TemporaryFolder folder;
    TestCa ca{folder, "CRP CA", KeyKind::rsa_2048};
    Identity signer = issue("crp", "critical,digitalSignature", KeyKind::rsa_2048);
    Identity mp1 = issue("mp1", "critical,keyEncipherment", KeyKind::rsa_2048);
    Identity mp2 = issue("mp2", "critical,keyAgreement", KeyKind::ec_p256);

    Identity issue(const std::string& name, const std::string& usage, KeyKind kind,
                   long not_after_s = 86'400) {
        LeafProfile profile;
        profile.common_name = name;
        profile.key_usage = usage;
        profile.key = kind;
        profile.not_after_s = not_after_s;
        return ca.issue(profile);
    }
    SealFiles files(std::initializer_list<const Identity*> recipients) {
        std::string pem;
        for (const Identity* one : recipients)
            pem += to_pem(one->certificate.get());
        const fs::path file = folder.path() / "recipients.pem";
        write_text_file(file, pem);
        return {signer.certificate_file, signer.key_file, file};
    }
    // As the README tells a receiver to do it; the SMX, or "".
    std::string open_with_openssl(const fs::path& file, const Identity& recipient) const {
        const std::string out = (folder.path() / "out.smx").string();
        fs::remove(out);
        const std::string command =
            "openssl cms -decrypt -binary -inform DER -in '" + file.string() + "' -recip '" +
            recipient.certificate_file.string() + "' -inkey '" + recipient.key_file.string() +
            "' | openssl cms -verify -binary -inform DER -CAfile '" +
            ca.certificate_file().string() + "' -purpose any -out '" + out + "' 2>/dev/null";
        return std::system(command.c_str()) == 0 ? contents(out) : "";
    }
};

}  // namespace

TEST_CASE("a sealed file opens with openssl for every recipient, and for nobody else") {
    Bench bench;
    const auto sealer =
        SmxSealer::load(bench.files({&bench.mp1, &bench.mp2}), system_clock().now());
    REQUIRE(sealer);
    const fs::path inbox = bench.folder.path() / "inbox";
    fs::create_directory(inbox);
    RecordingLog log;
    InboxSink sink(inbox, *sealer, system_clock(), log);
    const std::vector<StateMessage> messages = {sample_message("m-1", "a"),
                                                sample_message("m-2", "b")};
    for (const auto& result : sink.deliver(messages))
        REQUIRE(result);
    for (const StateMessage& message : messages) {
        const std::string smx(as_text(to_smx(message)));
        const fs::path file = inbox / (message.id + ".SMX");
        CHECK(contents(file).find(smx.substr(2, 20)) == std::string::npos);
        CHECK(bench.open_with_openssl(file, bench.mp1) == smx);
        CHECK(bench.open_with_openssl(file, bench.mp2) == smx);
        const Identity other = bench.issue("other", "keyEncipherment", KeyKind::rsa_2048);
        CHECK(bench.open_with_openssl(file, other) != smx);
    }
    CHECK(log.all().find("m-1.SMX is dropped.") != std::string::npos);
}

TEST_CASE("a reload changes the recipients") {
    Bench bench;
    const WallTime now = system_clock().now();
    InboxSink sink(bench.folder.path(), SmxSealer::load(bench.files({&bench.mp1}), now).value(),
                   system_clock(), null_log());
    const std::vector<StateMessage> message = {sample_message("m-1", "a")};
    const std::string smx(as_text(to_smx(message[0])));
    const fs::path file = bench.folder.path() / "m-1.SMX";
    REQUIRE(sink.deliver(message)[0]);
    CHECK(bench.open_with_openssl(file, bench.mp2).empty());
    sink.replace(SmxSealer::load(bench.files({&bench.mp2}), now).value());
    REQUIRE(sink.deliver(message)[0]);
    CHECK(bench.open_with_openssl(file, bench.mp2) == smx);
}

TEST_CASE("certificates that do not fit are refused by name before anything is dropped") {
    Bench bench;
    const WallTime now = system_clock().now();
    const auto refusal = [&](const SealFiles& files) {
        const auto sealer = SmxSealer::load(files, now);
        REQUIRE_FALSE(sealer);
        CHECK(sealer.error().code == ErrorCode::configuration);
        return sealer.error().text;
    };
    const Identity signs = bench.issue("signs", "digitalSignature", KeyKind::rsa_2048);
    CHECK(refusal(bench.files({&bench.mp1, &signs})).find("keyEncipherment") != std::string::npos);
    const Identity ec = bench.issue("ec", "digitalSignature", KeyKind::ec_p256);
    CHECK(refusal(bench.files({&ec})).find("keyAgreement") != std::string::npos);
    SealFiles files = bench.files({&bench.mp1});
    files.signing_certificate = bench.mp1.certificate_file;
    CHECK(refusal(files).find("is not the key") != std::string::npos);
    files.signing_key = bench.mp1.key_file;
    CHECK(refusal(files).find("digitalSignature") != std::string::npos);
    const Identity old = bench.issue("old", "keyEncipherment", KeyKind::rsa_2048, -60);
    CHECK(refusal(bench.files({&old})).find("in date") != std::string::npos);
    CHECK(SmxSealer::load(bench.files({&old, &bench.mp1}), now));  // roll-over: one is enough
}

TEST_CASE("with certificates out of date the sink is down, and nothing is dropped") {
    Bench bench;
    FakeClock clock(to_rfc3339(system_clock().now()));
    InboxSink sink(bench.folder.path(),
                   SmxSealer::load(bench.files({&bench.mp1}), clock.now()).value(), clock,
                   null_log());
    clock.advance(std::chrono::hours(48));
    const std::vector<StateMessage> message = {sample_message("m-1", "a")};
    const auto results = sink.deliver(message);
    REQUIRE_FALSE(results[0]);
    CHECK(is_retryable(results[0].error().code));
    CHECK_FALSE(fs::exists(bench.folder.path() / "m-1.SMX"));
}
