#include "crp-service/store/postgresql/connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <poll.h>

#include "common/clock.h"

namespace ndes::crp::pg {
namespace {

// Whoever waits so long meets a server that hangs. The server gives up a little earlier, so that
// an answer comes before the session is lost. A prepared statement keeps the plan that it got while
// its tables were small: without enable_seqscan = off that is to read all of them, for good.
constexpr std::chrono::seconds kPatience{15};
constexpr const char* kSession = R"(
    SET search_path TO crp; SET client_min_messages TO warning;
    SET synchronous_commit TO on; SET statement_timeout TO '12s'; SET lock_timeout TO '8s';
    SET idle_in_transaction_session_timeout TO '15s';
    SET default_transaction_isolation TO 'read committed'; SET bytea_output TO 'hex';
    SET enable_seqscan TO off)";
constexpr const char* kIsDurable = "SHOW synchronous_commit";

std::string first_line(const char* text) {
    std::string line(text != nullptr ? text : "");
    return line.substr(0, line.find('\n'));
}

// Keywords that the operator has not set: the session shall notice a server that is gone.
constexpr const char* kDefaults =
    "connect_timeout=3 tcp_user_timeout=12000 keepalives_idle=5 keepalives_interval=2 "
    "keepalives_count=3 application_name=crpd client_encoding=UTF8 ";

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& connection_text) {
    // A keyword given twice has the last value.
    PGconn* opened = PQconnectdb((kDefaults + connection_text).c_str());
    std::unique_ptr<Connection> connection(new Connection(opened));
    if (opened == nullptr || PQstatus(opened) != CONNECTION_OK) {
        return fail(ErrorCode::storage, "the database server cannot be reached",
                    first_line(opened != nullptr ? PQerrorMessage(opened) : "out of memory"));
    }
    if (auto ready = connection->set_up(); !ready) return pass_on(ready);
    return connection;
}

Result<void> Connection::set_up() {
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    if (auto done = run_script(kSession); !done) return done;
    if (PQsetnonblocking(connection_.get(), 1) != 0 ||
        PQenterPipelineMode(connection_.get()) != 1) {
        return fail(ErrorCode::storage, "the database session cannot be set up",
                    first_line(PQerrorMessage(connection_.get())));
    }
    auto durable = ask_text(kIsDurable);
    if (!durable) return pass_on(durable);
    Row row = durable->row(0);
    if (row.text() == "on") return {};
    return fail(ErrorCode::configuration, "synchronous_commit cannot be switched on for this role");
}

Result<void> Connection::run_script(const std::string& sql) {
    const bool in_pipeline = PQpipelineStatus(connection_.get()) == PQ_PIPELINE_ON;
    if (in_pipeline && PQexitPipelineMode(connection_.get()) != 1) {
        return fail(ErrorCode::internal, "the pipeline is not empty");
    }
    PQsetnonblocking(connection_.get(), 0);
    const ResultPtr result(PQexec(connection_.get(), sql.c_str()));
    if (in_pipeline) {
        PQsetnonblocking(connection_.get(), 1);
        PQenterPipelineMode(connection_.get());
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return {};
    note(result.get());
    if (PQstatus(connection_.get()) != CONNECTION_OK) lose(fault_);
    return failure();
}

void Connection::queue(const Statement& statement, const Values& values) {
    if (lost_) return;
    const bool known = prepared_.contains(&statement) ||
                       std::ranges::find(expected_, &statement) != expected_.end();
    if (!known) {
        if (PQsendPrepare(connection_.get(), statement.name, statement.sql, 0, nullptr) != 1) {
            return lose(PQerrorMessage(connection_.get()));
        }
        expected_.push_back(&statement);
    }
    const Values::Raw raw = values.raw();
    if (PQsendQueryPrepared(connection_.get(), statement.name, static_cast<int>(raw.values.size()),
                            raw.values.data(), raw.lengths.data(), raw.formats.data(), 1) != 1) {
        return lose(PQerrorMessage(connection_.get()));
    }
    expected_.push_back(nullptr);
}

void Connection::queue_text(const std::string& sql, const Values& values) {
    if (lost_) return;
    const Values::Raw raw = values.raw();
    if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(raw.values.size()),
                          nullptr, raw.values.data(), raw.lengths.data(), raw.formats.data(),
                          1) != 1) {
        return lose(PQerrorMessage(connection_.get()));
    }
    expected_.push_back(nullptr);
}

