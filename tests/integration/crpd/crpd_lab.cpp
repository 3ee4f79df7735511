#include "tests/integration/crpd/crpd_lab.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/tls/tls_context.h"
#include "tests/catch.h"
#include "tests/support/openapi_check.h"
#include "tests/support/scep_client.h"

namespace ndes::test {

namespace {

constexpr std::chrono::seconds kMost{20};

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kMost;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

std::string request_text(const std::string& method, const std::string& target, const Json& body) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n";
    if (body.is_null()) return text + "\r\n";
    const std::string json = body.dump();
    return text +
           "Content-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) +
           "\r\n\r\n" + json;
}

Answer read_answer(const RawResponse& response) {
    Answer answer;
    answer.status = response.status;
    if (auto json = parse_json(response.body, response.body.size())) answer.json = *json;
    return answer;
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string program(const std::string& name) { return NDES_BINARY_DIR "/bin/" + name; }

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::filesystem::path& output) {
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ > 0) return;
    const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
}

ChildProcess::~ChildProcess() {
    if (ended_) return;
    send(SIGKILL);
    wait();
}

void ChildProcess::send(int signal) const {
    if (!ended_) ::kill(pid_, signal);
}

std::optional<int> ChildProcess::wait() {
    eventually([this] {
        int status = 0;
        if (ended_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return ended_.has_value();
        ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return true;
    });
    return ended_;
}

int run_program(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
    ChildProcess child(arguments, output);
    return child.wait().value_or(-1);
}

CrpdLab::CrpdLab(std::string store_settings, const std::vector<std::string>& create_options)
    : store_settings_(std::move(store_settings)),
      ca_(folder_, "Lab CA"),
      foreign_ca_(folder_, "Foreign CA"),
      device_key_(make_ec_key()) {
    for (const char* name : {"ndes", "mdm", "admin", "stranger", "expired"}) {
        LeafProfile profile;
        profile.common_name = name;
        profile.extended_key_usage = "clientAuth";
        if (std::string(name) == "expired") profile.not_after_s = -60;
        identities_.emplace(name, ca_.issue(profile));
    }
    change_server_certificate();
    LeafProfile foreign;
    foreign.extended_key_usage = "clientAuth";
    identities_.emplace("untrusted", foreign_ca_.issue(foreign));
    add_challenge_key("k1.key");
    if (run_program({program("crpctl"), "keys", "new", "--out", path("pepper.key")}, output())) {
        throw std::runtime_error("crpctl keys new: " + read_text(output()));
    }
    write_config({"ndes", "mdm", "admin"});
    std::vector<std::string> create{program("crpctl"), "db", "create", "--config", config()};
    create.insert(create.end(), create_options.begin(), create_options.end());
    if (run_program(create, output()) != 0) {
        throw std::runtime_error("crpctl db create: " + read_text(output()));
    }
}

void CrpdLab::change_server_certificate() {
    LeafProfile profile;
    profile.common_name = "crpd";
    profile.extended_key_usage = "serverAuth";
    identities_.insert_or_assign("server", ca_.issue(profile));
}

void CrpdLab::add_challenge_key(const std::string& name) {
    if (run_program({program("crpctl"), "keys", "new", "--out", path(name)}, output()) != 0) {
        throw std::runtime_error("crpctl keys new: " + read_text(output()));
    }
    challenge_keys_.insert(challenge_keys_.begin(), name);
}

void CrpdLab::write_config(const std::vector<std::string>& callers) {
    std::string text = "[server]\nlisten = \"127.0.0.1:0\"\ncertificate_file = \"" +
                       identities_.at("server").certificate_file.string() + "\"\nkey_file = \"" +
                       identities_.at("server").key_file.string() + "\"\nclient_ca_file = \"" +
                       ca_.certificate_file().string() + "\"\n" + more_server +
                       "[health]\nlisten = \"127.0.0.1:0\"\n[store]\n" + store_settings_ +
                       "[challenge]\nkey_files = " + Json(challenge_keys_).dump() +
                       "\npepper_files = [\"pepper.key\"]\n"
                       "scep_url = \"http://scep.example.org/\"\nca_certificate_file = \"" +
                       ca_.certificate_file().string() +
                       "\"\n[state_messages]\ninbox = \"inbox\"\n" + state_message_settings +
                       "[log]\ncmtrace_file = \"CRP.log\"\n";
    for (const std::string& name : callers) {
        text += "[[caller]]\nname = \"" + name + "\"\nroles = [\"" + name +
                "\"]\nspki_sha256 = [\"" + pin_of(name) + "\"]\n";
    }
    text += more_tables;
    std::filesystem::create_directory(path("inbox"));
    write_text_file(path("crpd.toml.new"), text + more_callers);
    std::filesystem::rename(path("crpd.toml.new"), config());
}

void CrpdLab::set_identity(const std::string& name, Identity identity) {
    identities_.insert_or_assign(name, std::move(identity));
    contexts_.erase(name);
}

void CrpdLab::promote(const std::string& from, const std::string& to) {
    set_identity(to, std::move(identities_.at(from)));
    identities_.erase(from);
    contexts_.erase(from);
}

std::string CrpdLab::pin_of(const std::string& name) const {
    return Certificate::from_handle(identities_.at(name).certificate.get()).value().spki_sha256();
}

std::size_t CrpdLab::count_in_output(const std::string& text) const {
    const std::string all = read_text(output());
    std::size_t count = 0;
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
        ++count;
    }
    return count;
}

bool CrpdLab::wait_for_output(const std::string& text, std::size_t before) {
    return eventually([&] { return count_in_output(text) > before; });
}

