#include "scep-server/issuer/issuer_factory.h"

#include "scep-server/issuer/local_issuer.h"

namespace ndes::scep {

Result<std::unique_ptr<Issuer>> make_issuer(const IssuerConfig& config, const Clock& clock,
                                            Random& random) {
    if (config.kind == "local")
        return make_local_issuer({config.certificate_file, config.key_file, config.backdate,
                                  config.hash, config.crl_file},
                                 clock, random);
    return fail(ErrorCode::configuration,
                "issuer.kind: there is no issuer \"" + config.kind + "\"");
}

}  // namespace ndes::scep
