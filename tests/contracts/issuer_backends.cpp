#include "tests/contracts/issuer_backends.h"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/random.h"
#include "common/tls/tls_context.h"
#include "scep-server/issuer/issuer_factory.h"
#include "scep-server/journal/journal.h"

namespace ndes::test {
namespace {

using scep::IssuerConfig;
constexpr const char* kAuthKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text + " " + result.error().detail);
    return std::move(*result);
}

IssuerConfig config_of(const std::string& kind, TestCa& ca) {
    IssuerConfig config;
    config.kind = kind;
    config.certificate_file = ca.certificate_file();
    config.key.file = ca.key_file();
    config.deadline = std::chrono::seconds(20);
    return config;
}

class SimpleBackend : public IssuerBackend {
  public:
    SimpleBackend(const TemporaryFolder& folder, const IssuerConfig& config)
        : journal_(must(scep::Journal::open(folder.path() / "serials.db", true, system_clock()))) {
        open(config);
        issuer_->keep_serials(journal_->serials());
    }
    scep::Issuer& issuer() override { return *issuer_; }

  protected:
    SimpleBackend() = default;
    void open(const IssuerConfig& config) {
        issuer_ = must(scep::make_issuer(config, system_clock(), system_random()));
    }

  private:
    std::unique_ptr<scep::Journal> journal_;  // null where the CA keeps its own
    std::unique_ptr<scep::Issuer> issuer_;
};

std::uint16_t free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    const bool bound = ::bind(probe, any, size) == 0 && ::getsockname(probe, any, &size) == 0;
    ::close(probe);
    if (!bound) throw std::runtime_error("no free port");
    return ::ntohs(address.sin_port);
}

bool listens(std::uint16_t port) {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port);
    const bool connected =
        ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return connected;
}

// Debian's cfssl (golang-cfssl) with one authenticated profile.
class RealCfssl final : public SimpleBackend {
  public:
    RealCfssl(const TemporaryFolder& folder, TestCa& ca) {
        write_text_file(folder.path() / "cfssl.json",
                        std::string(R"({"signing":{"default":{"expiry":"24h","auth_key":"ra",)") +
                            R"("usages":["digital signature","key encipherment","client auth"]}},)"
                            R"("auth_keys":{"ra":{"type":"standard","key":")" +
                            kAuthKey + R"("}}})");
        const std::uint16_t port = free_port();
        start({"/usr/bin/cfssl", "serve", "-loglevel=5", "-address=127.0.0.1",
               "-port=" + std::to_string(port), "-ca=" + ca.certificate_file().string(),
               "-ca-key=" + ca.key_file().string(),
               "-config=" + (folder.path() / "cfssl.json").string()});
        for (int tries = 0; !listens(port); ++tries) {
            if (tries == 200) throw std::runtime_error("cfssl (golang-cfssl) does not start");
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        IssuerConfig config = config_of("cfssl", ca);
        config.url = "http://127.0.0.1:" + std::to_string(port);
        config.auth_key_file = folder.path() / "auth.key";
        write_text_file(config.auth_key_file, std::string(kAuthKey) + "\n");
        ::chmod(config.auth_key_file.c_str(), S_IRUSR | S_IWUSR);
        open(config);
    }
    ~RealCfssl() override {
        if (process_ <= 0) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }

  private:
    void start(std::vector<std::string> arguments) {
        std::vector<char*> pointers;
        for (std::string& argument : arguments)
            pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
        const int fault =
            ::posix_spawn(&process_, pointers.front(), &actions, nullptr, pointers.data(), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        if (fault != 0) throw std::runtime_error("cfssl (golang-cfssl) is not installed");
    }

    pid_t process_ = -1;
};

// An issuer that is answered by a server in this process.
class ServedBackend final : public SimpleBackend {
  public:
    ServedBackend(IssuerConfig config, const http::ServerOptions& options, std::string path,
                  http::Handler handler)
        : server_(must(http::HttpServer::start(options, std::move(handler)))) {
        config.url = (options.tls ? "https://localhost:" : "http://127.0.0.1:") +
                     std::to_string(server_->port()) + path;
        open(config);
    }

  private:
    std::unique_ptr<http::HttpServer> server_;
};

http::Response answer_est(TestCa& ca, const http::Request& request, const http::Peer& peer) {
    if (!peer.certificate) return {403, "text/plain", "no client certificate", {}};
    const bool known = request.path == "/.well-known/est/simpleenroll" ||
                       request.path == "/.well-known/est/simplereenroll";
    if (request.method != "POST" || !known) return {404, "text/plain", "no such path", {}};
    const auto csr = from_base64(request.body);
    if (!csr || request.header("content-type") != "application/pkcs10")
        return {400, "text/plain", "no PKCS#10", {}};
    return {200,
            "application/pkcs7-mime; smime-type=certs-only",
            est_body({sign_request(ca, *csr)}),
            {}};
}

}  // namespace

Wanted::Wanted() {
    static const EvpPkeyPtr key = make_rsa_key();
    contents.subject = "CN=alice,OU=Sales,O=Example";
    contents.subject_alt_names = {{SubjectAltNameType::email, "alice@example.org"},
                                  {SubjectAltNameType::dns, "alice.example.org"}};
    contents.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    contents.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
    contents.validity_days = 1;
    contents.template_name = "GeneralPurpose";
    CsrOptions options;
    options.subject = contents.subject;
    options.challenge = "secret challenge";
    options.subject_alt_names = contents.subject_alt_names;
    options.key_usage = "critical,digitalSignature,keyEncipherment";
    options.extended_key_usage = "clientAuth";
    csr = must(parse_csr(make_csr(key.get(), options)));
}

