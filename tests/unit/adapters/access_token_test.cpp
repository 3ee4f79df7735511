// Access tokens: any change of one is found, and none outlives its key, client or secret.
#include "crp-service/adapters/access_token.h"

#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

const WallTime kNow = from_unix_ms(1'780'000'000'000);
const WallTime kEnd = kNow + std::chrono::seconds(600);

std::vector<Secret> keys(std::initializer_list<int> octets) {
    std::vector<Secret> made;
    for (const int octet : octets)
        made.push_back(Secret(Bytes(32, static_cast<std::uint8_t>(octet))));
    return made;
}

Credential client(std::string_view secret) {
    Credential made{"intune", "client", "caller", {}};
    made.secrets.push_back(Secret(secret));
    return made;
}

Credentials list(std::string_view secret) {
    std::vector<Credential> all;
    all.push_back(client(secret));
    return Credentials(std::move(all));
}

bool is_good(const std::vector<Secret>& with, const Credentials& credentials,
             std::string_view token, std::string_view adapter = "intune") {
    return read_access_token(with, credentials, adapter, token, kNow).has_value();
}

}  // namespace

TEST_CASE("a token leads to its client until it ends") {
    const auto token =
        make_access_token(keys({1}), client("secret-of-client"), "secret-of-client", kEnd);
    const Credentials credentials = list("secret-of-client");
    const auto read = read_access_token(keys({1}), credentials, "intune", token, kNow);
    REQUIRE(read);
    CHECK((*read)->caller == "caller");
    CHECK(read_access_token(keys({1}), credentials, "intune", token, kEnd).error() ==
          TokenFault::expired);
    CHECK(token.find("secret-of-client") == std::string::npos);
}

TEST_CASE("every changed, cut or longer token is refused") {
    const auto token =
        make_access_token(keys({1}), client("secret-of-client"), "secret-of-client", kEnd);
    const Credentials credentials = list("secret-of-client");
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        INFO(i);
        CHECK_FALSE(is_good(keys({1}), credentials, changed));
        CHECK_FALSE(is_good(keys({1}), credentials, token.substr(0, i)));
    }
    CHECK_FALSE(is_good(keys({1}), credentials, token + "A"));
    CHECK_FALSE(is_good(keys({1}), credentials, std::string(5000, 'A')));
    CHECK_FALSE(is_good(keys({1}), credentials, "crp1.."));
}

TEST_CASE("a token ends with its key, client, secret and adapter, and lives through a rotation") {
    const auto token =
        make_access_token(keys({1}), client("secret-of-client"), "secret-of-client", kEnd);
    CHECK(is_good(keys({2, 1}), list("secret-of-client"), token));
    CHECK_FALSE(is_good(keys({2}), list("secret-of-client"), token));
    CHECK_FALSE(is_good({}, list("secret-of-client"), token));
    CHECK_FALSE(is_good(keys({1}), list("another-secret-x"), token));
    CHECK_FALSE(is_good(keys({1}), Credentials(), token));
    CHECK_FALSE(is_good(keys({1}), list("secret-of-client"), token, "step_ca"));
}
