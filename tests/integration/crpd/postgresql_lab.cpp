#include "tests/integration/crpd/postgresql_lab.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

namespace ndes::test {
namespace {

constexpr std::array<const char*, 2> kNodes{"a", "b"};
constexpr std::size_t kMostInBatch = 100;

std::string store_settings(const crp::StoreOptions& options) {
    return "kind = \"postgresql\"\nconnection = \"" + options.connection + "\"\n";
}

}  // namespace

PostgresqlLab::PostgresqlLab()
    : crpd(store_settings(options_), {"--owner", options_.owner_connection}),
      ndes_(crpd.context_of("ndes")),
      mdm_(crpd.context_of("mdm")) {
    if (!start(0) || !start(1)) throw std::runtime_error(read_text(output_of(0)));
    RawClient client(nodes_[0].port, mdm_.get());
    const std::vector<std::pair<const char*, Json>> records{
        {"users/alice", {{"userPrincipalName", "alice@example.org"}}},
        {"devices/phone-1", {{"name", "phone-1"}}},
        {"policies/wifi",
         {{"certificateRequestId", "ModelName=1;Version=1;Hash=1"},
          {"template", "Phones"},
          {"subjectFormat", "CN={{UserPrincipalName}}"},
          {"keyType", "EC"},
          {"keyUsage", {"digitalSignature"}},
          {"extendedKeyUsage", {"1.3.6.1.5.5.7.3.2"}},
          {"assignments", {{"users", {"alice"}}}}}},
        {"templates/Phones",
         {{"permissions", {{{"principal", "*"}, {"read", true}, {"enroll", true}}}}}}};
    for (const auto& [path, body] : records) {
        const Answer put = CrpdLab::exchange(client, "PUT", std::string("/api/v1/") + path, body);
        if (put.status != 201) throw std::runtime_error(path + put.json.dump());
    }
}

std::filesystem::path PostgresqlLab::output_of(std::size_t node) const {
    return crpd.path(std::string("crpd-") + kNodes.at(node) + ".jsonl");
}

bool PostgresqlLab::start(std::size_t node) {
    Node& one = nodes_.at(node);
    const std::filesystem::path output = output_of(node);
    const std::size_t before = read_text(output).size();
    ::setenv("NDES_STORE__NODE", kNodes.at(node), 1);
    one.process = std::make_unique<ChildProcess>(
        std::vector<std::string>{program("crpd"), "--config", crpd.config()}, output);
    ::unsetenv("NDES_STORE__NODE");  // no other program's business
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const std::string told = read_text(output).substr(before);
        const auto number_after = [&told](const std::string& text) {
            const std::size_t at = told.find(text);
            return at == std::string::npos ? 0 : std::stoi(told.substr(at + text.size()));
        };
        const int port = number_after("CRP started on port ");
        const int health = number_after("health on port ");
        if (port == 0 || health == 0) continue;
        one.port = static_cast<std::uint16_t>(port);
        one.health_port = static_cast<std::uint16_t>(health);
        RawClient client(one.health_port);
        if (CrpdLab::exchange(client, "GET", "/readyz", nullptr).status == 200) return true;
    }
    return false;
}

void PostgresqlLab::kill(std::size_t node) {
    nodes_.at(node).process->send(SIGKILL);
    nodes_.at(node).process->wait();
}

std::vector<std::string> PostgresqlLab::new_challenges(std::size_t count) {
    RawClient client(nodes_[0].port, mdm_.get());
    std::vector<std::string> challenges;
    while (challenges.size() < count) {
        Json orders = Json::array();
        while (orders.size() < std::min(kMostInBatch, count - challenges.size())) {
            orders.push_back({{"deviceId", "phone-1"}, {"userId", "alice"}, {"policyId", "wifi"}});
        }
        const Answer made = CrpdLab::exchange(client, "POST", "/api/v1/challenges", orders);
        if (made.status != 201) throw std::runtime_error("no challenges: " + made.json.dump());
        for (const Json& item : made.json["items"])
            challenges.push_back(item["challenge"].get<std::string>());
    }
    return challenges;
}

std::unique_ptr<RawClient> PostgresqlLab::connect(std::size_t node) {
    return std::make_unique<RawClient>(nodes_.at(node).port, ndes_.get());
}

}  // namespace ndes::test