Certificate sign_request(TestCa& ca, ByteView der, const std::function<void(X509&)>& twist) {
    const unsigned char* cursor = der.data();
    const X509ReqPtr csr(::d2i_X509_REQ(nullptr, &cursor, static_cast<long>(der.size())));
    if (!csr) throw std::runtime_error("not a request");
    const X509Ptr leaf(::X509_new());
    ::X509_set_version(leaf.get(), X509_VERSION_3);
    const Bytes serial = system_random().bytes(12);
    const BignumPtr number(::BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    ::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(leaf.get()));
    ::X509_set_issuer_name(leaf.get(), ::X509_get_subject_name(ca.certificate()));
    ::X509_set_subject_name(leaf.get(), ::X509_REQ_get_subject_name(csr.get()));
    ::X509_set_pubkey(leaf.get(), ::X509_REQ_get0_pubkey(csr.get()));
    ::X509_gmtime_adj(X509_getm_notBefore(leaf.get()), -60);
    ::X509_gmtime_adj(X509_getm_notAfter(leaf.get()), 24L * 3600);
    STACK_OF(X509_EXTENSION)* const asked = ::X509_REQ_get_extensions(csr.get());
    for (int i = 0; i < sk_X509_EXTENSION_num(asked); ++i)
        ::X509_add_ext(leaf.get(), sk_X509_EXTENSION_value(asked, i), -1);
    sk_X509_EXTENSION_pop_free(asked, ::X509_EXTENSION_free);
    if (twist) twist(*leaf);
    if (::X509_sign(leaf.get(), ca.key(), ::EVP_sha256()) <= 0)
        throw std::runtime_error("cannot sign");
    return must(Certificate::from_handle(leaf.get()));
}

std::string est_body(const std::vector<Certificate>& certificates) {
    const CmsPtr cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, CMS_PARTIAL | CMS_DETACHED));
    for (const Certificate& certificate : certificates)
        ::CMS_add1_cert(cms.get(), certificate.handle());
    unsigned char* octets = nullptr;
    const int size = ::i2d_CMS_ContentInfo(cms.get(), &octets);
    const Bytes der(octets, octets + size);
    ::OPENSSL_free(octets);
    std::string text = to_base64(der);
    for (std::size_t at = 64; at < text.size(); at += 66)
        text.insert(at, "\r\n");
    return text;
}

std::unique_ptr<IssuerBackend> make_est_backend(const TemporaryFolder& folder, TestCa& ca,
                                                http::Handler handler,
                                                std::chrono::milliseconds deadline) {
    TestCa tls_ca(folder, "EST TLS CA");
    LeafProfile server_leaf;
    server_leaf.extended_key_usage = "serverAuth";
    LeafProfile client_leaf;
    client_leaf.extended_key_usage = "clientAuth";
    const Identity server = tls_ca.issue(server_leaf);
    const Identity client = tls_ca.issue(client_leaf);
    http::ServerOptions options;
    options.tls = must(build_server_context(
        {server.certificate_file, server.key_file, tls_ca.certificate_file(), {}, true}));
    IssuerConfig config = config_of("est", ca);
    config.server_ca_file = tls_ca.certificate_file();
    config.client_certificate_file = client.certificate_file;
    config.client_key_file = client.key_file;
    config.deadline = deadline;
    return std::make_unique<ServedBackend>(std::move(config), options, "/.well-known/est",
                                           std::move(handler));
}

std::unique_ptr<IssuerBackend> make_cfssl_backend(const TemporaryFolder& folder, TestCa& ca,
                                                  http::Handler handler,
                                                  std::chrono::milliseconds deadline) {
    IssuerConfig config = config_of("cfssl", ca);
    config.auth_key_file = folder.path() / "auth.key";
    write_text_file(config.auth_key_file, kAuthKey);
    ::chmod(config.auth_key_file.c_str(), S_IRUSR | S_IWUSR);
    config.deadline = deadline;
    return std::make_unique<ServedBackend>(std::move(config), http::ServerOptions{}, "",
                                           std::move(handler));
}

std::unique_ptr<IssuerBackend> make_command_backend(const TemporaryFolder& folder, TestCa& ca,
                                                    const std::string& script,
                                                    std::chrono::milliseconds deadline) {
    std::signal(SIGPIPE, SIG_IGN);
    const auto path = folder.path() / "issue.sh";
    write_text_file(path, "#!/bin/bash\n" + script);
    ::chmod(path.c_str(), S_IRWXU);
    IssuerConfig config = config_of("command", ca);
    config.command = {path.string(), ca.certificate_file().string(), ca.key_file().string()};
    config.deadline = deadline;
    return std::make_unique<SimpleBackend>(folder, config);
}

std::unique_ptr<IssuerBackend> make_issuer_backend(const std::string& kind,
                                                   const TemporaryFolder& folder, TestCa& ca) {
    if (kind == "cfssl") return std::make_unique<RealCfssl>(folder, ca);
    if (kind == "est")
        return make_est_backend(folder, ca,
                                [&ca](const http::Request& request, const http::Peer& peer) {
                                    return answer_est(ca, request, peer);
                                });
    if (kind == "command")
        return make_command_backend(folder, ca,
                                    R"SH(exec openssl x509 -req -CA "$1" -CAkey "$2" -days 1 \
    -set_serial "0x$(openssl rand -hex 12)" -copy_extensions copy 2>/dev/null)SH");
    return std::make_unique<SimpleBackend>(folder, config_of(kind, ca));
}

}  // namespace ndes::test
