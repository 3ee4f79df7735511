#include "scep-server/policy_host/module_loader.h"

#include <cstring>

#include <dlfcn.h>
#include <sys/stat.h>

#include "common/logging/cmtrace.h"

namespace ndes::scep {
namespace {

// Members that version 1.0 has; a table that ends before is not one.
constexpr std::size_t kSizeOfVersion10 =
    offsetof(ndes_policy_table, notify) + sizeof(ndes_policy_table::notify);

std::string linker_error() {
    const char* text = ::dlerror();
    return loggable(text ? text : "no reason given");
}

// Code that anybody could have put there must not run in the process that holds the RA key.
Result<void> check_file(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return refuse_module(file, kStepFile,
                             std::error_code(errno, std::generic_category()).message());
    if (!S_ISREG(status.st_mode)) return refuse_module(file, kStepFile, "not a regular file");
    if ((status.st_mode & S_IWOTH) != 0)
        return refuse_module(file, kStepFile, "everybody may write to it; chmod o-w");
    return {};
}

Result<ndes_policy_entry_point> find_entry_point(const std::filesystem::path& file,
                                                 const StepPassed& passed) {
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) return refuse_module(file, kStepOpen, linker_error());
    passed(kStepOpen);
    void* symbol = ::dlsym(library, NDES_POLICY_ENTRY_POINT);
    if (!symbol)
        return refuse_module(file, kStepSymbol,
                             "does not export " NDES_POLICY_ENTRY_POINT ": " + linker_error());
    return reinterpret_cast<ndes_policy_entry_point>(symbol);
}

Result<const ndes_policy_table*> get_table(const std::filesystem::path& file,
                                           ndes_policy_entry_point entry_point) {
    const ndes_policy_table* table = nullptr;
    try {
        table = entry_point(NDES_POLICY_ABI_MAJOR, NDES_POLICY_ABI_MINOR);
    } catch (...) {
        return refuse_module(file, kStepTable, NDES_POLICY_ENTRY_POINT " threw an exception");
    }
    if (!table)
        return refuse_module(file, kStepTable,
                             NDES_POLICY_ENTRY_POINT
                                 " returned no table; the module does not "
                                 "speak version " +
                                 std::to_string(NDES_POLICY_ABI_MAJOR) + " of ndes_policy.h");
    return table;
}

const char* first_missing_verb(const ndes_policy_table& table) {
    if (!table.initialize) return "initialize";
    if (!table.uninitialize) return "uninitialize";
    if (!table.generate_challenge) return "generate_challenge";
    if (!table.verify_request) return "verify_request";
    if (!table.notify) return "notify";
    return nullptr;
}

Result<void> check_table(const std::filesystem::path& file, const ndes_policy_table& table,
                         const StepPassed& passed) {
    if (table.abi_major != NDES_POLICY_ABI_MAJOR)
        return refuse_module(file, kStepVersion,
                             "built for version " + std::to_string(table.abi_major) +
                                 " of ndes_policy.h, this server speaks " +
                                 std::to_string(NDES_POLICY_ABI_MAJOR));
    passed(kStepVersion);
    if (table.size < kSizeOfVersion10)
        return refuse_module(file, kStepSize,
                             "the table has " + std::to_string(table.size) +
                                 " octets, version 1.0 has " + std::to_string(kSizeOfVersion10));
    passed(kStepSize);
    if (const char* verb = first_missing_verb(table))
        return refuse_module(file, kStepVerbs, std::string(verb) + " is NULL");
    passed(kStepVerbs);
    return {};
}

}  // namespace

Failure refuse_module(const std::filesystem::path& file, std::string_view step,
                      std::string_view what) {
    return fail(ErrorCode::configuration, "policy module \"" + loggable(file.string()) +
                                              "\", step " + std::string(step) + ": " +
                                              std::string(what));
}

Result<const ndes_policy_table*> open_policy_module(const std::filesystem::path& path,
                                                    const StepPassed& told) {
    const StepPassed passed = told ? told : [](std::string_view) {};
    // dlopen would look for a bare name in the system's folders.
    const std::filesystem::path file = std::filesystem::absolute(path);
    auto fit = check_file(file);
    if (!fit) return pass_on(fit);
    passed(kStepFile);
    auto entry_point = find_entry_point(file, passed);
    if (!entry_point) return pass_on(entry_point);
    passed(kStepSymbol);
    auto table = get_table(file, *entry_point);
    if (!table) return pass_on(table);
    passed(kStepTable);
    auto complete = check_table(file, **table, passed);
    if (!complete) return pass_on(complete);
    return *table;
}

}  // namespace ndes::scep
