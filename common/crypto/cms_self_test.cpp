#include "common/crypto/cms_self_test.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes {
namespace {

using namespace std::string_view_literals;

// OBJECT IDENTIFIERs with tag and length.
constexpr auto kAes256Gcm = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2E"sv;
constexpr auto kAes256Ofb = "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2B"sv;
// GCMParameters of 12 octets of vector and 16 of tag: SEQUENCE, OCTET STRING, INTEGER.
constexpr std::size_t kGcmParameters = 19;
constexpr std::size_t kVector = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kPlain = 100;        // lengths around it stay below 128: one octet each
constexpr std::size_t kLongerVector = 80;  // taken from the encrypted content's octets

const Bytes kKey(32, 0x4B);

// AuthEnvelopedData (RFC 5083) in AES-256-GCM for kKey; empty if it cannot be made.
Bytes make_authenticated() {
    const CmsPtr cms(::CMS_AuthEnvelopedData_create(::EVP_aes_256_gcm()));
    const Bytes plain(kPlain, 0x50);
    const BioPtr source(::BIO_new_mem_buf(plain.data(), static_cast<int>(plain.size())));
    auto* key = static_cast<unsigned char*>(::OPENSSL_memdup(kKey.data(), kKey.size()));
    auto* id = static_cast<unsigned char*>(::OPENSSL_memdup("k", 1));
    const bool added = cms && ::CMS_add0_recipient_key(cms.get(), NID_undef, key, kKey.size(), id,
                                                       1, nullptr, nullptr, nullptr) != nullptr;
    if (!added) {
        ::OPENSSL_free(key);
        ::OPENSSL_free(id);
        return {};
    }
    const bool made = ::CMS_set_detached(cms.get(), 0) == 1 &&
                      ::CMS_final(cms.get(), source.get(), nullptr, CMS_BINARY) == 1;
    if (!made) return {};
    unsigned char* octets = nullptr;
    const int size = ::i2d_CMS_ContentInfo(cms.get(), &octets);
    Bytes message(octets, octets + std::max(size, 0));
    ::OPENSSL_free(octets);
    return message;
}

// True if the message is opened, whatever comes out.
bool opens(const Bytes& message) {
    const unsigned char* position = message.data();
    const CmsPtr cms(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(message.size())));
    const BioPtr output(::BIO_new(::BIO_s_mem()));
    Bytes key = kKey;
    return cms && ::CMS_decrypt_set1_key(cms.get(), key.data(), key.size(), nullptr, 0) == 1 &&
           ::CMS_decrypt(cms.get(), nullptr, nullptr, nullptr, output.get(), CMS_BINARY) == 1;
}

// Place of the GCMParameters' first octet; absent if the message is not as expected.
std::optional<std::size_t> parameters_of(const Bytes& message) {
    const auto found = std::search(message.begin(), message.end(), kAes256Gcm.begin(),
                                   kAes256Gcm.end(), [](std::uint8_t octet, char expected) {
                                       return octet == static_cast<unsigned char>(expected);
                                   });
    const auto at = static_cast<std::size_t>(found - message.begin()) + kAes256Gcm.size();
    const std::size_t least = kGcmParameters + 2 + kPlain + 2 + kTag;
    if (at + least > message.size() || message[at] != 0x30 || message[at + 3] != kVector)
        return std::nullopt;
    return at;
}

void put(Bytes& message, std::size_t at, std::string_view octets) {
    std::ranges::transform(octets, message.begin() + static_cast<std::ptrdiff_t>(at),
                           [](char octet) { return static_cast<std::uint8_t>(octet); });
}

// Another cipher, a vector of its own in an OCTET STRING (its length in the long form, so that all
// stays as long as it was).
Bytes with_stream_cipher(Bytes message, std::size_t parameters) {
    put(message, parameters - kAes256Ofb.size(), kAes256Ofb);
    put(message, parameters, "\x04\x81\x10"sv);
    return message;
}

// The tag's first octet alone, its length in fifteen.
Bytes with_short_tag(Bytes message) {
    const std::size_t tag = message.size() - kTag - 2;
    message.back() = message[tag + 2];
    put(message, tag, std::string("\x04\x8F") + std::string(14, '\0') + "\x01");
    return message;
}

// The same with the parameters saying so too.
Bytes with_short_tag(const Bytes& message, std::size_t parameters) {
    Bytes changed = with_short_tag(message);
    changed[parameters + kGcmParameters - 1] = 1;
    return changed;
}

// A longer vector in front, at the cost of the encrypted content.
Bytes with_long_vector(Bytes message, std::size_t parameters) {
    const std::size_t content = parameters + kGcmParameters;
    const auto longer = [&](std::size_t at) {
        message[at] = static_cast<std::uint8_t>(message[at] + kLongerVector);
    };
    longer(parameters - kAes256Gcm.size() - 1);  // AlgorithmIdentifier
    longer(parameters + 1);
    longer(parameters + 3);
    const std::size_t moved = kGcmParameters - 4 - kVector + 2;  // the INTEGER, [0] and its length
    std::array<std::uint8_t, 8> behind{};
    std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(content + 2 - moved), moved,
                behind.begin());
    behind.at(moved - 1) = static_cast<std::uint8_t>(kPlain - kLongerVector);
    std::copy_n(behind.begin(), moved,
                message.begin() + static_cast<std::ptrdiff_t>(content + 2 - moved + kLongerVector));
    return message;
}

unsigned try_all() {
    const Bytes message = make_authenticated();
    const auto parameters = parameters_of(message);
    if (!parameters || !opens(message)) return kTrialImpossible;
    unsigned flaws = 0;
    if (opens(with_stream_cipher(message, *parameters))) flaws |= kOpensRewrittenCipher;
    if (opens(with_short_tag(message)) || opens(with_short_tag(message, *parameters)))
        flaws |= kOpensShortTag;
    if (opens(with_long_vector(message, *parameters))) flaws |= kOverrunsOnLongVector;
    return flaws;
}

Failure refuse_library(const std::string& flaw) {
    return fail(ErrorCode::configuration,
                std::string("this OpenSSL (") + ::OpenSSL_version(OPENSSL_VERSION) + ") " + flaw +
                    "; install the distribution's security update of libssl (Debian 12: 3.0.22)");
}

}  // namespace

Result<void> self_test_cms() {
    const pid_t child = ::fork();
    if (child < 0) return fail(ErrorCode::unavailable, "no process for the self-test of OpenSSL");
    if (child == 0) {
        // What the C library says of a smashed stack is told by the parent in its own words.
        const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
        ::_exit(static_cast<int>(try_all()));
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return fail(ErrorCode::unavailable, "the self-test of OpenSSL was lost");
    }
    return judge_cms_trials(status);
}

Result<void> judge_cms_trials(int wait_status) {
    if (!WIFEXITED(wait_status))
        return refuse_library("crashes on a malformed CMS message (CVE-2025-15467)");
    const auto flaws = static_cast<unsigned>(WEXITSTATUS(wait_status));
    if (flaws == 0) return {};
    if ((flaws & kOpensRewrittenCipher) != 0)
        return refuse_library("opens CMS messages whose cipher was altered (CVE-2026-34182)");
    if ((flaws & kOpensShortTag) != 0)
        return refuse_library("opens CMS messages with a tag of one octet (CVE-2026-34182)");
    if ((flaws & kOverrunsOnLongVector) != 0)
        return refuse_library("takes CMS vectors longer than its buffer (CVE-2025-15467)");
    return refuse_library("cannot make or open authenticated CMS messages");
}

}  // namespace ndes
