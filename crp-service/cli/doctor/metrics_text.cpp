#include "crp-service/cli/doctor/metrics_text.h"

#include <cstdlib>
#include <optional>

namespace ndes::crp::cli::doctor {

namespace {

// NAME{label="value",…} NUMBER
std::optional<Sample> parse_sample(std::string_view line) {
    Sample sample;
    std::size_t at = line.find_first_of("{ ");
    if (at == std::string_view::npos || line.starts_with('#')) return std::nullopt;
    sample.name = line.substr(0, at);
    if (line[at] == '{') {
        ++at;
        while (at < line.size() && line[at] != '}') {
            const std::size_t equals = line.find("=\"", at);
            if (equals == std::string_view::npos) return std::nullopt;
            std::string value;
            std::size_t end = equals + 2;
            for (; end < line.size() && line[end] != '"'; ++end) {
                if (line[end] == '\\' && end + 1 < line.size()) ++end;
                value += line[end];
            }
            sample.labels[std::string(line.substr(at, equals - at))] = value;
            at = end + 1;
            if (at < line.size() && line[at] == ',') ++at;
        }
        ++at;
    }
    if (at >= line.size()) return std::nullopt;
    sample.value = std::strtod(std::string(line.substr(at)).c_str(), nullptr);
    return sample;
}

}  // namespace

std::string Sample::label(std::string_view key) const {
    const auto found = labels.find(key);
    return found == labels.end() ? std::string() : found->second;
}

MetricsText MetricsText::parse(std::string_view text) {
    MetricsText metrics;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (auto sample = parse_sample(text.substr(0, end)))
            metrics.samples_.push_back(std::move(*sample));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return metrics;
}

std::vector<const Sample*> MetricsText::all(std::string_view name) const {
    std::vector<const Sample*> found;
    for (const Sample& sample : samples_)
        if (sample.name == name) found.push_back(&sample);
    return found;
}

double MetricsText::sum(std::string_view name, std::string_view label,
                        std::string_view value) const {
    double total = 0;
    for (const Sample* sample : all(name))
        if (label.empty() || sample->label(label) == value) total += sample->value;
    return total;
}

}  // namespace ndes::crp::cli::doctor
