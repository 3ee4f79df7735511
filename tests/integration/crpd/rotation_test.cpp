// Rotations under load: server certificate, client certificate, trust list, CRL and caller list are
// replaced by turns, as certbot and Kubernetes do it, without a signal and without one failed call.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "common/crypto/certificate.h"
#include "tests/catch.h"
#include "tests/integration/crpd/crpd_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

namespace fs = std::filesystem;

constexpr const char* kReloaded = "Configuration reloaded";
constexpr const char* kRequest = "GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\n\r\n";

// What the load presents; replaced by the rotation.
class Presented {
  public:
    void replace(std::shared_ptr<SSL_CTX> context) {
        const std::lock_guard<std::mutex> lock(mutex_);
        context_ = std::move(context);
        ++generation_;
    }
    std::pair<std::shared_ptr<SSL_CTX>, int> get() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return {context_, generation_};
    }

  private:
    mutable std::mutex mutex_;  // guards both for a copy
    std::shared_ptr<SSL_CTX> context_;
    int generation_ = 0;
};

// Calls without pause, on one connection or on a new one each time.
class Load {
  public:
    Load(std::uint16_t port, const Presented& presented, bool keep_alive)
        : thread_([=, this, &presented] { run(port, presented, keep_alive); }) {}
    ~Load() {
        stop_ = true;
        thread_.join();
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    int calls() const { return calls_; }
    int failures() const { return failures_; }
    // Waits until a call has been answered that presented this generation.
    bool wait_for(int generation) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (answered_ < generation) {
            if (std::chrono::steady_clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return true;
    }

  private:
    void run(std::uint16_t port, const Presented& presented, bool keep_alive) {
        std::unique_ptr<RawClient> client;
        int connected = 0;
        while (!stop_) {
            const auto [context, generation] = presented.get();
            if (!client || !keep_alive || connected != generation) {
                client = std::make_unique<RawClient>(port, context.get());
                connected = generation;
            }
            const RawResponse response = client->ask(kRequest);
            ++calls_;
            if (response.status != 200) ++failures_;
            answered_ = generation;
        }
    }

    std::atomic<bool> stop_{false};
    std::atomic<int> calls_{0};
    std::atomic<int> failures_{0};
    std::atomic<int> answered_{0};
    std::thread thread_;
};

// A folder of files behind a symbolic link that is swapped, as Kubernetes mounts its secrets.
class SwappedFolder {
  public:
    explicit SwappedFolder(fs::path folder) : folder_(std::move(folder)) {
        fs::create_directory(folder_);
    }

    // `files`: name in the folder → file whose contents it has from now on.
    void put(const std::map<std::string, fs::path>& files) {
        const std::string version = "..v" + std::to_string(++version_);
        fs::create_directory(folder_ / version);
        for (const auto& [name, from] : files) {
            fs::copy_file(from, folder_ / version / name);
            if (version_ == 1) fs::create_symlink(fs::path("..data") / name, folder_ / name);
        }
        fs::create_directory_symlink(version, folder_ / "..data_new");
        fs::rename(folder_ / "..data_new", folder_ / "..data");
        if (version_ > 1) fs::remove_all(folder_ / ("..v" + std::to_string(version_ - 1)));
    }
    fs::path path(const std::string& name) const { return folder_ / name; }

  private:
    fs::path folder_;
    int version_ = 0;
};

LeafProfile profile_for(const std::string& usage) {
    LeafProfile profile;
    profile.extended_key_usage = usage;
    return profile;
}

class Rotation {
  public:
    Rotation() : server_(lab.path("tls")) {
        rotate_server();
        put_crl();
        lab.more_server = "client_crl_file = \"live.crl\"\n";
        trust_ = lab.ca().certificate_file();
        write_callers();
    }

    void turn(int number) {
        switch (number % 5) {
            case 0: return expect_reload([this] { rotate_server(); });
            case 1: return expect_reload([this] { put_crl(); });
            case 2: return expect_reload([this] { rotate_trust(); });
            case 3: return expect_reload([this] { write_callers(); });
            default: return rotate_client();
        }
    }

    CrpdLab lab;
    Presented presented;
    std::vector<const Load*> loads;

  private:
    void expect_reload(const std::function<void()>& change) {
        const std::size_t before = lab.count_in_output(kReloaded);
        change();
        REQUIRE(lab.wait_for_output(kReloaded, before));
    }

    void rotate_server() {
        Identity next = lab.ca().issue(profile_for("serverAuth"));
        server_.put({{"crp.pem", next.certificate_file}, {"crp.key", next.key_file}});
        next.certificate_file = server_.path("crp.pem");
        next.key_file = server_.path("crp.key");
        lab.set_identity("server", std::move(next));
    }

    void put_crl() { fs::rename(lab.ca().write_crl({}), lab.path("live.crl")); }

    // The list gains and loses a second CA, in place (not by rename).
    void rotate_trust() {
        const std::string own = to_pem(lab.ca().certificate());
        has_second_ = !has_second_;
        write_text_file(trust_, has_second_ ? own + to_pem(lab.foreign_ca().certificate()) : own);
    }

    void write_callers() {
        lab.more_callers = "# " + std::to_string(++written_) + "\n" + overlap_;
        lab.write_config({"ndes", "mdm", "admin"});
    }

    // Current and next pin together, then the load goes over, then the old pin goes.
    void rotate_client() {
        Identity next = lab.ca().issue(profile_for("clientAuth"));
        lab.set_identity("next", std::move(next));
        overlap_ = "[[caller]]\nname = \"mdm-next\"\nroles = [\"mdm\"]\nspki_sha256 = [\"" +
                   lab.pin_of("next") + "\"]\n";
        expect_reload([this] { write_callers(); });
        presented.replace(lab.context_of("next"));
        for (const Load* load : loads)
            REQUIRE(load->wait_for(presented.get().second));
        lab.promote("next", "mdm");
        overlap_.clear();
        expect_reload([this] { write_callers(); });
    }

    SwappedFolder server_;
    fs::path trust_;
    std::string overlap_;
    bool has_second_ = false;
    int written_ = 0;
};

}  // namespace

TEST_CASE("a hundred rotations under load fail no call") {
    Rotation rotation;
    REQUIRE(rotation.lab.start());
    rotation.presented.replace(rotation.lab.context_of("mdm"));
    const Load keeping(rotation.lab.port(), rotation.presented, true);
    const Load reconnecting(rotation.lab.port(), rotation.presented, false);
    rotation.loads = {&keeping, &reconnecting};
    for (int number = 0; number < 100; ++number) {
        INFO(number);
        rotation.turn(number);
        REQUIRE(keeping.failures() == 0);
        REQUIRE(reconnecting.failures() == 0);
    }
    CHECK(keeping.calls() > 100);
    CHECK(reconnecting.calls() > 100);
    WARN("calls during 100 rotations: " << keeping.calls() << " on one connection, "
                                        << reconnecting.calls() << " on new ones");
}

TEST_CASE("a half-done rotation changes nothing, is told once, and is made up for by its end") {
    CrpdLab lab;
    const auto server = lab.path("server.pem");
    const auto key = lab.path("server.key");
    Identity first = lab.ca().issue(profile_for("serverAuth"));
    const Identity second = lab.ca().issue(profile_for("serverAuth"));
    fs::copy_file(first.certificate_file, server);
    fs::copy_file(first.key_file, key);
    first.certificate_file = server;
    first.key_file = key;
    lab.set_identity("server", std::move(first));
    lab.write_config({"ndes", "mdm", "admin"});
    REQUIRE(lab.start());

    fs::copy_file(second.certificate_file, lab.path("new.pem"));
    fs::rename(lab.path("new.pem"), server);
    REQUIRE(lab.wait_for_output("Configuration not reloaded", 0));
    CHECK(lab.call("mdm", "GET", "/api/v1/users").status == 200);
    fs::copy_file(second.key_file, lab.path("new.key"));
    fs::rename(lab.path("new.key"), key);
    REQUIRE(lab.wait_for_output(kReloaded, 0));
    CHECK(lab.count_in_output("Configuration not reloaded") == 1);
    CHECK(lab.call("mdm", "GET", "/api/v1/users").status == 200);
}
