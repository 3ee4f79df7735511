// The only file of the module that sees cpprestsdk. Compiled with _TURN_OFF_PLATFORM_STRING: the
// library's macro U() would break Boost's headers.
#include "policy-module/crp_client/https_crp_client.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>

#include <unistd.h>

#include <boost/asio/ssl/context.hpp>

#include <cpprest/http_client.h>
#include <pplx/pplxcancellation_token.h>
#include <pplx/threadpool.h>

#include "policy-module/crp_client/call_slots.h"
#include "policy-module/crp_client/tls_fault.h"

namespace ndes::policy {
namespace {

using web::http::http_exception;
using web::http::http_request;
using web::http::http_response;
using web::http::client::http_client;
using web::http::client::http_client_config;

constexpr std::size_t kPoolThreads = 2;

// The library's threads inherit the mask of the thread that starts them: the host's signal
// handling must stay with the host's threads.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

  private:
    sigset_t before_{};
};

// The process in which the library's threads run; 0 before the first use. One per loaded module,
// as the pool is: a fork copies the number but not the threads.
std::atomic<pid_t> pool_process{0};

bool start_pool_or_find_it_here() {
    const pid_t here = ::getpid();
    pid_t expected = 0;
    if (!pool_process.compare_exchange_strong(expected, here)) return expected == here;
    const AllSignalsBlocked blocked;
    try {
        crossplat::threadpool::initialize_with_threads(kPoolThreads);
    } catch (const std::exception&) {
        // The host uses the library itself and was first: its pool serves us as well.
    }
    return true;
}

// One http_client with its pool of kept connections, all made under one identity.
struct Session {
    std::shared_ptr<const ClientIdentity> identity;
    std::shared_ptr<const ServerVerification> verification;
    http_client client;
};

// Where a call and its continuation meet. Shared by both: the call may have left at its deadline.
class Exchange {
  public:
    void finish(Outcome<CrpResponse> result) {
        {
            const std::lock_guard lock(mutex_);
            if (!result_) result_ = std::move(result);
        }
        done_.notify_one();
    }
    // Empty when the deadline came first.
    std::optional<Outcome<CrpResponse>> wait_until(SteadyTime deadline) {
        std::unique_lock lock(mutex_);
        done_.wait_until(lock, deadline, [this] { return result_.has_value(); });
        return result_;
    }