bool CrpdLab::wait_for_inbox(std::size_t files) const {
    return eventually([&] {
        std::size_t found = 0;
        for (const auto& entry : std::filesystem::directory_iterator(path("inbox"))) {
            if (entry.path().extension() == ".SMX") ++found;
        }
        return found == files;
    });
}

bool CrpdLab::wait_for_log(const std::string& text) const {
    return eventually([&] { return read_text(path("CRP.log")).find(text) != std::string::npos; });
}

bool CrpdLab::launch() {
    const std::string ready = "CRP started on port ";
    const std::size_t before = count_in_output(ready);
    process_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{program("crpd"), "--config", config()}, output());
    if (!wait_for_output(ready, before)) return false;
    const std::string all = read_text(output());
    const auto number_after = [&](const std::string& text) {
        return static_cast<std::uint16_t>(std::stoi(all.substr(all.rfind(text) + text.size())));
    };
    port_ = number_after(ready);
    health_port_ = number_after("health on port ");
    return true;
}

bool CrpdLab::start() {
    return launch() && eventually([this] { return health("/readyz").status == 200; });
}

void CrpdLab::stop(int signal) {
    process_->send(signal);
    if (!process_->wait()) throw std::runtime_error("crpd does not end");
}

std::shared_ptr<SSL_CTX> CrpdLab::context_of(const std::string& caller) {
    auto& context = contexts_[caller];
    if (context) return context;
    TlsClientFiles files;
    files.server_ca = ca_.certificate_file();
    if (!caller.empty()) {
        files.certificate = identities_.at(caller).certificate_file;
        files.key = identities_.at(caller).key_file;
    }
    context = build_client_context(files).value();
    return context;
}

std::unique_ptr<RawClient> CrpdLab::connect(const std::string& caller) {
    return std::make_unique<RawClient>(port_, context_of(caller).get());
}

Answer CrpdLab::ask(RawClient& client, const std::string& method, const std::string& target,
                    const Json& body) {
    const RawResponse response = client.ask(request_text(method, target, body));
    const auto type = response.headers.find("content-type");
    CHECK(
        OpenApiCheck::of_this_build().fault_in({method,
                                                target,
                                                response.status,
                                                type == response.headers.end() ? "" : type->second,
                                                {response.headers.begin(), response.headers.end()},
                                                response.body}) == "");
    return read_answer(response);
}

Answer CrpdLab::exchange(RawClient& client, const std::string& method, const std::string& target,
                         const Json& body) {
    return read_answer(client.ask(request_text(method, target, body)));
}

Answer CrpdLab::call(const std::string& caller, const std::string& method,
                     const std::string& target, const Json& body) {
    const auto client = connect(caller);
    return ask(*client, method, target, body);
}

Answer CrpdLab::health(const std::string& target) {
    RawClient client(health_port_);
    return read_answer(client.ask(request_text("GET", target, nullptr)));
}

std::string CrpdLab::metrics() {
    RawClient client(health_port_);
    return client.ask(request_text("GET", "/metrics", nullptr)).body;
}

std::vector<std::string> CrpdLab::rest_options(const std::string& caller) const {
    const Identity& identity = identities_.at(caller);
    return {"--url",  "https://localhost:" + std::to_string(port_),
            "--ca",   ca_.certificate_file(),
            "--cert", identity.certificate_file,
            "--key",  identity.key_file};
}

void CrpdLab::make_records() {
    call("mdm", "PUT", "/api/v1/users/alice", {{"userPrincipalName", "alice@example.org"}});
    call("mdm", "PUT", "/api/v1/devices/phone-1", {{"name", "phone-1"}});
    call("mdm", "PUT", "/api/v1/policies/wifi",
         {{"certificateRequestId", "ModelName=1;Version=1;Hash=1"},
          {"template", "Phones"},
          {"subjectFormat", "CN={{UserPrincipalName}}"},
          {"keyType", "EC"},
          {"keyUsage", {"digitalSignature"}},
          {"extendedKeyUsage", {"1.3.6.1.5.5.7.3.2"}},
          {"assignments", {{"users", {"alice"}}}}});
    call("mdm", "PUT", "/api/v1/templates/Phones",
         {{"permissions", {{{"principal", "*"}, {"read", true}, {"enroll", true}}}}});
}

std::string CrpdLab::new_challenge() {
    const Answer made = call("mdm", "POST", "/api/v1/challenges",
                             {{"deviceId", "phone-1"}, {"userId", "alice"}, {"policyId", "wifi"}});
    if (made.status != 201) throw std::runtime_error("no challenge: " + made.json.dump());
    return made.json["challenge"].get<std::string>();
}

Json CrpdLab::verify_body(const std::string& challenge, const std::string& transaction_id) {
    return verify_body(challenge, transaction_id, device_key_.get());
}

Json CrpdLab::verify_body(const std::string& challenge, const std::string& transaction_id,
                          EVP_PKEY* key) {
    CsrOptions options;
    options.subject = "CN=alice@example.org";
    options.challenge = challenge;
    return {{"transactionId", transaction_id},
            {"requestId", "request-" + transaction_id},
            {"certificateRequest", to_base64(make_csr(key, options))},
            {"signingCertificate", nullptr},
            {"template", "Phones"},
            {"caName", ""},
            {"deviceAddress", "198.51.100.7"}};
}

Json CrpdLab::notify_body(const std::string& transaction_id) {
    const X509Ptr issued = ca_.certify(device_key_.get(), LeafProfile{});
    const auto certificate = Certificate::from_handle(issued.get()).value();
    return {{"transactionId", transaction_id},
            {"requestId", "request-" + transaction_id},
            {"challenge", nullptr},
            {"disposition", 0},
            {"hResult", 0},
            {"certificate", to_base64(certificate.der())}};
}

}  // namespace ndes::test
