// Intune's access: the settings of [adapters.intune], who calls (client secret or access token),
// the token endpoint and the discovery of the service. The ScepActions stand in intune.cpp.
// Handlers and proofs: any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/secret.h"
#include "crp-service/adapters/adapter_list.h"

namespace ndes::crp {

inline constexpr std::string_view kIntuneName = "intune";

class Intune final : public Adapter {
  public:
    std::string tenant;    // first segment of the token endpoint's path
    std::string base_url;  // of this crpd as its callers reach it, without a "/" at the end
    std::vector<std::filesystem::path> token_key_files;  // the first signs, all are tried
    std::chrono::seconds token_lifetime{600};
    std::vector<Secret> token_keys;

    std::vector<std::filesystem::path> files() const override { return token_key_files; }
    Result<void> load() override;
};

std::shared_ptr<Adapter> read_intune_settings(ConfigTable& table, bool enabled);

// By client_id and client_secret, in the form or as Basic (RFC 6749 section 2.3.1).
tl::expected<std::string, Problem> prove_intune_client(const http::Request& request,
                                                       const LiveParts& parts, WallTime now);
// By an access token.
tl::expected<std::string, Problem> prove_intune_token(const http::Request& request,
                                                      const LiveParts& parts, WallTime now);

Answer give_intune_token(const Call& call);
Answer tell_intune_endpoints(const Call& call);

}  // namespace ndes::crp
