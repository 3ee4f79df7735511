#include "crp-service/store/postgresql/connection_text.h"

#include <filesystem>
#include <memory>

#include <libpq-fe.h>

#include "common/file.h"

namespace ndes::crp::pg {
namespace {

struct OptionsCloser {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, OptionsCloser>;

OptionsPtr parse(const std::string& text) {
    char* fault = nullptr;
    OptionsPtr options(PQconninfoParse(text.c_str(), &fault));
    PQfreemem(fault);  // not told: it repeats the text
    return options;
}

std::string quoted(const char* value) {
    std::string text = "'";
    for (; *value != '\0'; ++value) {
        if (*value == '\'' || *value == '\\') text += '\\';
        text += *value;
    }
    return text + "'";
}

bool is_secret(const PQconninfoOption& option) {
    return std::string_view(option.keyword).ends_with("password");
}

std::string keyword_of(const PQconninfoOption& option) {
    return std::string(option.keyword) + "=" + quoted(option.val) + " ";
}

// Keywords or a URI → keywords.
Result<std::string> normalize(const std::string& text, const std::string& setting,
                              bool may_have_password) {
    const OptionsPtr options = parse(text);
    if (!options) {
        return fail(ErrorCode::configuration, setting + ": is no libpq connection string");
    }
    std::string keywords;
    for (const PQconninfoOption* one = options.get(); one->keyword != nullptr; ++one) {
        if (one->val == nullptr) continue;
        if (is_secret(*one) && !may_have_password) {
            return fail(ErrorCode::configuration,
                        setting + ": must not have a password; use passfile= or a file");
        }
        keywords += keyword_of(*one);
    }
    for (const char* needed : {"user", "dbname"}) {
        if (keyword(keywords, needed).empty()) {
            return fail(ErrorCode::configuration, setting + ": must name " + needed + "=");
        }
    }
    return keywords;
}

Result<std::string> read(const std::string& text, const std::filesystem::path& file,
                         const std::string& setting) {
    if (file.empty()) return normalize(text, setting, false);
    auto content = read_secret_file(file);
    if (!content) return pass_on(content, setting + "_file");
    std::string line(as_text(content->expose()));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
        line.pop_back();
    return normalize(line, file.string(), true);
}

}  // namespace

Result<std::string> connection_text(const StoreOptions& options) {
    return read(options.connection, options.connection_file, "store.connection");
}

Result<std::string> owner_connection_text(const StoreOptions& options) {
    if (options.owner_connection.empty() && options.owner_connection_file.empty()) {
        return connection_text(options);
    }
    return read(options.owner_connection, options.owner_connection_file, "owner");
}

std::string keyword(const std::string& connection_text, const char* name) {
    const OptionsPtr options = parse(connection_text);
    for (const PQconninfoOption* one = options.get(); one && one->keyword != nullptr; ++one) {
        if (std::string_view(one->keyword) == name) return one->val != nullptr ? one->val : "";
    }
    return {};
}

std::string without_passwords(const std::string& connection_text) {
    const OptionsPtr options = parse(connection_text);
    std::string keywords;
    for (const PQconninfoOption* one = options.get(); one && one->keyword != nullptr; ++one) {
        if (one->val != nullptr && !is_secret(*one)) keywords += keyword_of(*one);
    }
    return keywords;
}

std::string place_of(const std::string& connection_text) {
    std::string host = keyword(connection_text, "host");
    if (host.empty()) host = keyword(connection_text, "hostaddr");
    const std::string port = keyword(connection_text, "port");
    return (host.empty() ? "local" : host) + (port.empty() ? "" : ":" + port) + "/" +
           keyword(connection_text, "dbname");
}

}  // namespace ndes::crp::pg
