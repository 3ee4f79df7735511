#include "common/expiry/certificate_store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/crypto/key.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";

struct Candidate {
    fs::path file;
    fs::path key_file;
    Certificate certificate;
};

struct Search {
    std::vector<Candidate> found;
    std::string rejected;  // "NAME.pem: why; …"
};

Result<void> check_issuer(const Certificate& certificate,
                          const std::optional<DistinguishedName>& wanted) {
    if (!wanted) return {};
    auto issuer = certificate.issuer();
    if (!issuer) return pass_on(issuer);
    if (issuer->same_names(*wanted)) return {};
    return fail(ErrorCode::configuration, "is issued by " + issuer->to_text());
}

Result<Candidate> load_candidate(const fs::path& file, const CertificateRule& rule) {
    auto certificates = load_certificates(file);
    if (!certificates) return pass_on(certificates);
    const Certificate& certificate = certificates->front();
    if (!certificate.has_extended_key_usage(kClientAuth))
        return fail(ErrorCode::configuration, "its extended key usage lacks clientAuth");
    if (!certificate.has_key_usage(KeyUsage::digital_signature))
        return fail(ErrorCode::configuration, "its key usage lacks digitalSignature");
    if (auto fits = check_issuer(certificate, rule.issuer); !fits) return pass_on(fits);
    fs::path key_file = file;
    key_file.replace_extension(".key");
    auto key = load_private_key(key_file);
    if (!key) return pass_on(key);
    if (!certificate.matches(key->get()))
        return fail(ErrorCode::configuration, key_file.filename().string() + " is not its key");
    return Candidate{file, key_file, certificate};
}

Search search(const CertificateRule& rule) {
    Search result;
    for (const fs::path& file : files_of_store(rule.folder)) {
        if (file.extension() != ".pem") continue;
        auto candidate = load_candidate(file, rule);
        if (candidate)
            result.found.push_back(std::move(*candidate));
        else
            result.rejected += (result.rejected.empty() ? "" : "; ") + file.filename().string() +
                               ": " + candidate.error().text;
    }
    return result;
}

// The greater, the better: valid now by its beginning, expired by its end, future by its beginning
// the other way round.
std::pair<int, std::chrono::milliseconds> rank(const Certificate& certificate, WallTime now) {
    if (now < certificate.not_before()) return {0, -certificate.not_before().time_since_epoch()};
    if (now >= certificate.not_after()) return {1, certificate.not_after().time_since_epoch()};
    return {2, certificate.not_before().time_since_epoch()};
}

WallTime next_turn(const std::vector<Candidate>& candidates, WallTime now) {
    WallTime next = WallTime::max();
    for (const Candidate& candidate : candidates)
        for (const WallTime turn :
             {candidate.certificate.not_before(), candidate.certificate.not_after()})
            if (turn > now) next = std::min(next, turn);
    return next;
}

}  // namespace

std::vector<fs::path> files_of_store(const fs::path& folder) {
    std::error_code fault;
    std::vector<fs::path> files;
    for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault))
        if (at->path().extension() == ".pem" || at->path().extension() == ".key")
            files.push_back(at->path());
    std::ranges::sort(files);
    return files;
}

Result<CertificateChoice> choose_certificate(const CertificateRule& rule, WallTime now) {
    Search searched = search(rule);
    if (searched.found.empty())
        return fail(ErrorCode::configuration,
                    "crp.certificate_store " + rule.folder.string() +
                        ": no client certificate fits" +
                        (searched.rejected.empty() ? "" : " (" + searched.rejected + ")"));
    const WallTime next = next_turn(searched.found, now);
    const auto best = std::ranges::max_element(searched.found, {}, [&](const Candidate& candidate) {
        return rank(candidate.certificate, now);
    });
    return CertificateChoice{std::move(best->file), std::move(best->key_file),
                             std::move(best->certificate), next};
}

}  // namespace ndes
