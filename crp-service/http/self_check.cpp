#include "crp-service/http/self_check.h"

#include <algorithm>
#include <utility>

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

SelfCheck::SelfCheck(Parts parts, Certificate server_certificate)
    : parts_(parts), server_certificate_(std::move(server_certificate)) {}

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
    return {"keys", Level::ok, "seal and open"};
}

CheckResult SelfCheck::check_certificate() {
    const WallTime now = parts_.clock.now();
    std::unique_lock<std::mutex> lock(mutex_);
    const Certificate certificate = server_certificate_;
    lock.unlock();
    const std::string until = "valid until " + to_rfc3339(certificate.not_after());
    if (now >= certificate.not_after()) return {"tls-certificate", Level::failed, "has expired"};
    if (now < certificate.not_before()) {
        return {"tls-certificate", Level::failed, "is not valid yet"};
    }
    const bool soon = certificate.not_after() - now < kWarnBeforeExpiry;
    return {"tls-certificate", soon ? Level::warning : Level::ok, until};
}

// A full outbox is a warning only: decisions stand, and nothing of it is lost.
CheckResult SelfCheck::check_outbox() {
    if (!parts_.outbox_is_emptied) return {"outbox", Level::ok, "no sink is configured"};
    const WallTime now = parts_.clock.now();
    const auto backlogs = parts_.store.count_deliveries();
    if (!backlogs) return {"outbox", Level::failed, backlogs.error().text};
    for (const SinkBacklog& one : *backlogs) {
        if (one.oldest_waiting && now - *one.oldest_waiting > kLongestOutboxAge) {
            return {"outbox", Level::warning,
                    "the oldest state message that waits for " + one.sink + " is of " +
                        to_rfc3339(*one.oldest_waiting)};
        }
    }
    return {"outbox", Level::ok, "delivered"};
}

void SelfCheck::run() {
    HealthReport report;
    report.checks = {check_store(), check_keys(), check_certificate(), check_outbox()};
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

void SelfCheck::tell(const HealthReport& report) {
    const ServiceStatus previous = report_.status;  // written by run() alone, on this thread
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
    }
    return copy;
}

void SelfCheck::watch_certificate(Certificate server_certificate) {
    const std::lock_guard<std::mutex> lock(mutex_);
    server_certificate_ = std::move(server_certificate);
}

bool SelfCheck::store_is_hopeless() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return store_failed_since_ &&
           parts_.clock.steady_now() - *store_failed_since_ >= kHopelessAfter;
}

}  // namespace ndes::crp
