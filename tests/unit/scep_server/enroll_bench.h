// All of ndesd's enrolment but the transport, around a policy module and (if wanted) an issuer and
// a journal whose answers are chosen; and a device that speaks to it.
#pragma once

#include <memory>
#include <string>

#include "common/random.h"
#include "scep-server/enroll/enrollment.h"
#include "scep-server/enroll/issuance.h"
#include "scep-server/enroll/notify_dispatcher.h"
#include "scep-server/enroll/notify_watch.h"
#include "scep-server/enroll/pending_desk.h"
#include "scep-server/enroll/revocation_desk.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"
#include "tests/support/scep_client.h"
#include "tests/unit/scep_server/lab.h"

namespace ndes::test {

// Answers as told; the CA of the lab otherwise.
class FakeIssuer final : public scep::Issuer {
  public:
    explicit FakeIssuer(std::unique_ptr<scep::Issuer> real) : real_(std::move(real)) {}
    Result<scep::IssueAnswer> issue(const scep::IssueRequest& request) override {
        return on_issue ? on_issue(request) : real_->issue(request);
    }
    std::vector<Certificate> ca_chain() const override { return real_->ca_chain(); }
    std::string name() const override { return real_->name(); }
    bool has_ca_key() const override { return real_->has_ca_key(); }
    void keep_serials(scep::SerialLedger& ledger) override { real_->keep_serials(ledger); }
    Result<Bytes> crl() const override { return real_->crl(); }
    Result<Bytes> sign_crl(const scep::CrlContents& contents) const override {
        return real_->sign_crl(contents);
    }
    Result<Bytes> sign_as_ca(ByteView content) const override { return real_->sign_as_ca(content); }

    std::function<Result<scep::IssueAnswer>(const scep::IssueRequest&)> on_issue;

  private:
    std::unique_ptr<scep::Issuer> real_;
};

// The real journal, whose writes can be made to fail.
class FakeJournal final : public scep::Journal {
  public:
    explicit FakeJournal(std::unique_ptr<scep::Journal> real) : real_(std::move(real)) {}
    Result<std::optional<scep::IssuedEntry>> find_issued(const scep::RequestKey& key) override {
        if (reads_fail) return fail(ErrorCode::storage, "the disk is gone");
        return real_->find_issued(key);
    }
    Result<bool> has_certificate(std::string_view sha256) override {
        return real_->has_certificate(sha256);
    }
    Result<std::optional<scep::IssuedEntry>> find_serial(std::string_view profile,
                                                         std::string_view serial) override {
        if (reads_fail) return fail(ErrorCode::storage, "the disk is gone");
        return real_->find_serial(profile, serial);
    }
    Result<void> record_issued(const scep::IssuedEntry& entry, const scep::PendingNotify& notify,
                               WallTime replaceable) override {
        if (writes_fail) return fail(ErrorCode::storage, "the disk is full");
        return real_->record_issued(entry, notify, replaceable);
    }
    scep::PendingRequests& pending() override { return real_->pending(); }
    scep::PasswordCache& passwords() override { return real_->passwords(); }
    scep::SerialLedger& serials() override { return real_->serials(); }
    Result<void> record_notify(const scep::PendingNotify& notify) override {
        if (writes_fail) return fail(ErrorCode::storage, "the disk is full");
        return real_->record_notify(notify);
    }
    scep::NotifyQueue& notifies() override { return notifies_; }
    bool healthy() const override { return !broken && real_->healthy(); }

    std::atomic<bool> reads_fail{false};
    std::atomic<bool> writes_fail{false};
    std::atomic<bool> broken{false};

  private:
    // Counts fail with the other reads.
    class Queue final : public scep::NotifyQueue {
      public:
        explicit Queue(FakeJournal& journal) : journal_(journal) {}
        Result<std::vector<scep::PendingNotify>> due(std::size_t limit) override {
            return real().due(limit);
        }
        Result<void> acknowledged(std::int64_t id) override { return real().acknowledged(id); }
        Result<void> failed(std::int64_t id, WallTime next, std::string_view why) override {
            return real().failed(id, next, why);
        }
        Result<void> bury(std::int64_t id, std::string_view why) override {
            return real().bury(id, why);
        }
        Result<scep::NotifyCensus> census() override {
            if (journal_.reads_fail) return fail(ErrorCode::storage, "the disk is gone");
            return real().census();
        }
        Result<std::vector<scep::NotifyRow>> list(std::int64_t after, std::size_t limit,
                                                  scep::NotifyKind kind) override {
            return real().list(after, limit, kind);
        }
        Result<void> retry(std::int64_t id) override { return real().retry(id); }
        Result<std::size_t> retry_dead() override { return real().retry_dead(); }
        Result<scep::NotifyRow> discard(std::int64_t id) override { return real().discard(id); }

      private:
        scep::NotifyQueue& real() { return journal_.real_->notifies(); }
        FakeJournal& journal_;
    };

    std::unique_ptr<scep::Journal> real_;
    Queue notifies_{*this};
};

// One run of ndesd. The lab outlives it, so that a test can start it again.
struct EnrollBench {
    explicit EnrollBench(Lab& around, scep::Policy& module);

    Lab& lab;
    scep::Policy& policy;
    RecordingLog log;
    FakeIssuer issuer;
    FakeJournal journal;
    scep::ChallengeSeal seal;
    scep::CurrentRa ra;
    scep::NotifyDispatcher notifier;
    scep::NotifyWatch watch;
    std::atomic<bool> room{true};  // for outcomes
    scep::RevocationCheck revoked;
    scep::Issuance issuance;
    scep::CertificateAccess access;
    scep::Enrollment enrollment;
    scep::PendingDesk desk;
    scep::RevocationDesk revocation;
};

// A device: its key, the certificate it signs with, and the last message it sent.
struct Device {
    explicit Device(std::size_t key_number, const std::string& subject = "CN=device")
        : key(rsa_key_number(key_number)), signing_key(key), signer(make_signer(key, subject)) {
        csr.subject = subject;
        csr.challenge = "the challenge";
        message.transaction_id = "transaction-" + std::to_string(key_number);
    }

    // Signs with `certificate` and its key from now on: a renewal.
    void sign_with(const Certificate& certificate, EVP_PKEY* its_key) {
        signer = certificate;
        signing_key = its_key;
    }

    Bytes request(const Lab& lab) const { return wrap(lab, make_csr(key, csr)); }
    Bytes wrap(const Lab& lab, ByteView content) const {
        return make_message(content, signing_key, signer, {lab.ra_encryption}, message);
    }
    Reply read(ByteView reply) const { return read_reply(reply, signing_key, signer); }

    EVP_PKEY* key;          // a certificate is asked for it
    EVP_PKEY* signing_key;  // signs the message and opens the reply
    Certificate signer;
    CsrOptions csr;
    MessageOptions message;
};

}  // namespace ndes::test
