// cpprest_post URL: one POST with cpprestsdk's client; exit 0 for an answer, 1 for an exception.
#include <cstdio>
#include <exception>

#include <cpprest/http_client.h>

int main(int, char** argv) {
    try {
        web::http::client::http_client_config config;
        config.set_validate_certificates(false);
        config.set_timeout(std::chrono::seconds(5));
        web::http::client::http_client client(argv[1], config);
        const auto response =
            client.request(web::http::methods::POST, "/", "{}", "application/json").get();
        response.content_ready().wait();
        std::printf("%d\n", static_cast<int>(response.status_code()));
        return 0;
    } catch (const std::exception& fault) {
        std::printf("%s\n", fault.what());
        return 1;
    }
}
