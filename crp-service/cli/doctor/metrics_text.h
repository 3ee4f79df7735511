// MetricsText: Prometheus' text format, read as far as the checks need it. Value type.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ndes::crp::cli::doctor {

struct Sample {
    std::string name;
    std::map<std::string, std::string, std::less<>> labels;
    double value = 0;

    std::string label(std::string_view key) const;  // "" if absent
};

class MetricsText {
  public:
    // Lines that are no samples are left out.
    static MetricsText parse(std::string_view text);

    std::vector<const Sample*> all(std::string_view name) const;
    // The sum of the samples of that name; with `label`, of those where it has that value.
    double sum(std::string_view name, std::string_view label = {},
               std::string_view value = {}) const;
    bool empty() const { return samples_.empty(); }
    std::size_t size() const { return samples_.size(); }

  private:
    std::vector<Sample> samples_;
};

}  // namespace ndes::crp::cli::doctor
