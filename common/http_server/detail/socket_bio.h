// A BIO on a socket that never raises SIGPIPE, which OpenSSL's own (write(2)) does.
#pragma once

#include "common/crypto/openssl_ptr.h"

namespace ndes::http {

// `socket`: non-blocking descriptor, borrowed. Null if there is no memory.
BioPtr make_socket_bio(int socket);

}  // namespace ndes::http
