// The JSON between policy module and CRP: whatever a reader accepts, written again and read again
// is the same.
#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/crp_protocol/notify_v1.h"
#include "common/crp_protocol/verify_v1.h"
#include "common/strict_json.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using namespace ndes::crp_protocol;
using fuzz::demand;

namespace {

template <class Read>
void check_message(std::string_view text, Read read) {
    const auto message = read(text);
    if (!message) {
        demand(!message.error().text.empty(), "a refusal says why");
        return;
    }
    const std::string written = to_json(*message);
    const auto again = read(written);
    demand(again && to_json(*again) == written, "what is written is read the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text({data, size});
    static_cast<void>(parse_json(text));
    check_message(text, verify_request_from_json);
    check_message(text, notify_request_from_json);
    check_message(text, generate_challenge_request_from_json);
    check_message(text, generate_challenge_answer_from_json);
    check_message(text, [](std::string_view json) { return verify_answer_from_json(json, "t-1"); });
    return 0;
}
