#include "common/metrics/metric_set.h"

#include <map>
#include <set>

#include <prometheus/text_serializer.h>

namespace ndes {
namespace {

double seconds_of(WallTime time) { return static_cast<double>(to_unix_ms(time)) / 1000.0; }

prometheus::Labels labels_of(const MetricSet::UsedCertificate& used) {
    return {{"use", used.use},
            {"subject_CN", used.certificate.subject_text()},
            {"issuer_CN", used.certificate.issuer_text()},
            {"serial_number", used.certificate.serial()}};
}

}  // namespace

prometheus::Histogram::BucketBoundaries call_buckets() {
    return {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name,
                                                 const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}
prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name,
                                             const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}
prometheus::Family<prometheus::Histogram>& histogram(prometheus::Registry& registry,
                                                     const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

MetricSet::MetricSet(std::string_view program, std::string_view version)
    : not_before_(gauge(registry_, "x509_cert_not_before",
                        "Begin of the certificate's validity, seconds since 1970")),
      not_after_(gauge(registry_, "x509_cert_not_after",
                       "End of the certificate's validity, seconds since 1970")) {
    gauge(registry_, "ndes_build_info", "Always 1; which program and version this is")
        .Add({{"program", std::string(program)}, {"version", std::string(version)}})
        .Set(1);
}

void MetricSet::show_certificates(const std::vector<UsedCertificate>& certificates) {
    std::string key;
    for (const UsedCertificate& used : certificates)
        key += used.use + " " + used.certificate.sha256() + "\n";
    if (key == shown_key_) return;
    for (std::size_t i = 0; i + 1 < shown_.size(); i += 2) {
        not_before_.Remove(shown_[i]);
        not_after_.Remove(shown_[i + 1]);
    }
    shown_.clear();
    std::set<prometheus::Gauge*> added;
    for (const UsedCertificate& used : certificates) {
        prometheus::Gauge& begin = not_before_.Add(labels_of(used));
        if (!added.insert(&begin).second) continue;  // twice in one list
        prometheus::Gauge& end = not_after_.Add(labels_of(used));
        begin.Set(seconds_of(used.certificate.not_before()));
        end.Set(seconds_of(used.certificate.not_after()));
        shown_.push_back(&begin);
        shown_.push_back(&end);
    }
    shown_key_ = std::move(key);
}

std::string MetricSet::text() const {
    return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace ndes
