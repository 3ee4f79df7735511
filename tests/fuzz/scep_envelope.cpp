// EnvelopedData in a pkiMessage, which anybody can sign: pre-reader, then decryption with the RA's
// key, then what a device may have put inside.
#include "common/crypto/csr.h"
#include "scep-server/message/asn1_prefilter.h"
#include "scep-server/message/issuer_and_serial.h"
#include "scep-server/message/pki_message.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;

namespace {

const scep::RaIdentity& ra() {
    static const scep::RaIdentity identity = [] {
        scep::RaIdentity made;
        made.encryption_certificate = fuzz::test_certificate();
        made.decryption_key = fuzz::test_key();
        return made;
    }();
    return identity;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    static_cast<void>(scep::read_issuer_and_serial(input));
    const auto cipher = scep::check_envelope_shape(input);
    if (!cipher) return 0;
    scep::SignedRequest request;
    request.cipher_name = (*cipher)->name;
    request.envelope = to_bytes(input);
    const auto content = scep::open_envelope(request, ra());
    if (!content) {
        demand(content.error().fail_info == scep::FailInfo::bad_message_check &&
                   content.error().error.text == "envelope cannot be opened",
               "every failure to decrypt is the same");
        return 0;
    }
    demand(!content->empty() && content->front() == 0x30, "the content is one SEQUENCE");
    static_cast<void>(parse_csr(*content));
    return 0;
}
