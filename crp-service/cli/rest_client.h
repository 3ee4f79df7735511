// RestClient: crpctl's calls to the REST API of crpd, or of ndesd, over mutual TLS.
// Knows no path or record; cpprestsdk is seen only in the .cpp. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/error.h"
#include "crp-service/cli/connection.h"

namespace ndes::crp::cli {

struct RestAnswer {
    int status = 0;
    std::string body;
};

// Longest answer that is read.
inline constexpr std::size_t kMaxAnswerOctets = 16 * 1024 * 1024;

// One connection for several calls.
class RestClient {
  public:
    // configuration when a file of `target` cannot be used. Connects with the first call.
    static Result<RestClient> open(const RestTarget& target);
    RestClient(RestClient&&) noexcept;
    RestClient& operator=(RestClient&&) noexcept;
    ~RestClient();

    // The body of a 2xx answer. unavailable when crpd cannot be reached or does not answer within
    // 15 s; forbidden, not_found, conflict or bad_request with reason and detail of the
    // answer's problem, its hint as the next step; internal for any other answer.
    Result<std::string> call(const std::string& method, const std::string& path,
                             const std::string& body = {},
                             const std::vector<std::pair<std::string, std::string>>& headers = {});

  private:
    struct Inside;
    explicit RestClient(std::unique_ptr<Inside> inside);
    std::unique_ptr<Inside> inside_;
};

// One call on a connection of its own; as RestClient::call.
Result<std::string> call_rest(const RestTarget& target, const std::string& method,
                              const std::string& path, const std::string& body = {});

// GET without TLS identity, for the health listener; any status is an answer.
Result<RestAnswer> get_plain(const std::string& url, const std::string& path);

}  // namespace ndes::crp::cli
