// InitLayout: where the files of an installation are; agrees with crp-service/systemd and
// scep-server/systemd. Plain values.
#pragma once

#include <filesystem>

#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

struct InitLayout {
    explicit InitLayout(const InitAnswers& answers)
        : dir(answers.get("dir")),
          crpd_state(answers.get("state_dir") + "/crpd"),
          ndesd_state(answers.get("state_dir") + "/ndesd"),
          crpd_log(answers.get("log_dir") + "/crpd"),
          ndesd_log(answers.get("log_dir") + "/ndesd"),
          ra((answers.local_issuer() ? ndesd_state : ndesd) / "ra"),
          module_store(ndesd_state / "module") {}

    std::filesystem::path dir;
    std::filesystem::path crpd = dir / "crpd";
    std::filesystem::path ndesd = dir / "ndesd";
    std::filesystem::path clients = dir / "clients";      // of crpctl, and for the MDM
    std::filesystem::path tls_ca = dir / "tls-ca";        // made here; root's alone
    std::filesystem::path for_ndesd = dir / "for-ndesd";  // to be carried to ndesd's host
    std::filesystem::path crpd_config = crpd / "crpd.toml";
    std::filesystem::path ndesd_config = ndesd / "ndesd.toml";
    std::filesystem::path module_config = ndesd / "ndes_policy_crp.toml";
    std::filesystem::path client_config = dir / "crpctl.toml";
    std::filesystem::path crpd_state;
    std::filesystem::path ndesd_state;
    std::filesystem::path crpd_log;
    std::filesystem::path ndesd_log;
    // Where ndesd may write when it renews what is in them.
    std::filesystem::path ra;
    std::filesystem::path module_store;
};

}  // namespace ndes::crp::cli
