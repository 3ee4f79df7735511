#include "crp-service/cli/rest_client.h"

// Boost before cpprestsdk, whose macro U would break it.
#include <boost/asio/ssl.hpp>
#define _TURN_OFF_PLATFORM_STRING
#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include "common/strict_json.h"
#include "common/tls/tls_context.h"
#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

namespace {

using web::http::client::http_client;
using web::http::client::http_client_config;

constexpr std::chrono::seconds kTimeout{15};

ErrorCode code_for(int status) {
    switch (status) {
        case 403: return ErrorCode::forbidden;
        case 404: return ErrorCode::not_found;
        case 409:
        case 412: return ErrorCode::conflict;
        case 503: return ErrorCode::unavailable;
        default:
            return status >= 400 && status < 500 ? ErrorCode::bad_request : ErrorCode::internal;
    }
}

// "ClientCertificateMissing: no client certificate was presented", hint as the next step.
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
    const std::string hint = text("hint");
    return hint.empty() ? error : with_next_step(std::move(error), hint);
}

http_client_config config_for(const RestTarget& target) {
    http_client_config config;
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

RestAnswer exchange(http_client& client, web::http::http_request request) {
    const web::http::http_response response = client.request(std::move(request)).get();
    return {response.status_code(), response.extract_utf8string(true).get()};
}

}  // namespace

struct RestClient::Inside {
    std::string program;
    std::string url;
    http_client client;
};

RestClient::RestClient(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
RestClient::RestClient(RestClient&&) noexcept = default;
RestClient& RestClient::operator=(RestClient&&) noexcept = default;
RestClient::~RestClient() = default;

Result<RestClient> RestClient::open(const RestTarget& target) {
    // Said by our own words first: cpprestsdk tells a missing file as a failed connection.
    auto usable = build_client_context({target.certificate, target.key, target.server_ca});
    if (!usable) return pass_on(usable);
    try {
        return RestClient(std::make_unique<Inside>(
            Inside{target.program->name, target.url, http_client(target.url, config_for(target))}));
    } catch (const std::exception& fault) {
        return fail(ErrorCode::configuration, "\"" + target.url + "\" is no URL", fault.what());
    }
}

Result<std::string> RestClient::call(
    const std::string& method, const std::string& path, const std::string& body,
    const std::vector<std::pair<std::string, std::string>>& headers) {
    try {
        web::http::http_request request(method);
        request.set_request_uri(web::uri(path));
        if (!body.empty()) request.set_body(body, "application/json");
        for (const auto& [name, value] : headers)
            request.headers().add(name, value);
        RestAnswer answer = exchange(inside_->client, std::move(request));
        if (answer.status >= 200 && answer.status <= 299) return std::move(answer.body);
        return Failure(error_of(inside_->program, answer.status, answer.body));
    } catch (const std::exception& fault) {
        return fail(ErrorCode::unavailable, "cannot reach " + inside_->url, fault.what());
    }
}

Result<std::string> call_rest(const RestTarget& target, const std::string& method,
                              const std::string& path, const std::string& body) {
    RestTarget whole = target;
    if (auto known = complete(whole); !known) return pass_on(known);
    auto client = RestClient::open(whole);
    if (!client) return pass_on(client);
    return client->call(method, path, body);
}

Result<RestAnswer> get_plain(const std::string& url, const std::string& path) {
    try {
        http_client_config config;
        config.set_timeout(kTimeout);
        config.set_max_redirects(0);
        http_client client(url, config);
        web::http::http_request request("GET");
        request.set_request_uri(web::uri(path));
        return exchange(client, std::move(request));
    } catch (const std::exception& fault) {
        return fail(ErrorCode::unavailable, "cannot reach " + url, fault.what());
    }
}

}  // namespace ndes::crp::cli
