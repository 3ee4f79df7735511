#include "scep-server/message/algorithms.h"

#include <algorithm>
#include <array>

namespace ndes::scep {
namespace {

using namespace std::string_view_literals;

constexpr std::array kCiphers{
    ContentCipher{"\x60\x86\x48\x01\x65\x03\x04\x01\x02"sv, "aes-128-cbc", "aes-128-cbc", 16},
    ContentCipher{"\x60\x86\x48\x01\x65\x03\x04\x01\x16"sv, "aes-192-cbc", "aes-192-cbc", 16},
    ContentCipher{"\x60\x86\x48\x01\x65\x03\x04\x01\x2A"sv, "aes-256-cbc", "aes-256-cbc", 16},
    ContentCipher{"\x2A\x86\x48\x86\xF7\x0D\x03\x07"sv, kTripleDes, kTripleDes, 8},
    // No client is ever answered in single DES: whoever writes it can read 3DES.
    ContentCipher{"\x2B\x0E\x03\x02\x07"sv, kSingleDes, kTripleDes, 8},
};

// Fetching by name costs more than enveloping a short text, so each is fetched once.
struct FetchedCiphers {
    std::array<EVP_CIPHER*, kCiphers.size()> handles{};
    FetchedCiphers() {
        std::ranges::transform(kCiphers, handles.begin(), [](const ContentCipher& cipher) {
            return ::EVP_CIPHER_fetch(nullptr, cipher.reply.data(), nullptr);
        });
    }
};

struct ReplyDigest {
    std::string_view name;
    const char* openssl_name;
};
constexpr std::array kDigests{ReplyDigest{"SHA-256", "SHA256"}, ReplyDigest{"SHA-384", "SHA384"},
                              ReplyDigest{"SHA-512", "SHA512"}, ReplyDigest{kSha1, "SHA1"}};

struct FetchedDigests {
    std::array<EVP_MD*, kDigests.size()> handles{};
    FetchedDigests() {
        std::ranges::transform(kDigests, handles.begin(), [](const ReplyDigest& digest) {
            return ::EVP_MD_fetch(nullptr, digest.openssl_name, nullptr);
        });
    }
};

}  // namespace

const ContentCipher* find_cipher_by_oid(std::string_view oid) {
    const auto found = std::ranges::find(kCiphers, oid, &ContentCipher::oid);
    return found == kCiphers.end() ? nullptr : &*found;
}

const ContentCipher* find_cipher_by_name(std::string_view name) {
    const auto found = std::ranges::find(kCiphers, name, &ContentCipher::name);
    return found == kCiphers.end() ? nullptr : &*found;
}

const EVP_CIPHER* reply_cipher(std::string_view name) {
    static const FetchedCiphers fetched;
    const ContentCipher* cipher = find_cipher_by_name(name);
    if (cipher == nullptr) return nullptr;
    return fetched.handles.at(static_cast<std::size_t>(cipher - kCiphers.data()));
}

bool is_strong_digest(std::string_view name) {
    return name == "SHA-256" || name == "SHA-384" || name == "SHA-512";
}

const EVP_MD* reply_digest(std::string_view name) {
    static const FetchedDigests fetched;
    for (std::size_t i = 0; i < kDigests.size(); ++i) {
        if (kDigests.at(i).name == name) return fetched.handles.at(i);
    }
    return fetched.handles.front();
}

}  // namespace ndes::scep
