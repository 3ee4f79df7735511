#include "common/sqlite/database.h"

#include <cerrno>
#include <chrono>
#include <climits>
#include <deque>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "common/file.h"

namespace ndes::sqlite {
namespace {

constexpr std::chrono::milliseconds kBusyTimeout{2000};
constexpr mode_t kNewFileMode = 0640;
constexpr std::size_t kMostIdle = 64;

// The words of SQLite go to the operator alone: they can name tables and columns.
Failure database_failure(sqlite3* handle) {
    return fail(ErrorCode::storage, "the database failed",
                std::string(::sqlite3_errmsg(handle)) + " (code " +
                    std::to_string(::sqlite3_extended_errcode(handle)) + ")");
}

// SQLite cannot create a file exclusively, so the empty file is made before it looks.
Result<void> create_empty_file(const std::filesystem::path& path) {
    const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, kNewFileMode);
    if (fd < 0) {
        return fail(ErrorCode::storage, "cannot create " + path.string(),
                    std::system_category().message(errno));
    }
    give_to_folder_owner(fd, path);
    ::close(fd);
    return {};
}

int open_flags(OpenMode mode) {
    const int access = mode == OpenMode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    return access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
}

// Settings of every connection. Checkpoints are made by GroupCommit's writer alone (see there);
// the schema of a file is not trusted to call functions.
int harden(sqlite3* handle) {
    ::sqlite3_busy_timeout(handle, static_cast<int>(kBusyTimeout.count()));
    int rc = ::sqlite3_wal_autocheckpoint(handle, 0);
    if (rc != SQLITE_OK) return rc;
    for (const auto& [option, value] :
         {std::pair{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
          std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
          std::pair{SQLITE_DBCONFIG_ENABLE_FKEY, 1}}) {
        rc = ::sqlite3_db_config(handle, option, value, nullptr);
        if (rc != SQLITE_OK) return rc;
    }
    return SQLITE_OK;
}

}  // namespace

// Newest first. A handful of texts, so that a search through a list beats any table.
class IdleStatements {
  public:
    IdleStatements() = default;
    IdleStatements(const IdleStatements&) = delete;
    IdleStatements& operator=(const IdleStatements&) = delete;
    ~IdleStatements() {
        for (sqlite3_stmt* const statement : statements_)
            ::sqlite3_finalize(statement);
    }

    sqlite3_stmt* take(std::string_view sql) {
        for (auto it = statements_.begin(); it != statements_.end(); ++it) {
            sqlite3_stmt* const statement = *it;
            if (sql != ::sqlite3_sql(statement)) continue;
            statements_.erase(it);
            return statement;
        }
        return nullptr;
    }

    void give(sqlite3_stmt* statement) {
        ::sqlite3_reset(statement);
        ::sqlite3_clear_bindings(statement);
        statements_.push_front(statement);
        if (statements_.size() <= kMostIdle) return;
        ::sqlite3_finalize(statements_.back());
        statements_.pop_back();
    }

