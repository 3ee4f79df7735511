// ENGINE is deprecated in OpenSSL 3, and the one way to a token in Debian 12.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/key_source.h"

#include <memory>
#include <mutex>

#include <openssl/engine.h>

#include "common/crypto/key.h"
#include "common/file.h"

namespace ndes {
namespace {

using EnginePtr = std::unique_ptr<ENGINE, OpensslFree<::ENGINE_free>>;

// Guards the_engine, which is never closed again: keys hold on to it to the end of the process.
std::mutex engine_mutex;
ENGINE* the_engine = nullptr;

Failure engine_failure(const std::string& text) {
    return fail(ErrorCode::configuration, "PKCS#11: " + text, take_openssl_errors());
}

Result<std::string> read_pin(const std::filesystem::path& path) {
    auto text = read_secret_file(path);
    if (!text) return pass_on(text, "pkcs11.pin_file");
    std::string pin(as_text(text->expose()));
    pin.resize(std::min(pin.size(), pin.find_first_of("\r\n")));
    if (pin.empty())
        return fail(ErrorCode::configuration, path.string() + ": the first line holds no PIN");
    return pin;
}

Result<void> set_up(ENGINE& engine, const Pkcs11Options& options, const std::string& pin) {
    const std::string module = options.module.string();
    if (::ENGINE_ctrl_cmd_string(&engine, "MODULE_PATH", module.c_str(), 0) != 1 ||
        ::ENGINE_ctrl_cmd_string(&engine, "PIN", pin.c_str(), 0) != 1)
        return engine_failure("the engine does not take its settings");
    if (::ENGINE_init(&engine) != 1)
        return engine_failure("the module " + module + " cannot be loaded");
    return {};
}

}  // namespace

Result<void> use_pkcs11(const Pkcs11Options& options) {
    const std::lock_guard lock(engine_mutex);
    if (the_engine != nullptr) return {};
    if (std::error_code fault; !std::filesystem::exists(options.module, fault))
        return fail(ErrorCode::configuration,
                    "pkcs11.module: " + options.module.string() + ": there is no such file");
    auto pin = read_pin(options.pin_file);
    if (!pin) return pass_on(pin);
    EnginePtr engine(::ENGINE_by_id("pkcs11"));
    if (!engine)
        return engine_failure("OpenSSL has no engine \"pkcs11\" (libengine-pkcs11-openssl)");
    auto ready = set_up(*engine, options, *pin);
    ::OPENSSL_cleanse(pin->data(), pin->size());
    if (!ready) return ready;
    the_engine = engine.release();
    return {};
}

Result<EvpPkeyPtr> load_key(const KeySource& source) {
    if (source.uri.empty()) return load_private_key(source.file);
    const std::lock_guard lock(engine_mutex);
    if (the_engine == nullptr)
        return fail(ErrorCode::configuration, source.uri + ": needs [pkcs11] in the configuration");
    EvpPkeyPtr key(::ENGINE_load_private_key(the_engine, source.uri.c_str(), nullptr, nullptr));
    if (!key) return engine_failure("no private key at " + source.uri);
    return key;
}

}  // namespace ndes
