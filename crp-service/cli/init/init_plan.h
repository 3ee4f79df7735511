// InitPlan: the folders and files that crpctl init is going to make, all known before the first is
// made. Nothing that exists is ever changed: one file that is there, and nothing is written at all.
// One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/error.h"

namespace ndes::crp::cli {

// Whom a file belongs to; -1: whoever runs crpctl, or root for a key that its daemon gets by
// systemd.
struct FileOwner {
    long user = -1;
    long group = -1;
};

// "" is nobody in particular. The user is known to exist.
FileOwner owner_of_user(const std::string& name);
// root's, readable by the user's group.
FileOwner group_of_user(const std::string& name);

class InitPlan {
  public:
    InitPlan() = default;
    ~InitPlan();  // wipes contents
    InitPlan(const InitPlan&) = delete;
    InitPlan& operator=(const InitPlan&) = delete;

    // A folder that may exist; what it needs above is made, too, with mode 0755.
    void folder(const std::filesystem::path& path, unsigned mode, FileOwner owner);
    void file(const std::filesystem::path& path, std::string contents, unsigned mode,
              FileOwner owner);
    // One that another step makes; only looked for, and listed.
    void made_later(const std::filesystem::path& path) { later_.push_back(path); }

    // Every file, in order.
    std::vector<std::filesystem::path> targets() const;
    // conflict naming each that exists, one a line.
    Result<void> check_nothing_exists() const;
    // Makes all. On failure, what this call made is removed again.
    Result<void> write();
    // Removes what write() made; for a later step that failed.
    void undo();

  private:
    struct Folder {
        std::filesystem::path path;
        unsigned mode;
        FileOwner owner;
    };
    struct File {
        std::filesystem::path path;
        std::string contents;
        unsigned mode;
        FileOwner owner;
    };
    Result<void> make_folder(const Folder& folder);
    Result<void> make_file(const File& file);

    std::vector<Folder> folders_;
    std::vector<File> files_;
    std::vector<std::filesystem::path> later_;
    std::vector<std::filesystem::path> made_;  // in order
};

}  // namespace ndes::crp::cli
