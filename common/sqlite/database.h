// Database, Statement: thin owners of SQLite handles with errors as Result.
// Knows no table. A Database and its Statements belong to one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/bytes.h"
#include "common/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ndes::sqlite {

enum class OpenMode {
    create,      // a new file, readable by its owner and group; storage if it exists
    read_write,  // an existing file; never created
    read_only,
};

// Prepared statements at rest, by their text. Only Database and Statement use it.
class IdleStatements;

class Statement {
  public:
    Statement() = default;  // holds nothing; only to be assigned to
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) noexcept;
    ~Statement();  // goes to rest in its Database, for the next prepare() of the same text

    // Parameters are numbered from 1. Text and blobs are copied.
    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
    Statement& bind(int index, std::string_view value);
    Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
    Statement& bind(int index, ByteView value);
    Statement& bind_null(int index);
    template <class T>
    Statement& bind(int index, const std::optional<T>& value) {
        return value ? bind(index, *value) : bind_null(index);
    }

    // True: a row is ready. False: done. storage on an error, with SQLite's words.
    // While a row is ready the statement holds a read snapshot: reset() soon.
    Result<bool> step();
    // step() until done, then reset() for the next use.
    Result<void> run();
    void reset();  // also clears the bindings

    std::int64_t integer(int column) const;  // columns are numbered from 0
    std::string text(int column) const;
    Bytes blob(int column) const;
    bool is_null(int column) const;
    std::optional<std::string> optional_text(int column) const;
    std::optional<std::int64_t> optional_integer(int column) const;

  private:
    friend class Database;
    Statement(sqlite3_stmt* handle, std::weak_ptr<IdleStatements> home)
        : handle_(handle), home_(std::move(home)) {}
    sqlite3_stmt* handle_ = nullptr;
    std::weak_ptr<IdleStatements> home_;
    int bind_fault_ = 0;  // first bind that failed; step() reports it instead of running
};

// No connection checkpoints by itself, neither while it runs nor when it closes.
class Database {
  public:
    // configuration when the file is missing (read_write, read_only) or cannot be opened.
    static Result<Database> open(const std::filesystem::path& path, OpenMode mode);
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    // Of a text that was prepared before and is at rest, the same statement: parsing it anew takes
    // longer than most statements run. The least used of more than 64 at rest are given up.
    Result<Statement> prepare(std::string_view sql);
    Result<void> execute(const std::string& sql);  // one or more statements without results
    int changes() const;                           // rows changed by the last statement
    bool last_error_is_constraint() const;
    std::int64_t user_version();  // -1: cannot be read
    sqlite3* handle() const { return handle_; }

  private:
    explicit Database(sqlite3* handle);
    sqlite3* handle_ = nullptr;
    std::shared_ptr<IdleStatements> idle_;
};

}  // namespace ndes::sqlite
