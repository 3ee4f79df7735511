#include "scep-server/message/legacy_provider.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>

#include "common/crypto/openssl_ptr.h"

namespace ndes::scep {
namespace {

OSSL_LIB_CTX* make_context() {
    OSSL_LIB_CTX* context = ::OSSL_LIB_CTX_new();
    if (context == nullptr) return nullptr;
    const bool loaded = ::OSSL_PROVIDER_load(context, "default") != nullptr &&
                        ::OSSL_PROVIDER_load(context, "legacy") != nullptr;
    if (loaded) return context;
    take_openssl_errors();
    ::OSSL_LIB_CTX_free(context);
    return nullptr;
}

}  // namespace

OSSL_LIB_CTX* legacy_library_context() {
    static OSSL_LIB_CTX* const context = make_context();
    return context;
}

}  // namespace ndes::scep
