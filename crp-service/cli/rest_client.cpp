#include "crp-service/cli/rest_client.h"

// Boost before cpprestsdk, whose macro U would break it.
#include <boost/asio/ssl.hpp>
#define _TURN_OFF_PLATFORM_STRING
#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include "common/strict_json.h"
#include "common/tls/tls_context.h"

namespace ndes::crp::cli {

namespace {

constexpr std::chrono::seconds kTimeout{15};
constexpr std::size_t kMaxAnswerOctets = 8 * 1024 * 1024;

ErrorCode code_for(int status) {
    switch (status) {
        case 403: return ErrorCode::forbidden;
        case 404: return ErrorCode::not_found;
        case 409: return ErrorCode::conflict;
        case 503: return ErrorCode::unavailable;
        default:
            return status >= 400 && status < 500 ? ErrorCode::bad_request : ErrorCode::internal;
    }
}

// "ClientCertificateMissing: no client certificate was presented", hint as detail.
Error error_of(const std::string& program, int status, const std::string& body) {
    Error error{
        code_for(status), program + " answered " + std::to_string(status), {}, std::nullopt};
    const auto problem = parse_json(body, kMaxAnswerOctets);
    if (!problem || !problem->is_object()) return error;
    const auto text = [&](const char* field) {
        const auto found = problem->find(field);
        return found != problem->end() && found->is_string() ? found->get<std::string>() : "";
    };
    error.text += " " + text("reason") + ": " + text("detail");
    error.detail = text("hint");
    return error;
}

web::http::client::http_client_config config_for(const RestTarget& target) {
    web::http::client::http_client_config config;
    config.set_timeout(kTimeout);
    config.set_max_redirects(0);  // a redirect would carry our certificate to another host
    config.set_ssl_context_callback([target](boost::asio::ssl::context& context) {
        SSL_CTX* handle = context.native_handle();
        // cpprestsdk has loaded the system's authorities; only ours shall count.
        ::SSL_CTX_set_cert_store(handle, ::X509_STORE_new());
        ::SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
        context.load_verify_file(target.server_ca.string());
        context.use_certificate_chain_file(target.certificate.string());
        context.use_private_key_file(target.key.string(), boost::asio::ssl::context::pem);
    });
    return config;
}

Result<std::string> exchange(const RestTarget& target, const std::string& method,
                             const std::string& path, const std::string& body) {
    web::http::client::http_client client(web::uri(target.url).authority(), config_for(target));
    web::http::http_request request(method);
    request.set_request_uri(web::uri(path));
    if (!body.empty()) request.set_body(body, "application/json");
    const web::http::http_response response = client.request(request).get();
    const std::string text = response.extract_utf8string(true).get();
    const int status = response.status_code();
    if (status < 200 || status > 299) return Failure(error_of(target.program, status, text));
    return text;
}

}  // namespace

std::shared_ptr<RestTarget> add_rest_options(CLI::App& command, const RestProgram& program) {
    auto target = std::make_shared<RestTarget>();
    target->program = program.name;
    command.add_option("--url", target->url, program.url_help)
        ->envname(program.url_variable)
        ->required();
    command.add_option("--ca", target->server_ca, "PEM: who issued the server's certificate")
        ->envname("CRP_CA")
        ->required();
    command.add_option("--cert", target->certificate, "PEM: the caller's certificate")
        ->envname("ADMIN_CERT")
        ->required();
    command.add_option("--key", target->key, "PEM: the caller's key")
        ->envname("ADMIN_KEY")
        ->required();
    return target;
}

Result<std::string> call_rest(const RestTarget& target, const std::string& method,
                              const std::string& path, const std::string& body) {
    // Said by our own words first: cpprestsdk tells a missing file as a failed connection.
    const auto usable = build_client_context({target.certificate, target.key, target.server_ca});
    if (!usable) return Failure(usable.error());
    try {
        return exchange(target, method, path, body);
    } catch (const std::exception& fault) {
        return fail(ErrorCode::unavailable, "cannot reach " + target.url, fault.what());
    }
}

}  // namespace ndes::crp::cli
