#include "scep-server/enroll/revocation_desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/file.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kToldAtOnce = 100;
constexpr unsigned kCrlMode = 0644;  // a CRL is public

std::vector<CrlEntry> entries_of(const std::vector<SerialEntry>& revoked) {
    std::vector<CrlEntry> entries;
    for (const SerialEntry& entry : revoked)
        if (entry.revocation)
            entries.push_back({entry.serial, entry.revocation->at, entry.revocation->reason});
    return entries;
}

}  // namespace

Result<void> RevocationDesk::start(const std::vector<CrlTarget>& targets) {
    for (const CrlTarget& target : targets) {
        if (target.file.empty()) continue;
        if (auto added = add(target); !added) return added;
    }
    const std::lock_guard lock(publishing_);
    for (Authority& authority : authorities_) {
        const std::string context = "CRL " + authority.target.file.string();
        std::int64_t number = 0;
        if (auto adopted = adopt(authority, number); !adopted) return pass_on(adopted, context);
        if (auto made = publish(authority, number); !made) return pass_on(made, context);
    }
    tell_unsettled(targets);
    return {};
}

Result<void> RevocationDesk::add(const CrlTarget& target) {
    const std::string ca = target.issuer->ca_chain().front().spki_sha256();
    for (Authority& authority : authorities_) {
        if (authority.target.file != target.file) continue;
        if (authority.ca != ca)
            return fail(ErrorCode::configuration, "issuer.crl_file " + target.file.string() +
                                                      ": is named for two different CAs");
        authority.profiles.push_back(target.profile);
        return {};
    }
    authorities_.push_back({target, {target.profile}, ca, {}});
    return {};
}

// A CRL that this journal did not make, or a journal that is lost or older than the CRL: nothing
// revoked becomes good.
Result<void> RevocationDesk::adopt(Authority& authority, std::int64_t& number) {
    auto der = authority.target.issuer->crl();
    if (!der && der.error().code == ErrorCode::not_found) return {};
    if (!der) return pass_on(der);
    auto old = read_crl(*der);
    if (!old) return pass_on(old);
    number = old->number;
    auto last = journal_.serials().last_crl_number(authority.ca);
    if (!last) return pass_on(last);
    const bool journal_is_newer = *last > 0 && old->number <= *last;
    for (const CrlEntry& revoked : old->entries)
        if (auto taken = take_over(authority, revoked, journal_is_newer); !taken) return taken;
    return {};
}

// The journal's word counts where it can differ for a reason: it knows the revocation, or has
// released the hold since it made that CRL.
Result<void> RevocationDesk::take_over(const Authority& authority, const CrlEntry& revoked,
                                       bool journal_is_newer) {
    auto known = journal_.serials().find(authority.ca, revoked.serial);
    if (!known) return pass_on(known);
    const bool is_hold = revoked.reason == RevocationReason::certificate_hold;
    if (*known && (*known)->revocation) {
        const bool is_held = (*known)->revocation->reason == RevocationReason::certificate_hold;
        if (is_hold || !is_held) return {};
    } else if (*known && is_hold && journal_is_newer) {
        return {};
    }
    if (!*known) {
        SerialEntry entry;
        entry.ca = authority.ca;
        entry.serial = revoked.serial;
        entry.state = SerialState::foreign;
        entry.intended_at = clock_.now();
        if (auto entered = journal_.serials().enter(entry); !entered) return entered;
    }
    if (auto done = journal_.serials().revoke(authority.ca, revoked.serial,
                                              {revoked.revoked_at, revoked.reason, {}});
        !done)
        return done;
    log_.note(Severity::info, "a revocation is taken over from the CRL file",
              {{"serial", revoked.serial}, {"file", authority.target.file.string()}});
    return {};
}

// Of each CA once, whether its CRL is made here or not: somebody has to know.
void RevocationDesk::tell_unsettled(const std::vector<CrlTarget>& targets) const {
    std::set<std::string> told;
    for (const CrlTarget& target : targets) {
        const std::string ca = target.issuer->ca_chain().front().spki_sha256();
        if (told.insert(ca).second) tell_unsettled_of(ca);
    }
}

void RevocationDesk::tell_unsettled_of(const std::string& ca) const {
    auto unsettled = journal_.serials().unsettled(ca, kToldAtOnce);
    if (!unsettled) {
        log_.note(Severity::error, "the journal's serial numbers cannot be read",
                  {{"cause", unsettled.error().text}});
        return;
    }
    const bool has_crl = std::ranges::find(authorities_, ca, &Authority::ca) != authorities_.end();
    for (const SerialEntry& entry : *unsettled)
        log_.note(Severity::warning,
                  entry.state == SerialState::intended
                      ? "a certificate may have been signed that nobody was given"
                      : "a certificate was signed that nobody was given",
                  {{"serial", entry.serial},
                   {"transaction_id", entry.transaction_id},
                   {"csr_sha256", entry.csr_sha256},
                   {"subject", entry.subject},
                   {"intended_at", to_rfc3339(entry.intended_at)},
                   {"certificate_sha256", entry.certificate_sha256},
                   {"next", (has_crl ? "" : "set issuer.crl_lifetime; ") +
                                ("crpctl ca revoke " + entry.serial)}});
}

Result<std::vector<SerialEntry>> RevocationDesk::list(std::int64_t after, std::size_t limit) {
    return journal_.serials().list(after, limit);
}

