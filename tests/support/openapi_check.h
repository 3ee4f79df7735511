// OpenApiCheck: holds real answers against the API's description: is the status one it names, are
// the headers, content type and body as it says, with no field that it does not know.
// Reads the description's JSON form, made at build time. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace ndes::test {

struct SeenAnswer {
    std::string method;
    std::string target;  // of the request, with its query
    int status = 0;
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> headers;  // names as sent
    std::string body;
};

class OpenApiCheck {
  public:
    // Throws std::runtime_error when the file is none.
    explicit OpenApiCheck(const std::filesystem::path& json_file);
    explicit OpenApiCheck(nlohmann::json document) : document_(std::move(document)) {}

    // What is wrong with the answer; "" if nothing. A path or method that is not described has to
    // be answered by a problem.
    std::string fault_in(const SeenAnswer& seen) const;

    // The description of this build.
    static const OpenApiCheck& of_this_build();

  private:
    const nlohmann::json& resolved(const nlohmann::json& node) const;
    const nlohmann::json* find_operation(const std::string& method,
                                         const std::string& target) const;
    std::string fault_in_headers(const nlohmann::json& answer, const SeenAnswer& seen) const;
    std::string fault_in_body(const nlohmann::json& answer, const SeenAnswer& seen) const;
    std::string fault_in_value(const nlohmann::json& schema, const nlohmann::json& value) const;

    nlohmann::json document_;
};

}  // namespace ndes::test