  private:
    std::deque<sqlite3_stmt*> statements_;
};

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      home_(std::move(other.home_)),
      bind_fault_(other.bind_fault_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(home_, other.home_);
    std::swap(bind_fault_, other.bind_fault_);
    return *this;
}

Statement::~Statement() {
    if (handle_ == nullptr) return;
    if (const auto home = home_.lock()) {
        home->give(handle_);
    } else {
        ::sqlite3_finalize(handle_);
    }
}

Statement& Statement::bind(int index, std::int64_t value) {
    const int rc = ::sqlite3_bind_int64(handle_, index, value);
    if (bind_fault_ == SQLITE_OK) bind_fault_ = rc;
    return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
    // A view without storage would be bound as NULL; an empty text is not NULL.
    const char* data = value.data() == nullptr ? "" : value.data();
    const int rc =
        ::sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (bind_fault_ == SQLITE_OK) bind_fault_ = rc;
    return *this;
}

Statement& Statement::bind(int index, ByteView value) {
    const void* data = value.data() == nullptr ? static_cast<const void*>("") : value.data();
    const int rc = ::sqlite3_bind_blob64(handle_, index, data, value.size(), SQLITE_TRANSIENT);
    if (bind_fault_ == SQLITE_OK) bind_fault_ = rc;
    return *this;
}

Statement& Statement::bind_null(int index) {
    const int rc = ::sqlite3_bind_null(handle_, index);
    if (bind_fault_ == SQLITE_OK) bind_fault_ = rc;
    return *this;
}

Result<bool> Statement::step() {
    if (bind_fault_ != SQLITE_OK) {
        return fail(ErrorCode::storage, "the database failed",
                    std::string("binding a value: ") + ::sqlite3_errstr(bind_fault_));
    }
    switch (::sqlite3_step(handle_)) {
        case SQLITE_ROW: return true;
        case SQLITE_DONE: return false;
        default: return database_failure(::sqlite3_db_handle(handle_));
    }
}

Result<void> Statement::run() {
    Result<bool> row = step();
    while (row && *row)
        row = step();
    reset();
    if (!row) return pass_on(row);
    return {};
}

void Statement::reset() {
    // Its return value repeats the error that step() has already reported.
    ::sqlite3_reset(handle_);
    ::sqlite3_clear_bindings(handle_);
    bind_fault_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
    return ::sqlite3_column_int64(handle_, column);
}

std::string Statement::text(int column) const {
    const unsigned char* data = ::sqlite3_column_text(handle_, column);
    if (data == nullptr) return {};
    return {reinterpret_cast<const char*>(data),
            static_cast<std::size_t>(::sqlite3_column_bytes(handle_, column))};
}

Bytes Statement::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(::sqlite3_column_blob(handle_, column));
    if (data == nullptr) return {};
    return {data, data + ::sqlite3_column_bytes(handle_, column)};
}

bool Statement::is_null(int column) const {
    return ::sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::optional<std::string> Statement::optional_text(int column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

std::optional<std::int64_t> Statement::optional_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

Result<Database> Database::open(const std::filesystem::path& path, OpenMode mode) {
    if (mode == OpenMode::create) {
        if (auto created = create_empty_file(path); !created) return pass_on(created);
    }
    sqlite3* handle = nullptr;
    int rc = ::sqlite3_open_v2(path.c_str(), &handle, open_flags(mode), nullptr);
    Database database(handle);  // SQLite hands out a handle even when it fails
    if (rc == SQLITE_OK) rc = harden(handle);
    if (rc != SQLITE_OK) {
        return fail(ErrorCode::configuration, "cannot open database " + path.string(),
                    ::sqlite3_errstr(rc));
    }
    return database;
}

Database::Database(sqlite3* handle) : handle_(handle), idle_(std::make_shared<IdleStatements>()) {}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), idle_(std::move(other.idle_)) {}

Database& Database::operator=(Database&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(idle_, other.idle_);
    return *this;
}

// close_v2: statements that still live keep the connection until the last of them is gone.
Database::~Database() {
    idle_.reset();
    ::sqlite3_close_v2(handle_);
}

Result<Statement> Database::prepare(std::string_view sql) {
    if (sql.size() > static_cast<std::size_t>(INT_MAX)) {
        return fail(ErrorCode::storage, "the database failed", "statement too long");
    }
    if (sqlite3_stmt* const idle = idle_->take(sql)) return Statement(idle, idle_);
    sqlite3_stmt* statement = nullptr;
    const int rc = ::sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (rc != SQLITE_OK) return database_failure(handle_);
    return Statement(statement, idle_);
}

Result<void> Database::execute(const std::string& sql) {
    const int rc = ::sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return database_failure(handle_);
    return {};
}

int Database::changes() const { return ::sqlite3_changes(handle_); }

bool Database::last_error_is_constraint() const {
    return (::sqlite3_errcode(handle_) & 0xff) == SQLITE_CONSTRAINT;
}

std::int64_t Database::user_version() {
    auto statement = prepare("PRAGMA user_version");
    if (!statement) return -1;
    auto row = statement->step();
    return row && *row ? statement->integer(0) : -1;
}

}  // namespace ndes::sqlite
