#include "crp-service/http/self_check.h"

#include <algorithm>
#include <utility>

#include <sys/statvfs.h>

#include "crp-service/enrollment/key_census.h"

namespace ndes::crp {

namespace {

using Level = CheckResult::Level;

bool has_failed(const HealthReport& report) {
    return std::any_of(report.checks.begin(), report.checks.end(),
                       [](const CheckResult& check) { return check.level == Level::failed; });
}

}  // namespace

const char* to_string(ServiceStatus status) {
    switch (status) {
        case ServiceStatus::online: return "Online";
        case ServiceStatus::failed: return "Failed";
        case ServiceStatus::undefined: return "Undefined";
    }
    return "Undefined";
}

SelfCheck::SelfCheck(Parts parts, WatchedFiles files) : parts_(parts), files_(std::move(files)) {}

SelfCheck::Checks SelfCheck::cheap_checks() {
    return {check_store(),   check_keys(), check_server_certificate(), check_outbox(), check_disk(),
            check_commits(), check_clock()};
}

SelfCheck::Checks SelfCheck::dear_checks() { return {check_challenge(), check_certificates()}; }

CheckResult SelfCheck::check_store() {
    if (auto works = parts_.store.check(); !works)
        return {"store", Level::failed, works.error().text};
    return {"store", Level::ok, "writes and reads"};
}

CheckResult SelfCheck::check_keys() {
    const auto current = parts_.current.get();
    const std::string sealed = current->codec->seal("self-check", parts_.random);
    const auto opened = current->codec->unseal(sealed);
    if (!opened || *opened != "self-check") {
        return {"keys", Level::failed, "the challenge keys do not open what they sealed"};
    }
    const SteadyTime now = parts_.clock.steady_now();
    if (!census_at_ || now - *census_at_ >= kLogInterval) {
        const auto census = take_key_census(*current->codec, parts_.store, parts_.clock.now());
        missing_keys_ = census ? tell_missing_keys(*census) : census.error().text;
        census_at_ = now;
    }
    if (!missing_keys_.empty()) return {"keys", Level::warning, missing_keys_};
    return {"keys", Level::ok, "seal and open"};
}

// A challenge as devices get them, minted and opened again.
CheckResult SelfCheck::check_challenge() {
    const auto current = parts_.current.get();
    ChallengeClaims claims;
    claims.challenge_id = to_hex(parts_.random.bytes(16));
    claims.certificate_request_id_digest = ChallengeCodec::digest_of("self-check");
    claims.device_id = "self-check";
    claims.not_before = parts_.clock.now();
    claims.expires_at = claims.not_before + std::chrono::minutes(1);
    const OpenedChallenge opened =
        current->codec->open(current->codec->mint(claims, parts_.random), parts_.clock.now());
    if (opened.kind != ChallengeKind::minted || !opened.reason.empty() ||
        opened.claims.challenge_id != claims.challenge_id) {
        return {"challenge", Level::failed, "a challenge just minted cannot be opened"};
    }
    return {"challenge", Level::ok, "mint and open"};
}

CheckResult SelfCheck::check_server_certificate() {
    const WallTime now = parts_.clock.now();
    const Certificate certificate = watched().server;
    const std::string until = "valid until " + to_rfc3339(certificate.not_after());
    if (now >= certificate.not_after()) return {"tls-certificate", Level::failed, "has expired"};
    if (now < certificate.not_before()) {
        return {"tls-certificate", Level::failed, "is not valid yet"};
    }
    const bool soon = certificate.not_after() - now < kWarnBeforeExpiry;
    return {"tls-certificate", soon ? Level::warning : Level::ok, until};
}

// Warnings only: each of them stops some calls or one sink, none the service as a whole.
CheckResult SelfCheck::check_certificates() {
    const WallTime now = parts_.clock.now();
    const WatchedFiles files = watched();
    std::string faults;
    const auto complain = [&faults](const std::string& text) {
        faults += (faults.empty() ? "" : "; ") + text;
    };
    for (const auto& [use, certificate] : files.others) {
        const std::string name = use + " " + certificate.subject_text();
        if (now >= certificate.not_after()) {
            complain(name + " has expired");
        } else if (now < certificate.not_before()) {
            complain(name + " is not valid yet");
        } else if (certificate.not_after() - now < kWarnBeforeExpiry) {
            complain(name + " ends at " + to_rfc3339(certificate.not_after()));
        }
    }
    for (const WatchedCrl& crl : files.crls) {
        if (now >= crl.next_update) {
            complain(crl.use + " of " + crl.issuer + " should have been replaced at " +
                     to_rfc3339(crl.next_update));
        }
    }
    if (!faults.empty()) return {"certificates", Level::warning, faults};
    return {"certificates", Level::ok,
            std::to_string(files.others.size()) + " certificates and " +
                std::to_string(files.crls.size()) + " revocation lists are in date"};
}

// A full outbox is a warning only: decisions stand, and nothing of it is lost.
CheckResult SelfCheck::check_outbox() {
    if (!parts_.outbox_is_emptied) return {"outbox", Level::ok, "no sink is configured"};
    const WallTime now = parts_.clock.now();
    const auto backlogs = parts_.store.count_deliveries();
    if (!backlogs) return {"outbox", Level::failed, backlogs.error().text};
    std::string faults;
    for (const SinkBacklog& one : *backlogs) {
        if (!one.is_configured) continue;  // of another crpd, or left over; told at the start
        if (one.oldest_waiting && now - *one.oldest_waiting > kLongestOutboxAge) {
            faults += (faults.empty() ? "" : "; ") + one.sink + ": the oldest of " +
                      std::to_string(one.waiting) + " undelivered state messages is of " +
                      to_rfc3339(*one.oldest_waiting);
        }
        if (one.dead > 0) {
            faults += (faults.empty() ? "" : "; ") + one.sink + ": " + std::to_string(one.dead) +
                      " dead letters";
        }
    }
    if (!faults.empty()) return {"outbox", Level::warning, faults};
    return {"outbox", Level::ok, "delivered"};
}

CheckResult SelfCheck::check_disk() const {
    if (parts_.database_file.empty()) return {"disk", Level::ok, "the store is no file here"};
    struct statvfs disk {};
    const std::filesystem::path folder = std::filesystem::absolute(parts_.database_file);
    if (::statvfs(folder.parent_path().c_str(), &disk) != 0) {
        return {"disk", Level::warning, "the free space of " + folder.string() + " is not known"};
    }
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const std::uint64_t whole = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    const std::string text = std::to_string(free >> 20) + " MiB of " + std::to_string(whole >> 20) +
                             " MiB are free for " + folder.string();
    if (free < kLeastFree) return {"disk", Level::failed, text};
    return {"disk", free < kWarnFree || free < whole / 20 ? Level::warning : Level::ok, text};
}

CheckResult SelfCheck::check_commits() const {
    if (parts_.commits == nullptr || !parts_.commits->is_failing(parts_.clock.steady_now())) {
        return {"commits", Level::ok, "none has failed since one succeeded"};
    }
    return {"commits", Level::failed, "a call could not be recorded, and none since then"};
}

// A clock set back would make expired challenges good again.
CheckResult SelfCheck::check_clock() const {
    constexpr std::chrono::milliseconds kNone{0};
    const auto behind = parts_.clock_floor != nullptr ? parts_.clock_floor->behind() : kNone;
    if (behind == kNone) return {"clock", Level::ok, "not behind what was recorded or seen"};
    return {"clock", behind > ClockFloor::kTolerance ? Level::failed : Level::warning,
            "is behind " + to_rfc3339(parts_.clock_floor->newest()) +
                ", which was recorded or seen before"};
}

void SelfCheck::run(bool full) {
    const std::lock_guard<std::mutex> running(running_);
    const SteadyTime begun = parts_.clock.steady_now();
    HealthReport report;
    report.checks = cheap_checks();
    if (full || !full_run_at_ || begun - *full_run_at_ >= kFullInterval) {
        dear_ = dear_checks();
        full_run_at_ = begun;
    }
    report.checks.insert(report.checks.end(), dear_.begin(), dear_.end());
    report.checked_at = parts_.clock.now();
    report.status = has_failed(report) ? ServiceStatus::failed : ServiceStatus::online;
    tell(report);
    const std::lock_guard<std::mutex> lock(mutex_);
    run_at_ = parts_.clock.steady_now();
    if (report.checks.front().level != Level::failed) {
        store_failed_since_.reset();
    } else if (!store_failed_since_) {
        store_failed_since_ = run_at_;
    }
    report_ = std::move(report);
}

void SelfCheck::run_on_demand() {
    {
        const std::lock_guard<std::mutex> running(running_);
        const SteadyTime now = parts_.clock.steady_now();
        if (asked_at_ && now - *asked_at_ < kOnDemandInterval) return;
        asked_at_ = now;
    }
    run(true);
}

void SelfCheck::tell(const HealthReport& report) {
    const ServiceStatus previous = report_.status;  // written by run() alone, under running_
    const SteadyTime now = parts_.clock.steady_now();
    if (previous == report.status && told_at_ && now - *told_at_ < kLogInterval) return;
    told_at_ = now;
    parts_.log.write(report.status == ServiceStatus::online ? Severity::info : Severity::error,
                     "CRP's previous status was " + std::to_string(static_cast<int>(previous)) +
                         " (0 = Online, 1 = Failed, 4 = Undefined)",
                     {{"event", "health"}, {"status", to_string(report.status)}});
    for (const CheckResult& check : report.checks) {
        if (check.level == Level::ok) continue;
        parts_.log.write(check.level == Level::failed ? Severity::error : Severity::warning,
                         "Health check of " + check.name + ": " + check.text,
                         {{"event", "health-check"}, {"check", check.name}});
    }
}

HealthReport SelfCheck::report() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    HealthReport copy = report_;
    if (!run_at_ || parts_.clock.steady_now() - *run_at_ > kStaleAfter) {
        copy.status = ServiceStatus::undefined;
        return copy;
    }
    CheckResult commits = check_commits();
    const auto shown =
        std::find_if(copy.checks.begin(), copy.checks.end(),
                     [&](const CheckResult& check) { return check.name == commits.name; });
    if (shown != copy.checks.end() && commits.level == Level::failed) {
        *shown = std::move(commits);
        copy.status = ServiceStatus::failed;
    }
    return copy;
}

void SelfCheck::watch(WatchedFiles files) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_ = std::move(files);
    census_at_.reset();  // reload and run() are of one thread
}

WatchedFiles SelfCheck::watched() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return files_;
}

bool SelfCheck::store_is_hopeless() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return store_failed_since_ &&
           parts_.clock.steady_now() - *store_failed_since_ >= kHopelessAfter;
}

}  // namespace ndes::crp
