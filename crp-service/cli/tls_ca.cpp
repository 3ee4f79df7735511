#include "crp-service/cli/tls_ca.h"

namespace ndes::crp::cli {

std::filesystem::path tls_ca_beside(const std::filesystem::path& daemon_config) {
    return std::filesystem::absolute(daemon_config).parent_path().parent_path() / "tls-ca";
}

bool is_of_tls_ca(const Certificate& certificate, const std::filesystem::path& folder) {
    const auto ca = load_certificates(folder / "ca.pem");
    return ca && !certificate.is_self_signed() && certificate.is_issued_by(ca->front());
}

}  // namespace ndes::crp::cli