Result<Rows> Connection::ask(const Statement& statement, const Values& values) {
    queue(statement, values);
    auto all = collect();
    if (!all) return pass_on(all);
    return std::move(all->back());
}

Result<Rows> Connection::ask_text(const std::string& sql, const Values& values) {
    queue_text(sql, values);
    auto all = collect();
    if (!all) return pass_on(all);
    return std::move(all->back());
}

Result<std::vector<Rows>> Connection::collect() {
    if (lost_) return failure();
    state_.clear();
    fault_.clear();
    if (PQpipelineSync(connection_.get()) != 1) {
        lose(PQerrorMessage(connection_.get()));
        return failure();
    }
    auto collected = collect_until(system_clock().steady_now() + kPatience);
    expected_.clear();
    return collected;
}

Result<std::vector<Rows>> Connection::collect_until(SteadyTime deadline) {
    std::vector<Rows> collected;
    bool failed = false;
    std::size_t index = 0;
    if (!flush(deadline)) return failure();
    for (;;) {
        ResultPtr result = next_result(deadline);
        if (lost_) return failure();
        if (!result) continue;  // the end of one statement's results
        switch (PQresultStatus(result.get())) {
            case PGRES_PIPELINE_SYNC:
                if (failed) return failure();
                return collected;
            case PGRES_COMMAND_OK:
            case PGRES_TUPLES_OK:
                if (index < expected_.size() && expected_[index] != nullptr) {
                    prepared_.insert(expected_[index]);
                } else {
                    collected.emplace_back(std::move(result));
                }
                break;
            case PGRES_PIPELINE_ABORTED: failed = true; break;
            default:
                if (!failed) note(result.get());
                failed = true;
        }
        ++index;
    }
}

bool Connection::wait(short events, SteadyTime deadline) {
    pollfd one{PQsocket(connection_.get()), events, 0};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - system_clock().steady_now());
    const int ready = ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0 || (ready < 0 && errno == EINTR)) return true;
    lose("no answer from the database server in time");
    return false;
}

bool Connection::flush(SteadyTime deadline) {
    for (;;) {
        const int rest = PQflush(connection_.get());
        if (rest == 0) return true;
        if (rest < 0) break;
        if (!wait(POLLIN | POLLOUT, deadline)) return false;
        // Read as well: a server whose answers nobody takes does not take anything either.
        if (PQconsumeInput(connection_.get()) != 1) break;
    }
    lose(PQerrorMessage(connection_.get()));
    return false;
}

ResultPtr Connection::next_result(SteadyTime deadline) {
    while (PQisBusy(connection_.get()) == 1) {
        if (!wait(POLLIN, deadline)) return nullptr;
        if (PQconsumeInput(connection_.get()) != 1) {
            lose(PQerrorMessage(connection_.get()));
            return nullptr;
        }
    }
    ResultPtr result(PQgetResult(connection_.get()));
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        if (result) note(result.get());
        lose(PQerrorMessage(connection_.get()));
    }
    return result;
}

bool Connection::is_healthy() {
    if (lost_) return false;
    pollfd one{PQsocket(connection_.get()), POLLIN, 0};
    if (::poll(&one, 1, 0) == 0) return true;
    // Unasked, the server speaks only to say a parameter's new value or farewell.
    if (PQconsumeInput(connection_.get()) != 1 || PQstatus(connection_.get()) != CONNECTION_OK) {
        lose("the server closed the session");
        return false;
    }
    one.revents = 0;
    return ::poll(&one, 1, 0) == 0;
}

void Connection::note(const PGresult* result) {
    const char* state = result != nullptr ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    state_ = state != nullptr ? state : "";
    fault_ = first_line(result != nullptr ? PQresultErrorMessage(result)
                                          : PQerrorMessage(connection_.get()));
}

void Connection::lose(std::string why) {
    lost_ = true;
    if (fault_.empty()) fault_ = first_line(why.c_str());
}

Failure Connection::failure() const {
    const char* text = lost_               ? "the session with the database was lost"
                       : state_ == "42501" ? "the database role lacks a right"
                                           : "the database refused a statement";
    return fail(ErrorCode::storage, text, state_.empty() ? fault_ : state_ + " " + fault_);
}

}  // namespace ndes::crp::pg
