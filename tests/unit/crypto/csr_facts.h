// What a request says, as plain lines of text: once as our reader has it, once as OpenSSL's API has
// it. Two readers agree when the lines are equal. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "common/bytes.h"
#include "common/crypto/csr.h"

namespace ndes::test {

std::string facts_by_us(const CertificateRequest& request);

struct OpensslReading {
    std::string facts;
    bool verified = false;  // X509_REQ_verify with the request's own key
};
// Absent when OpenSSL refuses the request or a part of it that the facts need.
std::optional<OpensslReading> read_by_openssl(ByteView der);

}  // namespace ndes::test
