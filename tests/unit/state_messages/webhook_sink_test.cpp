// One delivery to a real receiver over mutual TLS: what it sees, and what its answers mean.
#include "crp-service/state_messages/webhook_sink.h"

#include <atomic>
#include <mutex>
#include <set>

#include "crp-service/state_messages/webhook_signature.h"
#include "tests/support/scripted_tls_server.h"
#include "tests/unit/common/fakes.h"
#include "tests/unit/state_messages/webhook_bench.h"

using namespace std::chrono_literals;
using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

// What a sink makes of one answer.
Result<void> answered(int status, const std::string& retry_after = {}) {
    auto server = start_tls_server({}, [&](const http::Request&, const http::Peer&) {
        http::Response response;
        response.status = status;
        if (!retry_after.empty()) response.headers = {{"Retry-After", retry_after}};
        return response;
    });
    WebhookBench bench(server->port());
    WebhookSink sink(bench.options, bench.material(), system_clock());
    const std::vector<StateMessage> message = {sample_message("m-1", "a")};
    auto results = sink.deliver(message);
    REQUIRE(results.size() == 1);
    return results[0];
}

}  // namespace

TEST_CASE("the receiver sees a signed event under the client certificate") {
    http::Request seen;
    bool certificate = false;
    auto server = start_tls_server({}, [&](const http::Request& request, const http::Peer& peer) {
        seen = request;
        certificate = peer.certificate != nullptr;
        return http::Response{204, {}, {}, {}};
    });
    WebhookBench bench(server->port());
    bench.options.secret_files.push_back(
        bench.secret_file("two.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    FakeClock clock("2026-11-20T12:00:00.900Z");
    WebhookSink sink(bench.options, bench.material(), clock);
    const std::vector<StateMessage> message = {sample_message("m-1", "tx-1")};
    REQUIRE(sink.deliver(message)[0]);
    CHECK(certificate);
    CHECK(seen.method == "POST");
    CHECK(seen.path == "/hook");
    CHECK(seen.header("content-type") == "application/cloudevents+json");
    CHECK(seen.header("webhook-id") == "m-1");
    CHECK(seen.header("webhook-timestamp") == "1795176000");
    const auto material = bench.material();
    REQUIRE(material->secrets.size() == 2);
    CHECK(seen.header("webhook-signature") ==
          sign_webhook(material->secrets, "m-1", "1795176000", seen.body));
    CHECK(parse_json(seen.body)->at("subject") == "tx-1");
}

TEST_CASE("what the receiver's answers mean") {
    for (int status : {200, 202, 204})
        CHECK(answered(status));
    CHECK(answered(410).error().code == ErrorCode::not_found);
    for (int status : {429, 502, 503, 504}) {
        CAPTURE(status);
        CHECK(is_retryable(answered(status).error().code));
    }
    for (int status : {301, 307, 400, 401, 404, 500, 501}) {
        CAPTURE(status);
        const auto result = answered(status);
        CHECK(result.error().code == ErrorCode::internal);
        CHECK(result.error().text == "the receiver answered " + std::to_string(status));
    }
    CHECK(answered(503, "120").error().retry_after == 120s);
    CHECK(answered(429, "999999999").error().retry_after == 3600s);
    CHECK_FALSE(answered(503, "Wed, 21 Oct 2026 07:28:00 GMT").error().retry_after);
    CHECK_FALSE(answered(503, "-1").error().retry_after);
}

TEST_CASE("a batch goes out side by side, and stops where the receiver is down") {
    std::atomic<int> open{0};
    std::atomic<int> most{0};
    std::atomic<int> taken{0};
    Gate gate;
    auto server = start_tls_server([](http::ServerOptions& options) { options.worker_threads = 8; },
                                   [&](const http::Request&, const http::Peer&) {
                                       most = std::max(most.load(), ++open);
                                       gate.pass();
                                       --open;
                                       ++taken;
                                       return http::Response{taken > 20 ? 503 : 200, {}, {}, {}};
                                   });
    WebhookBench bench(server->port());
    bench.options.connections = 4;
    WebhookSink sink(bench.options, bench.material(), system_clock());
    std::vector<StateMessage> messages;
    for (int i = 0; i < 100; ++i)
        messages.push_back(sample_message(std::to_string(i), std::to_string(i)));
    std::jthread opener([&] {
        gate.wait_for(4);
        gate.open();
    });
    const auto results = sink.deliver(messages);
    CHECK(most == 4);
    CHECK(results.size() >= 21);
    CHECK(results.size() <= 28);
    CHECK(server->counters().connections_accepted == 4);
}

TEST_CASE("a rotated secret and trust list are in force for the next delivery") {
    std::string signature;
    auto server = start_tls_server({}, [&](const http::Request& request, const http::Peer&) {
        signature = std::string(request.header("webhook-signature"));
        return http::Response{};
    });
    WebhookBench bench(server->port());
    WebhookSink sink(bench.options, bench.material(), system_clock());
    const std::vector<StateMessage> message = {sample_message("m-1", "a")};
    REQUIRE(sink.deliver(message)[0]);
    const std::string before = signature;
    bench.options.secret_files = {
        bench.secret_file("new.key", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")};
    sink.replace(bench.material());
    REQUIRE(sink.deliver(message)[0]);
    CHECK(signature != before);

    TestCa other(bench.folder, "Another CA");
    bench.options.server_ca = other.certificate_file();
    sink.replace(bench.material());
    const auto result = sink.deliver(message)[0];
    REQUIRE_FALSE(result);
    CHECK(is_retryable(result.error().code));
}
