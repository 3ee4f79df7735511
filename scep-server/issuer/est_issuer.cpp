#include "scep-server/issuer/est_issuer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "scep-server/issuer/ca_connection.h"

namespace ndes::scep {
namespace {

struct CertificatesFree {
    void operator()(STACK_OF(X509) * list) const { sk_X509_pop_free(list, ::X509_free); }
};

// The certificates of a certs-only CMS message (RFC 7030 section 4.1.3), base64 with or without
// line ends (RFC 8951 section 3.1). Empty when it is none.
std::vector<Certificate> read_certs_only(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; });
    const auto der = from_base64(text);
    if (!der) return {};
    const unsigned char* cursor = der->data();
    const CmsPtr cms(::d2i_CMS_ContentInfo(nullptr, &cursor, static_cast<long>(der->size())));
    const std::unique_ptr<STACK_OF(X509), CertificatesFree> list(cms ? ::CMS_get1_certs(cms.get())
                                                                     : nullptr);
    std::vector<Certificate> certificates;
    for (int i = 0; list && i < sk_X509_num(list.get()); ++i)
        if (auto one = Certificate::from_handle(sk_X509_value(list.get(), i)))
            certificates.push_back(std::move(*one));
    take_openssl_errors();
    return certificates;
}

// Answers that speak of this request. 401, 403 and 404 speak of us or of the URL, the rest of the
// server.
bool is_refusal(int status) { return status == 400 || status == 409 || status == 422; }

class EstIssuer final : public IssuerOfKnownCa {
  public:
    EstIssuer(KnownCa known, std::unique_ptr<CaConnection> connection)
        : IssuerOfKnownCa(std::move(known)), connection_(std::move(connection)) {}

    Result<IssueAnswer> issue(const IssueRequest& request) override {
        auto response = connection_->post(
            request.renewal ? "/simplereenroll" : "/simpleenroll",
            {{"content-type", "application/pkcs10"}, {"content-transfer-encoding", "base64"}},
            to_base64(request.csr->der));
        if (!response) return pass_on(response, "EST");
        if (response->status == 202)  // section 4.2.3: the same request again later
            return IssueAnswer{IssueState::pending, {}, "the EST server holds the request"};
        const std::string status = "EST: HTTP status " + std::to_string(response->status);
        if (is_refusal(response->status))
            return refused(status + " " + first_words(response->body));
        if (response->status != 200)
            return fail(ErrorCode::unavailable, status, first_words(response->body));
        auto certificates = read_certs_only(std::move(response->body));
        if (certificates.empty())
            return fail(ErrorCode::unavailable, "EST: the answer holds no certificate");
        return issued(std::move(certificates), *request.csr);
    }

    Result<void> reload(WallTime now) override {
        auto ca = IssuerOfKnownCa::reload(now);
        auto connection = connection_->reload();
        return ca ? connection : ca;
    }

  private:
    const std::unique_ptr<CaConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<Issuer>> make_est_issuer(KnownCa ca, EstIssuerOptions options) {
    if (!options.url.starts_with("https:"))
        return fail(ErrorCode::configuration, "issuer.url: EST is spoken over https alone");
    auto connection = CaConnection::open(
        {options.url,
         {options.client_certificate_file, options.client_key_file, options.server_ca_file},
         options.deadline});
    if (!connection) return pass_on(connection);
    return std::unique_ptr<Issuer>(
        std::make_unique<EstIssuer>(std::move(ca), std::move(*connection)));
}

}  // namespace ndes::scep
