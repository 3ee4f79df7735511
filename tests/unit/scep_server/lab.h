// What the tests of ndesd need around it: a folder, a clock that is set by hand, a CA and an RA as
// files, a policy module whose answers are chosen.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/policy_host/policy.h"
#include "tests/contracts/temporary_folder.h"

namespace ndes::test {

// 2026-11-20T12:00:00Z until it is moved.
class FakeClock final : public Clock {
  public:
    WallTime now() const override { return from_unix_ms(now_ms_); }
    SteadyTime steady_now() const override {
        return SteadyTime(std::chrono::milliseconds(now_ms_.load()));
    }
    void advance(std::chrono::milliseconds by) { now_ms_ += by.count(); }

  private:
    std::atomic<std::int64_t> now_ms_{1795176000000};
};

// Keeps every note, for tests that look at them.
class RecordingLog final : public Log {
  public:
    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location) override {
        note(severity, text, fields, {});
    }
    void note(Severity, std::string_view text, const LogFields& fields,
              std::source_location) override;
    void reopen() override {}
    void flush() override {}
    // Everything so far: one note a line, with its fields.
    std::string text() const;

  private:
    mutable std::mutex mutex_;
    std::string text_;
};

// A key that is made once per process for each number.
EVP_PKEY* rsa_key_number(std::size_t number);

struct CertificateOrder {
    std::string subject = "CN=leaf";
    EVP_PKEY* key = nullptr;              // whose certificate; never null
    const Certificate* issuer = nullptr;  // null: self-signed
    EVP_PKEY* issuer_key = nullptr;       // null: `key`
    WallTime not_before{};
    WallTime not_after{};
    const char* key_usage = "critical,digitalSignature,keyEncipherment";
    bool is_ca = false;
    const char* extended_key_usage = nullptr;  // null: none
};
Certificate make_certificate(const CertificateOrder& order);

void write_text(const std::filesystem::path& path, const std::string& text);
void write_certificates(const std::filesystem::path& path,
                        const std::vector<Certificate>& certificates);
void write_key(const std::filesystem::path& path, EVP_PKEY* key);  // mode 0600

// A CA with its RA in files, and a configuration that names them.
struct Lab {
    Lab();
    TemporaryFolder folder;
    FakeClock clock;
    EVP_PKEY* ca_key;
    EVP_PKEY* ra_signing_key;
    EVP_PKEY* ra_encryption_key;
    Certificate ca;
    Certificate ra_signing;
    Certificate ra_encryption;
    scep::Config config;  // one profile
    scep::ProfileConfig& profile() { return config.profiles.front(); }
    const scep::ProfileConfig& profile() const { return config.profiles.front(); }
};

// Says yes or no as told, counts, and remembers what it was asked.
class FakePolicy final : public scep::Policy {
  public:
    using Verify = std::function<Result<scep::PolicyAnswer>(const scep::PolicyQuestion&)>;
    struct Notified {
        std::string challenge, transaction_id, request_id;
        std::int32_t disposition = 0;
        std::int32_t last_result = 0;
        Bytes certificate;
    };

    FakePolicy();
    Result<scep::PolicyAnswer> verify(const scep::PolicyQuestion& question) override;
    Result<void> notify(const scep::PolicyOutcome& outcome) override;
    Result<std::string> generate_challenge(std::string_view template_name,
                                           std::string_view params) override {
        return on_generate(template_name, params);
    }
    std::string name() const override { return "fake"; }

    // Set before the policy is used.
    Verify on_verify;
    std::function<Result<void>(const Notified&)> on_notify = [](const Notified&) {
        return Result<void>();
    };

    std::function<Result<std::string>(std::string_view, std::string_view)> on_generate =
        [](std::string_view, std::string_view) { return Result<std::string>("challenge"); };

    std::atomic<int> verify_calls{0};
    // Waits (at most 10 s) for so many Notify calls, told well or not, and returns them.
    std::vector<Notified> wait_for_notifies(std::size_t count);

  private:
    std::mutex mutex_;
    std::condition_variable told_;
    std::vector<Notified> notified_;
};

// A yes that says what the certificate holds.
scep::PolicyAnswer yes_with(std::string subject);

}  // namespace ndes::test