  private:
    std::mutex mutex_;  // guards result_; held for a move
    std::condition_variable done_;
    std::optional<Outcome<CrpResponse>> result_;
};

struct AnswerRefused : std::exception {
    explicit AnswerRefused(const char* why) : why_(why) {}
    const char* what() const noexcept override { return why_; }
    const char* why_;
};

constexpr const char* kSpeaksForCrp =
    "Look whether crp.urls names the CRP itself and not a proxy or another service.";

// Type and subtype alone: "application/json; charset=utf-8" → "application/json".
std::string media_type(const std::string& header) {
    std::string type = header.substr(0, header.find(';'));
    while (!type.empty() && type.back() == ' ')
        type.pop_back();
    std::transform(type.begin(), type.end(), type.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return type;
}

// Our CRP states every length. The library breaks on some chunked bodies, and a body without a
// length ends wherever the connection does, so neither is read.
const char* fault_in_headers(const http_response& response) {
    const auto& headers = response.headers();
    if (headers.has("Transfer-Encoding")) return "the answer is chunked";
    if (response.status_code() == web::http::status_codes::NoContent) return nullptr;
    std::uint64_t length = 0;
    if (!headers.match("Content-Length", length)) return "the answer does not state its length";
    if (length > kMaxResponseOctets) return "the answer is over-long";
    return nullptr;
}

class HttpsCrpClient final : public CrpClient {
  public:
    HttpsCrpClient(HttpsCrpClientOptions options, ClientIdentityKeeper& keeper, const Clock& clock)
        : options_(std::move(options)),
          keeper_(keeper),
          clock_(clock),
          slots_(std::make_shared<CallSlots>(options_.max_calls)) {}

    ~HttpsCrpClient() override {
        // A forked child has the session's memory without the threads that finish its work.
        if (!session_ || pool_process == ::getpid()) return;
        auto kept = std::make_unique<std::shared_ptr<Session>>(std::move(session_));
        static_cast<void>(kept.release());  // for ever, as what it waits for never comes
    }

    Outcome<CrpResponse> post(const CrpCall& call) override {
        Destination destination{options_.host + ":" + std::to_string(options_.port),
                                options_.base_path + call.path};
        auto response = guarded_post(call, destination.path);
        if (response)
            response->destination = std::move(destination);
        else
            response.error().destination = std::move(destination);
        return response;
    }

  private:
    Outcome<CrpResponse> guarded_post(const CrpCall& call, const std::string& path) {
        try {
            return checked_post(call, path);
        } catch (const std::exception& error) {
            return fault(FaultKind::failed,
                         std::string("the HTTP library failed: ") + error.what());
        } catch (...) {
            return fault(FaultKind::failed, "the HTTP library failed");
        }
    }
    Outcome<CrpResponse> checked_post(const CrpCall& call, const std::string& path);
    std::shared_ptr<Session> session_under(const std::shared_ptr<const ClientIdentity>& identity);
    void forget(const std::shared_ptr<Session>& session);
    http_client_config config_for(const std::shared_ptr<const ClientIdentity>& identity) const;

    const HttpsCrpClientOptions options_;
    ClientIdentityKeeper& keeper_;
    const Clock& clock_;
    const std::shared_ptr<CallSlots> slots_;
    // Guards session_; held while a client object is made. Without it the first calls would make
    // several, and so several pools of connections.
    std::mutex mutex_;
    std::shared_ptr<Session> session_;
};

http_request make_request(const CrpCall& call, const std::string& path) {
    http_request request(web::http::methods::POST);
    request.set_request_uri(path);
    request.headers().add("User-Agent", "NDES_Plugin");
    request.headers().add("X-Request-Id", call.request_id);
    request.headers().add("Accept", "application/json, application/problem+json");
    request.set_body(call.body, "application/json");
    // Called before the library looks at what it has read: a throw here ends the call in time for
    // a hostile chunk size (-1), which would end the process.
    request.set_progress_handler(
        [](web::http::message_direction::direction direction, utility::size64_t octets) {
            if (direction == web::http::message_direction::download && octets > kMaxResponseOctets)
                throw AnswerRefused("the answer is over-long");
        });
    return request;
}

// Sends and arranges that `exchange` is finished, whatever happens. Every continuation is observed
// by the last one: an exception nobody takes would end the process.
void send(const std::shared_ptr<Session>& session, const http_request& request,
          const CallSlots::Slot& slot, const std::shared_ptr<Exchange>& exchange,
          const pplx::cancellation_token_source& cancel) {
    const unsigned refusals_before = session->verification->refusals;
    session->client.request(request, cancel.get_token())
        .then([](const http_response& response) {
            if (const char* fault = fault_in_headers(response)) throw AnswerRefused(fault);
            return response.extract_vector().then(
                [response](const std::vector<unsigned char>& body) {
                    return CrpResponse{response.status_code(),
                                       media_type(response.headers().content_type()),
                                       std::string(body.begin(), body.end())};
                });
        })
        .then([session, slot, exchange, cancel,
               refusals_before](const pplx::task<CrpResponse>& answer) noexcept {
            try {
                try {
                    exchange->finish(answer.get());
                } catch (const http_exception& error) {
                    const auto& verification = *session->verification;
                    std::optional<int> verify_error;
                    if (verification.refusals != refusals_before)
                        verify_error = verification.last_error;
                    const bool timed_out = error.error_code() == std::errc::timed_out;
                    exchange->finish(
                        tl::unexpected(fault_of_call(error.what(), timed_out, verify_error)));
                } catch (const AnswerRefused& refused) {
                    exchange->finish(
                        fault(FaultKind::invalid_response, refused.what(), kSpeaksForCrp));
                    cancel.cancel();  // read no further
                } catch (const std::exception& error) {
                    exchange->finish(fault(FaultKind::invalid_response, error.what()));
                }
            } catch (...) {
                // Out of memory while telling of a fault: the caller's deadline ends the call.
            }
        });
}

Fault fault_of_fork() {
    Fault fault{FaultKind::failed,
                "the process was forked after the module's first call; the module's threads stayed "
                "in the parent",
                "Load the module after the last fork."};
    fault.final_for_now = true;
    return fault;
}

Outcome<CrpResponse> HttpsCrpClient::checked_post(const CrpCall& call, const std::string& path) {
    if (!start_pool_or_find_it_here()) return tl::unexpected(fault_of_fork());
    const auto identity = keeper_.current();
    const WallTime now = clock_.now();
    if (now >= identity->not_after || now < identity->not_before)
        return tl::unexpected(fault_of_own_dates(*identity));
    const CallSlots::Slot slot = slots_->take(call.deadline);
    if (!slot)
        return fault(FaultKind::too_many_calls,
                     std::to_string(options_.max_calls) + " calls to it are under way (max_calls)",
                     "Look whether crpd is overloaded.");
    const auto exchange = std::make_shared<Exchange>();
    const pplx::cancellation_token_source cancel;
    const auto session = session_under(identity);
    {
        const AllSignalsBlocked blocked;  // the first name to resolve starts one more thread
        send(session, make_request(call, path), slot, exchange, cancel);
    }
    if (auto result = exchange->wait_until(call.deadline)) {
        if (!*result && result->error().kind == FaultKind::invalid_response) forget(session);
        return std::move(*result);
    }
    // The library's own time limits are per phase and start anew with each; this one is overall.
    cancel.cancel();
    return tl::unexpected(fault_of_deadline());
}

http_client_config HttpsCrpClient::config_for(
    const std::shared_ptr<const ClientIdentity>& identity) const {
    http_client_config config;
    config.set_timeout(options_.phase_timeout);
    config.set_max_redirects(0);  // a followed one would present our certificate elsewhere
    config.set_proxy(web::web_proxy(web::web_proxy::disabled));
    // The library has just loaded the system's trust store into `context`. Replacing the whole
    // context drops that, and shares what was parsed once among all connections.
    const auto ours = identity->towards(options_.host).context;
    config.set_ssl_context_callback([ours](boost::asio::ssl::context& context) {
        ::SSL_CTX_up_ref(ours.get());
        context = boost::asio::ssl::context(ours.get());
    });
    return config;
}

std::shared_ptr<Session> HttpsCrpClient::session_under(
    const std::shared_ptr<const ClientIdentity>& identity) {
    const std::lock_guard lock(mutex_);
    if (session_ && session_->identity == identity) return session_;
    const std::string origin = "https://" + options_.host + ":" + std::to_string(options_.port);
    // Calls under way keep the old session, and with it its connections, until they end.
    session_ =
        std::make_shared<Session>(Session{identity, identity->towards(options_.host).verification,
                                          http_client(origin, config_for(identity))});
    return session_;
}

// After a CRP's restart all kept connections are dead, and each would cost a call one attempt.
// With the session they go at once: a repetition always finds a new connection.
void HttpsCrpClient::forget(const std::shared_ptr<Session>& session) {
    const std::lock_guard lock(mutex_);
    if (session_ == session) session_.reset();
}

}  // namespace

std::unique_ptr<CrpClient> make_https_crp_client(HttpsCrpClientOptions options,
                                                 ClientIdentityKeeper& keeper, const Clock& clock) {
    return std::make_unique<HttpsCrpClient>(std::move(options), keeper, clock);
}

}  // namespace ndes::policy
