#include "scep-server/http/scep_endpoint.h"

#include <utility>

#include "common/http_server/url.h"
#include "common/logging/cmtrace.h"

namespace ndes::scep {
namespace {

// What administrators of the original look for: with a policy module loaded, a browser that opens
// the URL is told 403, and that means that all is well.
constexpr const char* kBasePage =
    "<!DOCTYPE html>\n<html><head><title>Network Device Enrollment</title></head><body>\n"
    "<h1>403 - Forbidden</h1>\n"
    "<p>This address is for devices that enrol by SCEP. It is in service, and a policy module "
    "decides on every request; there is nothing to see here.</p>\n</body></html>\n";

http::Response plain(int status, std::string text) {
    return {status, "text/plain; charset=utf-8", std::move(text) + "\n", {}};
}

http::Response method_not_allowed(const char* allowed) {
    http::Response response = plain(405, "method not allowed here");
    response.headers.emplace_back("Allow", allowed);
    return response;
}

// A PrintableString may hold a space, which must not end a header value.
std::string header_value(const std::string& transaction_id) {
    return http::percent_encode(transaction_id);
}

}  // namespace

std::string capabilities_text(const ScepConfig& config, bool offers_next_ca) {
    std::string text = "AES\n";
    if (config.allow_3des) text += "DES3\n";
    if (offers_next_ca) text += "GetNextCACert\n";
    text += "POSTPKIOperation\n";
    if (config.allow_renewal) text += "Renewal\n";
    if (config.legacy_des_sha1) text += "SHA-1\n";
    return text + "SHA-256\nSHA-384\nSHA-512\nSCEPStandard\n";
}

ScepEndpoint::ScepEndpoint(const ScepConfig& config, const CurrentRa& ra, Enrollment& enrollment,
                           Log& log)
    : path_(config.path),
      max_message_(config.max_message),
      capabilities_(capabilities_text(config, false)),
      capabilities_with_next_(capabilities_text(config, true)),
      ra_(ra),
      enrollment_(enrollment),
      log_(log) {}

http::Response ScepEndpoint::handle(const http::Request& request, const http::Peer& peer) {
    if (!is_scep_path(path_, request.path)) return plain(404, "nothing is served here");
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (!reads && request.method != "POST") return method_not_allowed("GET, HEAD, POST");
    auto query = read_scep_query(request.query);
    if (!query) return refuse(400, kNoOperation, query.error().text, peer);
    if (query->operation == ScepOperation::unknown)
        return refuse(400, kNoOperation,
                      "operation \"" + loggable(query->operation_text, 64) +
                          "\" is unknown; known are GetCACaps, GetCACert, GetCACertChain, "
                          "GetNextCACert, PKIOperation",
                      peer);
    return reads ? get(request, *query, peer) : post(request, *query, peer);
}

http::Response ScepEndpoint::get(const http::Request& request, const ScepQuery& query,
                                 const http::Peer& peer) {
    const auto ra = ra_.get();
    switch (query.operation) {
        case ScepOperation::get_ca_caps:
            return {200,
                    "text/plain",
                    ra->next_ca_body.empty() ? capabilities_ : capabilities_with_next_,
                    {}};
        case ScepOperation::get_ca_cert:
            return {200, ra->get_ca_cert_type, ra->get_ca_cert_body, {}};
        case ScepOperation::get_ca_cert_chain:
            return {200, "application/x-x509-ca-ra-cert-chain", ra->ca_chain_body, {}};
        case ScepOperation::get_next_ca_cert:
            if (!ra->next_ca_body.empty())
                return {200, "application/x-x509-next-ca-cert", ra->next_ca_body, {}};
            return refuse(404, kGetCaCertificateFailed, "this CA has no successor yet", peer);
        case ScepOperation::pki_operation: break;
        case ScepOperation::none:
        case ScepOperation::unknown: return {403, "text/html; charset=utf-8", kBasePage, {}};
    }
    if (request.method == "HEAD") return method_not_allowed("GET, POST");
    if (query.message.empty())
        return refuse(400, kNoMessage, "PKIOperation by GET needs message=", peer);
    auto message = decode_get_message(query.message, max_message_);
    if (!message)
        return refuse(message.error().code == ErrorCode::too_large ? 414 : 400, kFailToConvert,
                      message.error().text, peer);
    return enrol(*message, peer);
}

// RFC 8894 section 4.3: a POST is a PKIOperation, whether it says so or not.
http::Response ScepEndpoint::post(const http::Request& request, const ScepQuery& query,
                                  const http::Peer& peer) {
    if (query.operation != ScepOperation::pki_operation && query.operation != ScepOperation::none)
        return method_not_allowed("GET, HEAD");
    if (request.body.empty()) return refuse(400, kNoMessage, "the POST has no body", peer);
    if (request.body.size() > max_message_)
        return refuse(413, kFailToConvert,
                      "message: over " + std::to_string(max_message_) + " octets", peer);
    return enrol(as_bytes(request.body), peer);
}

http::Response ScepEndpoint::enrol(ByteView message, const http::Peer& peer) {
    EnrollmentAnswer answer = enrollment_.answer(message, peer.address);
    http::Response response;
    switch (answer.kind) {
        case EnrollmentAnswer::Kind::cert_rep:
            response = {200, "application/x-pki-message", std::string(as_text(answer.message)), {}};
            break;
        case EnrollmentAnswer::Kind::malformed:
            response = plain(400, "the body is not a SCEP message");
            break;
        case EnrollmentAnswer::Kind::unavailable:
            response = plain(503, "the request cannot be decided now; repeat it later");
            response.headers.emplace_back("Retry-After",
                                          std::to_string(answer.retry_after.count()));
            break;
    }
    response.headers.emplace_back("Cache-Control", "no-store");
    if (!answer.transaction_id.empty())
        response.headers.emplace_back("X-Ndes-Transaction", header_value(answer.transaction_id));
    return response;
}

http::Response ScepEndpoint::refuse(int status, NdesEvent event, const std::string& text,
                                    const http::Peer& peer) {
    note_event(
        log_, Severity::warning, event, "refused: " + text,
        {{"cause", text}, {"device_address", peer.address}, {"status", std::to_string(status)}});
    return plain(status, text);
}

}  // namespace ndes::scep
