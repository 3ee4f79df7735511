// openapi_answers FILE: holds answers that a test kept (one JSON object a line: method, target,
// status, headers, body) against the API's description; prints what is wrong. 0: all are right.
#include <cstdio>
#include <fstream>
#include <string>

#include "tests/support/openapi_check.h"

int main(int count, char** arguments) {
    using nlohmann::json;
    std::ifstream file(count == 2 ? arguments[1] : "");
    if (!file) {
        std::fprintf(stderr, "usage: openapi_answers FILE\n");
        return 2;
    }
    int answers = 0;
    int faults = 0;
    for (std::string line; std::getline(file, line); ++answers) {
        const json kept = json::parse(line);
        ndes::test::SeenAnswer seen{kept["method"], kept["target"], kept["status"], "", {},
                                    kept["body"]};
        for (const json& header : kept["headers"]) {
            seen.headers.emplace_back(header[0], header[1]);
            if (seen.headers.back().first == "Content-Type") {
                seen.content_type = seen.headers.back().second;
            }
        }
        const std::string fault = ndes::test::OpenApiCheck::of_this_build().fault_in(seen);
        if (fault.empty()) continue;
        ++faults;
        std::printf("%s %s answered %d: %s\n", seen.method.c_str(), seen.target.c_str(),
                    seen.status, fault.c_str());
    }
    return answers > 0 && faults == 0 ? 0 : 1;
}
