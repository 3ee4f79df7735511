// CrpdLab: the real crpd on loopback with a database, keys and certificates of its own, all made
// by crpctl and OpenSSL, and callers of every role. Ports are chosen by the system. One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/strict_json.h"
#include "tests/support/test_pki.h"
#include "tests/unit/http_server/raw_client.h"

namespace ndes::test {

// Runs a program to its end; its exit code, or -1 for a signal or after 30 s. Standard output and
// error are appended to `output`.
int run_program(const std::vector<std::string>& arguments, const std::filesystem::path& output);

std::string read_text(const std::filesystem::path& path);
std::string program(const std::string& name);  // its path in the build folder

// A process that ends with this object.
class ChildProcess {
  public:
    ChildProcess(const std::vector<std::string>& arguments, const std::filesystem::path& output);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    void send(int signal) const;
    // Exit code, or 128 + signal; nullopt when it is not over within 20 s.
    std::optional<int> wait();

  private:
    pid_t pid_ = -1;
    std::optional<int> ended_;
};

struct Answer {
    int status = 0;
    Json json;  // null when the body is none
    std::string reason() const { return json.is_object() ? json.value("reason", "") : ""; }
};

class CrpdLab {
  public:
    CrpdLab() : CrpdLab("path = \"crp.db\"\n", {}) {}
    // With these keys in [store], and more options for `crpctl db create`.
    CrpdLab(std::string store_settings, const std::vector<std::string>& create_options);

    // Starts crpd and waits until it is ready; false when it ends before or after 20 s.
    bool start();
    bool launch();  // as start(), but well or not
    void stop(int signal);
    ChildProcess& process() { return *process_; }

    std::uint16_t port() const { return port_; }
    std::shared_ptr<SSL_CTX> context_of(const std::string& caller);

    // A connection that presents the certificate of `caller` ("ndes", "mdm", "admin", "stranger",
    // "expired", "untrusted", or "" for none).
    std::unique_ptr<RawClient> connect(const std::string& caller);
    static Answer ask(RawClient& client, const std::string& method, const std::string& target,
                      const Json& body = nullptr);
    // As above for several threads at once: without holding the answer against the description.
    static Answer exchange(RawClient& client, const std::string& method, const std::string& target,
                           const Json& body);
    // One call on a connection of its own.
    Answer call(const std::string& caller, const std::string& method, const std::string& target,
                const Json& body = nullptr);
    Answer health(const std::string& target);
    std::string metrics();  // the text of /metrics
    // Put into the next configuration written: keys of [state_messages], and whole tables.
    std::string state_message_settings;
    std::string more_tables;
    const TestCa& ca() const { return ca_; }
    Identity issue(const LeafProfile& profile) { return ca_.issue(profile); }

    // What crpctl needs to call as `caller`.
    std::vector<std::string> rest_options(const std::string& caller) const;

    // User, device, policy, template; as "mdm".
    void make_records();
    std::string new_challenge();
    Json verify_body(const std::string& challenge, const std::string& transaction_id);
    static Json verify_body(const std::string& challenge, const std::string& transaction_id,
                            EVP_PKEY* key);
    Json notify_body(const std::string& transaction_id);

    // A new key pair and certificate for crpd, and a new first challenge key; both in the next
    // configuration written.
    void change_server_certificate();
    void add_challenge_key(const std::string& name);

    // Writes the configuration with these callers on the list, by rename, together with what
    // more_server and more_callers hold as TOML.
    void write_config(const std::vector<std::string>& callers);
    std::string more_server;
    std::string more_callers;

    TestCa& ca() { return ca_; }
    TestCa& foreign_ca() { return foreign_ca_; }
    // To connect as; "server" is crpd's own.
    void set_identity(const std::string& name, Identity identity);
    // What was the identity `from` is that of `to` from now on.
    void promote(const std::string& from, const std::string& to);
    std::string pin_of(const std::string& name) const;
    // Waits until standard output holds `text` more than `before` times; false after 20 s.
    bool wait_for_output(const std::string& text, std::size_t before);
    std::size_t count_in_output(const std::string& text) const;
    // Waits until CRP.log, which crpd writes after it has answered, holds `text`; false after 20 s.
    bool wait_for_log(const std::string& text) const;
    // Waits until the inbox holds exactly `files` state messages; false after 20 s.
    bool wait_for_inbox(std::size_t files) const;

    std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
    std::filesystem::path config() const { return path("crpd.toml"); }
    std::filesystem::path output() const { return path("crpd.jsonl"); }

  private:
    TemporaryFolder folder_;
    const std::string store_settings_;
    TestCa ca_;
    TestCa foreign_ca_;
    std::map<std::string, Identity> identities_;
    std::map<std::string, std::shared_ptr<SSL_CTX>> contexts_;
    EvpPkeyPtr device_key_;
    std::vector<std::string> challenge_keys_;
    std::unique_ptr<ChildProcess> process_;
    std::uint16_t port_ = 0;
    std::uint16_t health_port_ = 0;
};

}  // namespace ndes::test
