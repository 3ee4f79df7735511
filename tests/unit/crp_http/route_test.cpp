// The route table, and the API's description held against it.
#include "crp-service/http/routes.h"

#include <fstream>
#include <set>
#include <sstream>

#include "common/http_server/url.h"
#include "crp-service/http/problem.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

RouteMatch match(std::string_view method, std::string_view target) {
    return find_route(method, http::decode_segments(target).value());
}

// "GET /path {roles}" of every operation in the OpenAPI file. A plain scan: the file indents by
// two per level, paths at two, methods at four, x-roles at six.
std::set<std::string> described_operations() {
    std::ifstream file(NDES_SOURCE_DIR "/schema/crp-v1.openapi.yaml");
    REQUIRE(file.good());
    std::set<std::string> operations;
    std::string path, method, line;
    while (std::getline(file, line)) {
        if (line == "components:") break;
        if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
        for (const std::string word : {"get", "put", "post", "delete"}) {
            if (line == "    " + word + ":") method = word;
        }
        if (line.starts_with("      x-roles: ")) {
            std::string upper;
            for (char c : method)
                upper += static_cast<char>(std::toupper(c));
            operations.insert(upper + " " + path + " " + line.substr(15));
        }
    }
    return operations;
}

std::string roles_text(RoleSet roles) {
    std::string text;
    for (Role role : {Role::ndes, Role::mdm, Role::admin, Role::monitor}) {
        if (roles.has(role)) text += (text.empty() ? "" : ", ") + std::string(to_string(role));
    }
    return "[" + text + "]";
}

}  // namespace

TEST_CASE("the API's description has exactly the routes of the table") {
    std::set<std::string> routed;
    for (const Route& route : all_routes()) {
        routed.insert(std::string(route.method) + " " + std::string(route.pattern) + " " +
                      roles_text(route.roles));
    }
    CHECK(described_operations() == routed);
}

TEST_CASE("the API's description names every reason of a problem") {
    std::ifstream file(NDES_SOURCE_DIR "/schema/crp-v1.openapi.yaml");
    std::stringstream text;
    text << file.rdbuf();
    for (const ProblemKind& kind : all_problems()) {
        INFO(kind.reason);
        CHECK(text.str().find("        - " + std::string(kind.reason) + "\n") != std::string::npos);
    }
}

TEST_CASE("a path leads to its route and tells what stood for the identifier") {
    const RouteMatch found = match("GET", "/api/v1/devices/phone-1?x=y");
    REQUIRE(found.route != nullptr);
    CHECK(found.route->pattern == "/api/v1/devices/{id}");
    CHECK(found.parameter == "phone-1");
}

TEST_CASE("a slash inside an identifier does not end it") {
    const RouteMatch found = match("GET", "/api/v1/transactions/a%2Fb%3D");
    REQUIRE(found.route != nullptr);
    CHECK(found.parameter == "a/b=");
}

TEST_CASE("HEAD is answered by what answers GET") {
    CHECK(match("HEAD", "/api/v1/users").route != nullptr);
}

TEST_CASE("paths that do not exist have no methods") {
    const std::string target = GENERATE(
        as<std::string>{}, "/", "/api", "/api/v1/usersx", "/api/v1/users/a/b", "/api/v1/users/",
        "/CMCertificateRegistration/Certificate", "/cmcertificateregistration", "/api/v1//users");
    INFO(target);
    const RouteMatch found = match("GET", target);
    CHECK(found.route == nullptr);
    CHECK(found.allow.empty());
}

TEST_CASE("a wrong method is told which ones the path has") {
    const RouteMatch found = match("POST", "/api/v1/users/alice");
    CHECK(found.route == nullptr);
    CHECK(found.allow == "PUT, GET, DELETE");
    CHECK(match("GET", "/api/v1/challenges").allow == "GET, POST");
}
