// KeySource: where a private key lies: in a PEM file, or in a PKCS#11 token, which signs and
// decrypts itself and never hands it out. What is loaded is used through EVP_PKEY either way.
// Tokens are reached by OpenSSL's ENGINE "pkcs11" (libengine-pkcs11-openssl), since Debian 12 has
// no provider for them. use_pkcs11: once, before any other thread; load_key: any thread.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

struct KeySource {
    KeySource() = default;
    KeySource(std::filesystem::path path, std::string token_uri = {})
        : file(std::move(path)), uri(std::move(token_uri)) {}

    std::filesystem::path file;  // see load_private_key
    std::string uri;             // "pkcs11:token=…;object=…" (RFC 7512) instead, without a PIN

    bool empty() const { return file.empty() && uri.empty(); }
    std::string text() const { return uri.empty() ? file.string() : uri; }  // for messages
};

struct Pkcs11Options {
    std::filesystem::path module;    // the token maker's library
    std::filesystem::path pin_file;  // its first line is the user PIN; its owner's alone
};

// Opens the engine for the life of the process. configuration, naming the file or what is missing.
Result<void> use_pkcs11(const Pkcs11Options& options);

// configuration, naming the file or URI; also for a URI without use_pkcs11 before.
Result<EvpPkeyPtr> load_key(const KeySource& source);

}  // namespace ndes
