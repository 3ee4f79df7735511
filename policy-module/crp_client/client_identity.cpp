#include "policy-module/crp_client/client_identity.h"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "common/crypto/certificate.h"
#include "common/tls/tls_context.h"

namespace ndes::policy {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLookInterval{5};

using SharedVerification = std::shared_ptr<ServerVerification>;

void free_verification(void*, void* slot, CRYPTO_EX_DATA*, int, long, void*) {
    std::unique_ptr<SharedVerification> owner(static_cast<SharedVerification*>(slot));
}

// The record belongs to the SSL_CTX: a cancelled call may leave a handshake running on a thread of
// the library after everything else has gone.
int verification_index() {
    static const int index =
        ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_verification);
    return index;
}

// The verification itself is OpenSSL's; only its reason for a refusal is kept, because the HTTP
// library says "Error in SSL handshake" and no more.
int verify_and_record(X509_STORE_CTX* store_context, void*) {
    const int good = ::X509_verify_cert(store_context);
    if (good > 0) return good;
    const auto* ssl = static_cast<const SSL*>(
        ::X509_STORE_CTX_get_ex_data(store_context, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (!ssl) return 0;
    auto* slot = static_cast<SharedVerification*>(
        ::SSL_CTX_get_ex_data(::SSL_get_SSL_CTX(ssl), verification_index()));
    if (!slot) return 0;
    (*slot)->last_error = ::X509_STORE_CTX_get_error(store_context);
    ++(*slot)->refusals;
    return 0;
}

// The HTTP library checks the name too, but falls back to the subject's CN.
bool require_server_name(SSL_CTX* context, const std::string& name) {
    X509_VERIFY_PARAM* parameters = ::SSL_CTX_get0_param(context);
    if (::X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) return true;
    ::ERR_clear_error();
    ::X509_VERIFY_PARAM_set_hostflags(
        parameters, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return ::X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
}

Result<SharedVerification> attach_verification(SSL_CTX* context) {
    auto slot = std::make_unique<SharedVerification>(std::make_shared<ServerVerification>());
    SharedVerification verification = *slot;
    if (::SSL_CTX_set_ex_data(context, verification_index(), slot.get()) != 1)
        return fail(ErrorCode::internal, "SSL_CTX_set_ex_data", take_openssl_errors());
    static_cast<void>(slot.release());  // now freed by free_verification
    ::SSL_CTX_set_cert_verify_callback(context, &verify_and_record, nullptr);
    return verification;
}

// A file that is not there is as wrong a setting as one that cannot be read.
template <class T>
Failure not_usable(Result<T>& failed, std::string_view context) {
    failed.error().code = ErrorCode::configuration;
    return pass_on(failed, context);
}

Result<ServerContext> build_context(const ClientIdentityFiles& files, const fs::path& certificate,
                                    const fs::path& key, const std::string& name) {
    auto context = build_client_context(
        {.certificate = certificate, .key = key, .server_ca = files.server_ca});
    if (!context) return not_usable(context, "TLS client");
    ::SSL_CTX_set_verify(context->get(), SSL_VERIFY_PEER, nullptr);
    if (!require_server_name(context->get(), name))
        return fail(ErrorCode::configuration, "crp.urls: not a usable host name: " + name);
    auto verification = attach_verification(context->get());
    if (!verification) return pass_on(verification);
    return ServerContext{name, std::move(*context), std::move(*verification)};
}

Result<CertificateChoice> choose(const ClientIdentityFiles& files, WallTime now) {
    if (files.certificate.empty()) return choose_certificate(files.store, now);
    auto certificates = load_certificates(files.certificate);
    if (!certificates) return not_usable(certificates, "client certificate");
    return CertificateChoice{files.certificate, files.key, certificates->front(), WallTime::max()};
}

}  // namespace

const ServerContext& ClientIdentity::towards(std::string_view server_name) const {
    return *std::ranges::find(servers, server_name, &ServerContext::name);
}

Result<std::shared_ptr<const ClientIdentity>> load_client_identity(const ClientIdentityFiles& files,
                                                                   WallTime now) {
    auto choice = choose(files, now);
    if (!choice) return pass_on(choice);
    auto identity = std::make_shared<ClientIdentity>();
    for (const std::string& name : files.server_names) {
        auto server = build_context(files, choice->certificate_file, choice->key_file, name);
        if (!server) return pass_on(server);
        identity->servers.push_back(std::move(*server));
    }
    identity->file = choice->certificate_file;
    identity->thumbprint = choice->certificate.sha1();
    identity->not_before = choice->certificate.not_before();
    identity->not_after = choice->certificate.not_after();
    identity->choose_again_at = choice->choose_again_at;
    return std::shared_ptr<const ClientIdentity>(std::move(identity));
}

ClientIdentityKeeper::ClientIdentityKeeper(ClientIdentityFiles files, const Clock& clock, Log& log)
    : files_(std::move(files)), clock_(clock), log_(log) {}

ClientIdentityKeeper::Stamp ClientIdentityKeeper::stamp() const {
    std::vector<fs::path> paths{files_.server_ca};
    if (files_.certificate.empty()) {
        const auto candidates = files_of_store(files_.store.folder);
        paths.insert(paths.end(), candidates.begin(), candidates.end());
    } else {
        paths.insert(paths.end(), {files_.certificate, files_.key});
    }
    Stamp stamp;
    for (const fs::path& path : paths) {
        std::error_code ignored;  // a missing file has a stamp of its own kind
        stamp.emplace_back(path, fs::last_write_time(path, ignored), fs::file_size(path, ignored));
    }
    return stamp;
}

Result<std::unique_ptr<ClientIdentityKeeper>> ClientIdentityKeeper::open(ClientIdentityFiles files,
                                                                         const Clock& clock,
                                                                         Log& log) {
    std::unique_ptr<ClientIdentityKeeper> keeper(
        new ClientIdentityKeeper(std::move(files), clock, log));
    keeper->stamp_ = keeper->stamp();  // before reading: a change in between is seen later
    keeper->looked_at_ = clock.steady_now();
    auto identity = load_client_identity(keeper->files_, clock.now());
    if (!identity) return pass_on(identity);
    keeper->identity_ = std::move(*identity);
    return keeper;
}

std::shared_ptr<const ClientIdentity> ClientIdentityKeeper::current() {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    if (now - looked_at_ < kLookInterval) return identity_;
    looked_at_ = now;
    take_changes();
    warn_of_expiry();
    return identity_;
}

void ClientIdentityKeeper::take_changes() {
    Stamp fresh = stamp();
    const bool due = identity_->choose_again_at <= clock_.now();
    if (fresh == stamp_ && !due) return;
    stamp_ = std::move(fresh);
    auto identity = load_client_identity(files_, clock_.now());
    if (!identity) {
        log_.write(Severity::error,
                   "The changed client certificate, key or trust list cannot be used; the one read "
                   "before stays in use. " +
                       identity.error().text);
        return;
    }
    const bool renewed = (*identity)->thumbprint != identity_->thumbprint;
    identity_ = std::move(*identity);
    if (renewed) log_.write(Severity::info, "NDES thumbprint is " + identity_->thumbprint + ".");
}

void ClientIdentityKeeper::start_warning() {
    const std::lock_guard lock(mutex_);
    warn_of_expiry();
}

void ClientIdentityKeeper::warn_of_expiry() {
    const ClientIdentity& used = *identity_;
    const auto due =
        expiry_.take_due(used.thumbprint, used.not_before, used.not_after, clock_.now());
    if (!due) return;
    log_.write(Severity::warning,
               "NDES client certificate " + used.thumbprint + " expires at " +
                   to_rfc3339(used.not_after) + ", " + within_days(*due) +
                   ". Put a renewed one in its place; it is read within seconds.");
}

}  // namespace ndes::policy
