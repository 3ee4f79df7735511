#include "scep-server/enroll/ra_books.h"

#include <filesystem>
#include <vector>

#include "scep-server/enroll/ndes_event.h"

namespace ndes::scep {
namespace {

std::vector<Certificate> certificates_in(const std::filesystem::path& folder) {
    std::vector<Certificate> found;
    std::error_code fault;
    for (std::filesystem::directory_iterator at(folder, fault), end; !fault && at != end;
         at.increment(fault)) {
        if (at->path().extension() != ".pem") continue;
        auto certificates = load_certificates(at->path());
        if (certificates) found.push_back(std::move(certificates->front()));
    }
    return found;
}

SerialEntry entry_of(const Certificate& certificate, const Certificate& ca) {
    SerialEntry entry;
    entry.ca = ca.spki_sha256();
    entry.serial = certificate.serial();
    entry.state = SerialState::issued;
    entry.certificate_sha256 = certificate.sha256();
    entry.subject = certificate.subject_text();
    entry.intended_at = certificate.not_before();
    entry.not_after = certificate.not_after();
    return entry;
}

// Entered if it is not; nothing when it is another CA's, or has expired unknown.
Result<std::optional<SerialEntry>> book(const Certificate& certificate, const Certificate& ca,
                                        const RaBooks& books) {
    if (certificate.der() == ca.der() || !certificate.is_issued_by(ca))
        return std::optional<SerialEntry>{};
    auto known = books.ledger.find(ca.spki_sha256(), certificate.serial());
    if (!known || *known) return known;
    if (certificate.not_after() < books.now) return std::optional<SerialEntry>{};
    SerialEntry entry = entry_of(certificate, ca);
    // conflict: another profile with the same CA was faster.
    if (auto entered = books.ledger.enter(entry);
        !entered && entered.error().code != ErrorCode::conflict)
        return pass_on(entered);
    books.log.note(Severity::info, "a certificate of ours is entered in the CA's books",
                   {{"serial", entry.serial}, {"subject", entry.subject}});
    return std::optional(std::move(entry));
}

void tell(const Result<std::optional<SerialEntry>>& booked, bool in_use, const RaBooks& books) {
    if (!booked) {
        books.log.note(Severity::error, "a certificate of ours cannot be entered in the CA's books",
                       {{"cause", booked.error().text}, {"detail", booked.error().detail}});
        return;
    }
    if (!in_use || !*booked || !(*booked)->revocation) return;
    note_event(
        books.log, Severity::error, kFailedRaCertificate, "an RA certificate in use is revoked",
        {{"cause", "it is revoked: " + std::string(to_string((*booked)->revocation->reason))},
         {"serial", (*booked)->serial},
         {"subject", (*booked)->subject},
         {"next", "crpctl ra renew"}});
}

}  // namespace

void book_ra_certificates(const RaConfig& config, const RaMaterial& ra, const Certificate& ca,
                          const RaBooks& books) {
    const RaIdentity& used = ra.identity;
    tell(book(used.signing_certificate, ca, books), true, books);
    if (used.encryption_certificate.der() != used.signing_certificate.der())
        tell(book(used.encryption_certificate, ca, books), true, books);
    if (config.store.empty()) return;
    for (const Certificate& certificate : certificates_in(config.store))
        tell(book(certificate, ca, books), false, books);
}

void book_own_certificate(const Certificate& certificate, const Certificate& ca,
                          const RaBooks& books) {
    tell(book(certificate, ca, books), false, books);
}

}  // namespace ndes::scep
