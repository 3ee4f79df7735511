// What a SCEP request over HTTP asks for: path, operation and message (RFC 8894 sections 4.1-4.3).
// Knows no CMS. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes::scep {

enum class ScepOperation {
    none,
    get_ca_caps,
    get_ca_cert,
    get_ca_cert_chain,  // of the drafts before RFC 8894; Windows' clients ask for it
    get_next_ca_cert,
    pki_operation,
    unknown
};

struct ScepQuery {
    ScepOperation operation = ScepOperation::none;
    std::string operation_text;  // as sent
    bool has_message = false;
    std::string message;  // percent-decoded
};

// True for `base` itself, with and without its last '/', and for any path below it ("mscep.dll",
// "mscep.dll/pkiclient.exe": clients append what they like). Ignores ASCII case, as IIS does.
bool is_scep_path(std::string_view base, std::string_view path);

// Reads operation and message; other parameters are ignored. The names and the operations' words
// are case-sensitive. bad_request on a malformed escape or a parameter given twice.
Result<ScepQuery> read_scep_query(std::string_view query);

// The message of a GET: base64 or base64url, padded or not, with or without line ends; a space
// counts as '+', which is what some clients' libraries make of it. bad_request when it is not
// that, too_large over `limit` octets.
Result<Bytes> decode_get_message(std::string_view text, std::size_t limit);

}  // namespace ndes::scep