// The entry of a serial number with one of our CAs, made first for a certificate that was issued
// before serial numbers were kept.
Result<SerialEntry> RevocationDesk::find(const std::string& serial) {
    if (authorities_.empty())
        return fail(ErrorCode::conflict,
                    "no CRL is made here: issuer.crl_lifetime is not set, or the CA is another's");
    for (const Authority& authority : authorities_) {
        auto entry = journal_.serials().find(authority.ca, serial);
        if (entry && !*entry) entry = find_issued(authority, serial);
        if (!entry) return pass_on(entry);
        if (*entry) return std::move(**entry);
    }
    return fail(ErrorCode::not_found, "no certificate has serial number " + serial);
}

Result<std::optional<SerialEntry>> RevocationDesk::find_issued(const Authority& authority,
                                                               const std::string& serial) {
    const Certificate ca = authority.target.issuer->ca_chain().front();
    for (const std::string& profile : authority.profiles) {
        auto issued = journal_.find_serial(profile, serial);
        if (!issued) return pass_on(issued);
        if (!*issued) continue;
        auto leaf = Certificate::from_der((*issued)->certificates.front());
        if (!leaf || !leaf->is_issued_by(ca)) continue;
        const RequestKey& key = (*issued)->key;
        SerialEntry entry{0,
                          authority.ca,
                          serial,
                          SerialState::issued,
                          key.transaction_id,
                          key.csr_sha256,
                          leaf->sha256(),
                          leaf->subject_text(),
                          (*issued)->issued_at,
                          leaf->not_after(),
                          std::nullopt};
        // conflict: another operator was faster.
        if (auto entered = journal_.serials().enter(entry);
            !entered && entered.error().code != ErrorCode::conflict)
            return pass_on(entered);
        return std::optional(std::move(entry));
    }
    return std::optional<SerialEntry>{};
}

Result<RevocationOutcome> RevocationDesk::revoke(const std::string& serial, RevocationReason reason,
                                                 const std::string& who) {
    auto entry = find(serial);
    if (!entry) return pass_on(entry);
    const Revocation revocation{clock_.now(), reason, who};
    if (auto done = journal_.serials().revoke(entry->ca, serial, revocation); !done)
        return pass_on(done);
    entry->revocation = revocation;
    return finish(std::move(*entry), "an operator revoked a certificate", who);
}

Result<RevocationOutcome> RevocationDesk::release(const std::string& serial,
                                                  const std::string& who) {
    auto entry = find(serial);
    if (!entry) return pass_on(entry);
    if (auto done = journal_.serials().release(entry->ca, serial); !done) return pass_on(done);
    entry->revocation.reset();
    return finish(std::move(*entry), "an operator took back a certificate's hold", who);
}

RevocationOutcome RevocationDesk::finish(SerialEntry entry, const char* what,
                                         const std::string& who) {
    log_.note(Severity::warning, what,
              {{"serial", entry.serial},
               {"subject", entry.subject},
               {"transaction_id", entry.transaction_id},
               {"reason", entry.revocation ? std::string(to_string(entry.revocation->reason)) : ""},
               {"operator", who}});
    RevocationOutcome outcome{std::move(entry), std::nullopt};
    const std::lock_guard lock(publishing_);
    for (Authority& authority : authorities_) {
        if (authority.ca != outcome.entry.ca) continue;
        if (auto number = publish(authority, 0)) outcome.crl_number = *number;
    }
    return outcome;
}

Result<Bytes> RevocationDesk::crl(const std::string& profile) const {
    for (const Authority& authority : authorities_)
        if (std::ranges::find(authority.profiles, profile) != authority.profiles.end())
            return authority.target.issuer->crl();
    return fail(ErrorCode::not_found, "no CRL is made for that profile");
}

void RevocationDesk::tend() {
    const std::lock_guard lock(publishing_);
    for (Authority& authority : authorities_)
        if (clock_.now() >= authority.due) static_cast<void>(publish(authority, 0));
}

// One that is late or fails is due at once, until it is made.
Result<std::int64_t> RevocationDesk::publish(Authority& authority, std::int64_t above) {
    authority.due = {};
    const CrlTarget& target = authority.target;
    const WallTime now = clock_.now();
    auto number = [&]() -> Result<std::int64_t> {
        auto next = journal_.serials().next_crl_number(authority.ca, above);
        if (!next) return pass_on(next);
        // A certificate stays on the list for a while after its end, so that it was on one that was
        // made after it (RFC 5280 section 3.3).
        auto revoked = journal_.serials().revoked(authority.ca, now - target.lifetime);
        if (!revoked) return pass_on(revoked);
        auto der =
            target.issuer->sign_crl({*next, now, now + target.lifetime, entries_of(*revoked)});
        if (!der) return pass_on(der);
        auto pem = crl_pem(*der);
        if (!pem) return pass_on(pem);
        if (auto written = write_file_durably(target.file, as_bytes(*pem), kCrlMode); !written)
            return pass_on(written);
        log_.note(Severity::info, "a CRL is made",
                  {{"number", std::to_string(*next)},
                   {"entries", std::to_string(revoked->size())},
                   {"next_update", to_rfc3339(now + target.lifetime)},
                   {"file", target.file.string()}});
        return next;
    }();
    if (number) {
        authority.due = now + target.lifetime / 2;
        return number;
    }
    log_.note(Severity::error, "the CRL cannot be made; the one before stays",
              {{"file", target.file.string()},
               {"cause", number.error().text},
               {"detail", number.error().detail}});
    return number;
}

}  // namespace ndes::scep
