// A service on free ports of this machine, whose policy module allows the lab's templates.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "common/random.h"
#include "scep-server/service.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

namespace ndes::test {

struct ServiceSetting {
    ServiceSetting() {
        lab.profile().policy.module =
            std::filesystem::path(NDES_BINARY_DIR) / "sample/allow_all.so";
        lab.profile().policy.module_config = lab.folder / "templates.txt";
        write_text(lab.profile().policy.module_config, "Signature\nGeneralPurpose\n");
        lab.config.server.listen = {"127.0.0.1", 0};
        lab.config.health = {"127.0.0.1", 0};
    }

    Result<std::unique_ptr<scep::Service>> start() {
        return scep::Service::start(lab.config, log, lab.clock, system_random());
    }
    std::unique_ptr<scep::Service> started() {
        auto service = start();
        if (!service) INFO(service.error().text << " " << service.error().detail);
        REQUIRE(service);
        return std::move(*service);
    }

    Lab lab;
    RecordingLog log;
};

}  // namespace ndes::test
