#include "scep-server/issuer/issuer_factory.h"

#include "scep-server/issuer/cfssl_issuer.h"
#include "scep-server/issuer/command_issuer.h"
#include "scep-server/issuer/est_issuer.h"
#include "scep-server/issuer/local_issuer.h"

namespace ndes::scep {

Result<std::unique_ptr<Issuer>> make_issuer(const IssuerConfig& config, const Clock& clock,
                                            Random& random) {
    auto ca = load_known_ca(config.certificate_file, config.crl_file, clock.now());
    if (!ca) return pass_on(ca);
    if (config.kind == "local")
        return make_local_issuer(std::move(*ca), {config.key, config.backdate, config.hash}, clock,
                                 random);
    if (config.kind == "cfssl")
        return make_cfssl_issuer(std::move(*ca),
                                 {config.url, config.auth_key_file, config.server_ca_file,
                                  config.profile, config.label, config.deadline});
    if (config.kind == "est")
        return make_est_issuer(std::move(*ca),
                               {config.url, config.server_ca_file, config.client_certificate_file,
                                config.client_key_file, config.deadline});
    if (config.kind == "command")
        return make_command_issuer(std::move(*ca), {config.command, config.deadline});
    return fail(ErrorCode::configuration,
                "issuer.kind: there is no issuer \"" + config.kind + "\"");
}

}  // namespace ndes::scep
