// What crpctl init is told: by option, by the answers file, at the terminal, or by a default.
// Answers are texts under the question's key; a list has commas between its items. Knows no
// question. One thread.
#pragma once

#include <map>
#include <string>

namespace ndes::crp::cli {

class InitAnswers {
  public:
    // "" for a question that was not asked, or whose answer is none.
    std::string get(const std::string& key) const {
        const auto found = texts_.find(key);
        return found == texts_.end() ? std::string() : found->second;
    }
    bool is(const std::string& key, const std::string& word) const { return get(key) == word; }
    bool has(const std::string& key) const { return texts_.contains(key); }
    void set(const std::string& key, std::string text) { texts_[key] = std::move(text); }

    // The parts that this host runs.
    bool with_scep() const { return !is("role", "crp"); }
    bool with_crp() const { return !is("role", "scep"); }
    bool own_pki() const { return is("pki", "own"); }
    bool local_issuer() const { return is("issuer", "local"); }
    // The CA of the devices' certificates and its RA are made here.
    bool own_ca() const { return own_pki() && local_issuer(); }
    bool by_systemd() const { return is("start", "systemd"); }

  private:
    std::map<std::string, std::string> texts_;
};

}  // namespace ndes::crp::cli
