// ScepEndpoint: SCEP's operations over HTTP (RFC 8894 section 4). Bytes in, bytes out.
// Knows no CMS, policy or journal. Called from many threads at once.
#pragma once

#include <cstddef>
#include <string>

#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/enroll/enrollment.h"
#include "scep-server/enroll/ndes_event.h"
#include "scep-server/enroll/ra_material.h"
#include "scep-server/http/scep_request.h"

namespace ndes::scep {

// The answer to GetCACaps: one word a line (RFC 8894 section 3.5.2). What SCEPStandard implies is
// listed too, for old clients, and SHA-384, without which strongSwan 5.9 refuses AES.
// `offers_next_ca`: GetNextCACert has an answer.
std::string capabilities_text(const ScepConfig& config, bool offers_next_ca);

class ScepEndpoint {
  public:
    // The references outlive the endpoint.
    ScepEndpoint(const ScepConfig& config, const CurrentRa& ra, Enrollment& enrollment, Log& log);

    http::Response handle(const http::Request& request, const http::Peer& peer);

  private:
    http::Response get(const http::Request& request, const ScepQuery& query,
                       const http::Peer& peer);
    http::Response post(const http::Request& request, const ScepQuery& query,
                        const http::Peer& peer);
    http::Response enrol(ByteView message, const http::Peer& peer);
    http::Response refuse(int status, NdesEvent event, const std::string& text,
                          const http::Peer& peer);

    std::string path_;
    std::size_t max_message_;
    std::string capabilities_;  // without GetNextCACert
    std::string capabilities_with_next_;
    const CurrentRa& ra_;
    Enrollment& enrollment_;
    Log& log_;
};

}  // namespace ndes::scep
