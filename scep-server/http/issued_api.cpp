#include "scep-server/http/issued_api.h"

#include <algorithm>
#include <utility>

#include "common/http_server/url.h"
#include "common/strict_json.h"
#include "scep-server/http/api_answer.h"
#include "scep-server/issuer/crl_builder.h"

namespace ndes::scep {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kIssuedPath = "/api/v1/issued";
constexpr std::string_view kCrl = "/api/v1/crl";
constexpr const char* kNotRevocable = "NotRevocable";
constexpr const char* kLift = "removeFromCRL";
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMaxSerialOctets = 20;

ordered_json issued_item(const SerialEntry& entry) {
    ordered_json item{{"id", entry.id},
                      {"serial", entry.serial},
                      {"state", entry.revocation ? "revoked" : std::string(to_string(entry.state))},
                      {"subject", entry.subject},
                      {"transactionId", entry.transaction_id},
                      {"csrSha256", entry.csr_sha256},
                      {"certificateSha256", entry.certificate_sha256},
                      {"caSpkiSha256", entry.ca},
                      {"intendedAt", to_rfc3339(entry.intended_at)},
                      {"notAfter", nullptr},
                      {"revokedAt", nullptr},
                      {"reason", nullptr},
                      {"revokedBy", nullptr}};
    if (entry.not_after) item["notAfter"] = to_rfc3339(*entry.not_after);
    if (entry.revocation) {
        item["revokedAt"] = to_rfc3339(entry.revocation->at);
        item["reason"] = std::string(to_string(entry.revocation->reason));
        item["revokedBy"] = entry.revocation->by;
    }
    return item;
}

// As the journal has it: lower case, without colons and leading zero octets ("00:AB" is "ab").
Result<std::string> read_serial(std::string text) {
    std::erase(text, ':');
    if (text.size() % 2 == 1) text.insert(text.begin(), '0');
    auto octets = from_hex(text);
    if (!octets || octets->empty() || octets->size() > kMaxSerialOctets + 1)
        return fail(ErrorCode::bad_request, "a serial number is 1 to 20 octets in hex");
    const auto first = std::ranges::find_if(*octets, [](std::uint8_t octet) { return octet != 0; });
    if (first == octets->end()) return fail(ErrorCode::bad_request, "no serial number is 0");
    return to_hex(ByteView(*octets).subspan(static_cast<std::size_t>(first - octets->begin())));
}

// Absent: unspecified.
Result<std::string> read_crl_reason(const std::string& body) {
    if (body.empty()) return std::string(to_string(RevocationReason::unspecified));
    auto json = parse_json(body, body.size());
    if (!json || !json->is_object())
        return fail(ErrorCode::bad_request, "the body is no JSON object");
    JsonReader reader(*json);
    std::string word =
        reader.text_or("reason", std::string(to_string(RevocationReason::unspecified)), kMaxWord);
    if (auto done = reader.finish(); !done) return pass_on(done);
    if (word == kLift || reason_of_word(word)) return word;
    return fail(ErrorCode::bad_request, "reason: is no word of RFC 5280's CRLReason");
}

}  // namespace

bool IssuedApi::serves(std::string_view path) {
    return is_below(kIssuedPath, path) || path == kCrl;
}

http::Response IssuedApi::handle(const http::Request& request, const Login& login) {
    if (auto problem = problem_of_operator(login)) return std::move(*problem);
    auto segments = http::decode_segments(request.target);
    if (!segments) return json_problem(400, "BadRequest", segments.error().text);
    if (request.path == kCrl) {
        if (request.method == "GET") return crl(request);
    } else if (segments->size() == 3) {
        if (request.method == "GET") return list(request);
    } else if (segments->size() == 5 && segments->at(4) == "revoke") {
        if (request.method == "POST") return revoke(request, segments->at(3), login);
    } else {
        return json_problem(404, "NotFound", "nothing is served here");
    }
    return json_problem(405, "MethodNotAllowed", "GET shows, POST revokes");
}

http::Response IssuedApi::list(const http::Request& request) {
    auto page = read_page_query(request.query);
    if (!page) return problem_of(page.error(), kNotRevocable);
    auto entries = desk_.list(page->after, static_cast<std::size_t>(page->limit));
    if (!entries) return problem_of(entries.error(), kNotRevocable);
    ordered_json body{{"items", ordered_json::array()}, {"next", nullptr}};
    for (const SerialEntry& entry : *entries)
        body["items"].push_back(issued_item(entry));
    if (entries->size() == static_cast<std::size_t>(page->limit))
        body["next"] = std::to_string(entries->back().id);
    return json_answer(body);
}

http::Response IssuedApi::revoke(const http::Request& request, const std::string& serial_text,
                                 const Login& login) {
    auto serial = read_serial(serial_text);
    if (!serial) return problem_of(serial.error(), kNotRevocable);
    auto word = read_crl_reason(request.body);
    if (!word) return problem_of(word.error(), kNotRevocable);
    const auto reason = reason_of_word(*word);
    auto outcome = reason ? desk_.revoke(*serial, *reason, login.caller->name)
                          : desk_.release(*serial, login.caller->name);
    if (!outcome) return problem_of(outcome.error(), kNotRevocable);
    const auto& revocation = outcome->entry.revocation;
    ordered_json body{{"serial", *serial},
                      {"state", revocation ? "revoked" : "good"},
                      {"reason", *word},
                      {"revokedAt", nullptr},
                      {"crlNumber", nullptr}};
    if (revocation) body["revokedAt"] = to_rfc3339(revocation->at);
    if (outcome->crl_number) body["crlNumber"] = *outcome->crl_number;
    return json_answer(body);
}

http::Response IssuedApi::crl(const http::Request& request) {
    auto parameters = http::parse_query(request.query);
    if (!parameters) return json_problem(400, "BadRequest", parameters.error().text);
    std::string profile;
    for (const auto& [name, value] : *parameters) {
        if (name != "profile")
            return json_problem(400, "BadRequest", "query: profile=NAME is known");
        profile = value;
    }
    auto der = desk_.crl(profile);
    if (!der) return problem_of(der.error(), kNotRevocable);
    auto pem = crl_pem(*der);
    if (!pem) return problem_of(pem.error(), kNotRevocable);
    return {200, "application/x-pem-file", std::move(*pem), {}};
}

}  // namespace ndes::scep
