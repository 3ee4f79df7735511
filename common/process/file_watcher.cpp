#include "common/process/file_watcher.h"

#include <array>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ndes {
namespace {

namespace fs = std::filesystem;

constexpr int kMostLinks = 40;  // as the kernel follows them

// Not IN_MODIFY: a database beside the certificates would wake us with every page.
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

std::string file_state(const fs::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return "absent";
    std::string state;
    const auto add = [&state](auto number) { state += std::to_string(number) + ' '; };
    add(found.st_dev);
    add(found.st_ino);
    add(found.st_mtim.tv_sec);
    add(found.st_mtim.tv_nsec);
    if (S_ISREG(found.st_mode)) {
        add(found.st_size);
        add(found.st_mode);
        add(found.st_ctim.tv_sec);
        add(found.st_ctim.tv_nsec);
    }
    return state;
}

FileWatcher::FileWatcher() : inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

FileWatcher::~FileWatcher() {
    if (inotify_ >= 0) ::close(inotify_);
}

void FileWatcher::watch_folder(const fs::path& folder) {
    // The nearest one that exists: its next change may bring the rest.
    for (fs::path at = folder; !at.empty(); at = at.parent_path()) {
        if (::inotify_add_watch(inotify_, at.c_str(), kEvents | IN_ONLYDIR) >= 0) return;
        if (at == at.parent_path()) return;
    }
}

// Watches each folder in which a name stands that `file` is reached by: its own, and that of every
// symbolic link on the way, whether the link is the file or one of its folders.
void FileWatcher::watch_folders_of(const fs::path& file) {
    if (inotify_ < 0) return;
    fs::path rest = fs::absolute(file).lexically_normal();
    fs::path done = rest.root_path();
    rest = rest.relative_path();
    int links = 0;
    while (!rest.empty()) {
        const fs::path name = *rest.begin();
        fs::path after;
        for (auto part = std::next(rest.begin()); part != rest.end(); ++part)
            after /= *part;
        std::error_code fault;
        const fs::path target = fs::read_symlink(done / name, fault);
        if (fault || ++links > kMostLinks) {
            if (after.empty()) watch_folder(done);
            done /= name;
            rest = after;
            continue;
        }
        watch_folder(done);
        const fs::path whole = (done / target / after).lexically_normal();
        done = whole.root_path();
        rest = whole.relative_path();
    }
}

void FileWatcher::watch(const std::vector<fs::path>& files) {
    std::map<fs::path, std::string> before;
    before.swap(states_);
    for (const fs::path& file : files) {
        watch_folders_of(file);  // before the look: a change in between is then an event
        const auto known = before.find(file);
        states_[file] = known == before.end() ? file_state(file) : known->second;
    }
}

void FileWatcher::drain() {
    alignas(inotify_event) std::array<char, 4096> events{};
    while (inotify_ >= 0 && ::read(inotify_, events.data(), events.size()) > 0) {
    }
}

bool FileWatcher::take_change() {
    drain();
    bool changed = false;
    for (auto& [file, state] : states_) {
        std::string found = file_state(file);
        if (found == state) continue;
        state = std::move(found);
        watch_folders_of(file);  // its links may lead elsewhere now
        changed = true;
    }
    return changed;
}

}  // namespace ndes
