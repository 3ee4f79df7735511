// FileWatcher: tells that one of a list of files is another one than it was: written in place,
// replaced by rename, or reached through a symbolic link that now leads elsewhere (certbot's
// live/, Kubernetes' ..data). Looks at the files themselves whenever their folders stir (inotify),
// and each time it is asked, so that it also works where inotify does not (NFS).
// Knows nothing of contents. One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ndes {

// Different after any write to, or replacement of, what `file` leads to. Any thread.
std::string file_state(const std::filesystem::path& file);

class FileWatcher {
  public:
    FileWatcher();
    ~FileWatcher();
    FileWatcher(const FileWatcher&) = delete;
    FileWatcher& operator=(const FileWatcher&) = delete;

    // Files (or folders: a change of their list of names) to look after from now on, in place of
    // those before. They need not exist. A change after this call is seen, and of a file that was
    // looked after already every change that take_change has not told: so call it before reading
    // them.
    void watch(const std::vector<std::filesystem::path>& files);

    // Readable (poll(2)) when take_change may have something to tell; -1 without inotify.
    int descriptor() const { return inotify_; }

    // True if a file is not as it was at watch() or when this last said true.
    bool take_change();

  private:
    void watch_folders_of(const std::filesystem::path& file);
    void watch_folder(const std::filesystem::path& folder);
    void drain();

    int inotify_ = -1;
    std::map<std::filesystem::path, std::string> states_;  // file → what take_change compares
};

}  // namespace ndes
