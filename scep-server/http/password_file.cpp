#include "scep-server/http/password_file.h"

#include <utility>

#include "common/crypto/openssl_ptr.h"
#include "common/file.h"

namespace ndes::scep {
namespace {

constexpr std::uint64_t kCost = 1UL << 14;  // "ln=14"
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kMaxMemory = 32UL << 20;
constexpr std::size_t kSaltOctets = 16;
constexpr std::size_t kHashOctets = 32;
constexpr std::string_view kScheme = "$scrypt$ln=14,r=8,p=1$";

Result<Bytes> scrypt(std::string_view password, ByteView salt) {
    Bytes hash(kHashOctets);
    if (::EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), kCost,
                         kBlockSize, 1, kMaxMemory, hash.data(), hash.size()) != 1)
        return fail(ErrorCode::internal, "scrypt failed", take_openssl_errors());
    return hash;
}

}  // namespace

Result<std::string> hash_password(std::string_view name, std::string_view password,
                                  Random& random) {
    if (name.empty() || name.find_first_of(":\r\n#") != std::string_view::npos)
        return fail(ErrorCode::bad_request, "the user name is empty or holds ':' or '#'");
    if (password.empty()) return fail(ErrorCode::bad_request, "the password is empty");
    const Bytes salt = random.bytes(kSaltOctets);
    auto hash = scrypt(password, salt);
    if (!hash) return pass_on(hash);
    return std::string(name) + ":" + std::string(kScheme) + to_base64url(salt) + "$" +
           to_base64url(*hash);
}

Result<PasswordFile> PasswordFile::load(const std::filesystem::path& path) {
    auto text = read_secret_file(path);
    if (!text) return pass_on(text, "password file");
    PasswordFile file;
    std::string_view rest = as_text(text->expose());
    for (int number = 1; !rest.empty(); ++number) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const std::size_t colon = line.find(':');
        const std::string_view name = line.substr(0, colon);
        line.remove_prefix(colon == std::string_view::npos ? line.size() : colon + 1);
        const bool known = line.starts_with(kScheme);
        if (known) line.remove_prefix(kScheme.size());
        const std::size_t dollar = line.find('$');
        auto salt = from_base64url(line.substr(0, dollar));
        auto hash = from_base64url(dollar == std::string_view::npos ? "" : line.substr(dollar + 1));
        if (!known || !salt || !hash || salt->empty() || hash->size() != kHashOctets ||
            !file.entries_.try_emplace(std::string(name), Entry{*salt, *hash}).second)
            return fail(ErrorCode::configuration,
                        "password file " + path.string() + ", line " + std::to_string(number) +
                            ": is not, or not for the first time, a line of ndesd --hash-password");
    }
    return file;
}

bool PasswordFile::matches(const std::string& name, std::string_view password) const {
    static const Entry kNobody{Bytes(kSaltOctets, 0), Bytes(kHashOctets, 0)};
    const auto found = entries_.find(name);
    const bool known = found != entries_.end();
    const Entry& entry = known ? found->second : kNobody;
    const auto hash = scrypt(password, entry.salt);
    return hash && equal_constant_time(*hash, entry.hash) && known;
}

}  // namespace ndes::scep
