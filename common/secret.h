// Secret: octets that are wiped on destruction and cannot be printed by accident.
// Knows nothing of what they protect. One owner; not for sharing between threads while changing.
#pragma once

#include <string_view>
#include <utility>

#include <openssl/crypto.h>

#include "common/bytes.h"

namespace ndes {

class Secret {
  public:
    Secret() = default;
    explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
    explicit Secret(std::string_view text) : bytes_(to_bytes(as_bytes(text))) {}
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::move(other.bytes_);
        }
        return *this;
    }
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { wipe(); }

    // The octets, for the one call that needs them; the view dies with this object.
    ByteView expose() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }

  private:
    void wipe() {
        if (!bytes_.empty()) ::OPENSSL_cleanse(bytes_.data(), bytes_.size());
    }
    Bytes bytes_;
};

}  // namespace ndes
