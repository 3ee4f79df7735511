// A pkiMessage as it comes from a device: pre-reader, attributes, algorithms, signature.
#include "scep-server/message/pki_message.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    scep::AlgorithmPolicy lax;
    lax.legacy_des_sha1 = true;
    const auto request = scep::read_signed({data, size}, lax);
    if (!request) {
        demand(!request.error().error.text.empty(), "a refusal says why");
        return 0;
    }
    demand(!request->transaction_id.empty() && request->transaction_id.size() <= 255,
           "a transaction ID has 1 to 255 octets");
    demand(request->sender_nonce.size() >= 8 && request->sender_nonce.size() <= 64,
           "a nonce has 8 to 64 octets");
    demand(request->message_type != scep::MessageType::cert_rep, "a reply is no request");
    demand(request->signer.handle() != nullptr, "a request has a signer");
    demand(!request->digest_name.empty() && !request->cipher_name.empty(),
           "a request has a digest and a cipher");
    const auto again = scep::read_signed({data, size}, lax);
    demand(again && again->envelope == request->envelope, "reading twice gives the same");
    return 0;
}
