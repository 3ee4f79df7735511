#include "crp-service/cli/init/init_plan.h"

#include <cerrno>
#include <cstring>

#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crp-service/cli/new_file.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr unsigned kFolderMode = 0755;

Result<void> give_to(const fs::path& path, const FileOwner& owner) {
    if (owner.user < 0 && owner.group < 0) return {};
    if (::chown(path.c_str(), static_cast<uid_t>(owner.user), static_cast<gid_t>(owner.group)) == 0)
        return {};
    return fail(ErrorCode::configuration,
                path.string() + ": cannot be given to its user: " + std::strerror(errno));
}

}  // namespace

FileOwner owner_of_user(const std::string& name) {
    const passwd* entry = name.empty() ? nullptr : ::getpwnam(name.c_str());
    if (entry == nullptr) return {};
    return {static_cast<long>(entry->pw_uid), static_cast<long>(entry->pw_gid)};
}

FileOwner group_of_user(const std::string& name) { return {-1, owner_of_user(name).group}; }

InitPlan::~InitPlan() {
    for (File& one : files_)
        ::OPENSSL_cleanse(one.contents.data(), one.contents.size());
}

void InitPlan::folder(const fs::path& path, unsigned mode, FileOwner owner) {
    folders_.push_back({path, mode, owner});
}

void InitPlan::file(const fs::path& path, std::string contents, unsigned mode, FileOwner owner) {
    files_.push_back({path, std::move(contents), mode, owner});
}

std::vector<fs::path> InitPlan::targets() const {
    std::vector<fs::path> paths;
    for (const File& one : files_)
        paths.push_back(one.path);
    paths.insert(paths.end(), later_.begin(), later_.end());
    return paths;
}

Result<void> InitPlan::check_nothing_exists() const {
    std::string there;
    for (const fs::path& path : targets()) {
        struct stat status {};
        if (::lstat(path.c_str(), &status) == 0) there += "\n  " + path.string();
    }
    if (there.empty()) return {};
    return fail(ErrorCode::conflict,
                "these files exist; nothing is ever overwritten, and nothing was written:" + there);
}

Result<void> InitPlan::make_folder(const Folder& folder) {
    std::error_code error;
    if (fs::is_directory(folder.path, error)) return {};
    const fs::path above = folder.path.parent_path();
    if (!fs::is_directory(above, error)) {
        if (auto made = make_folder({above, kFolderMode, {}}); !made) return made;
    }
    // chmod, for the umask is the operator's.
    if (::mkdir(folder.path.c_str(), static_cast<mode_t>(folder.mode)) != 0 ||
        ::chmod(folder.path.c_str(), static_cast<mode_t>(folder.mode)) != 0) {
        return fail(ErrorCode::configuration, folder.path.string() + ": " + std::strerror(errno));
    }
    made_.push_back(folder.path);
    return give_to(folder.path, folder.owner);
}

Result<void> InitPlan::make_file(const File& file) {
    if (auto written = write_new_file(file.path, file.contents, file.mode); !written) {
        return written;
    }
    made_.push_back(file.path);
    if (::chmod(file.path.c_str(), static_cast<mode_t>(file.mode)) != 0)
        return fail(ErrorCode::configuration, file.path.string() + ": " + std::strerror(errno));
    return give_to(file.path, file.owner);
}

Result<void> InitPlan::write() {
    Result<void> done;
    for (auto one = folders_.begin(); done && one != folders_.end(); ++one)
        done = make_folder(*one);
    for (auto one = files_.begin(); done && one != files_.end(); ++one)
        done = make_file(*one);
    if (!done) undo();
    return done;
}

void InitPlan::undo() {
    std::error_code ignored;  // a folder that somebody else put something into stays
    for (auto path = made_.rbegin(); path != made_.rend(); ++path)
        fs::remove(*path, ignored);
    made_.clear();
}

}  // namespace ndes::crp::cli
