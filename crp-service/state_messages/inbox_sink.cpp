#include "crp-service/state_messages/inbox_sink.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_descriptor.h"
#include "crp-service/state_messages/smx.h"

namespace ndes::crp {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr std::size_t kMaxIdOctetsInName = 64;

// Call at once after the failed system call: reads errno.
Failure system_failure(const std::string& what) {
    return fail(ErrorCode::storage, what + ": " + std::system_category().message(errno));
}

bool makes_file_name(const std::string& id) {
    const auto fits = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-';
    };
    return !id.empty() && id.size() <= kMaxIdOctetsInName &&
           std::all_of(id.begin(), id.end(), fits);
}

Result<void> write_all(int fd, ByteView contents, const std::string& name) {
    while (!contents.empty()) {
        const ::ssize_t count = ::write(fd, contents.data(), contents.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_failure("cannot write " + name);
        contents = contents.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

// One delivery of a batch. Everything is done relative to the open folder, so that a folder that
// is replaced meanwhile gets all of the batch or nothing.
class Drop {
  public:
    // `sealer`: null for plain files.
    Drop(const std::filesystem::path& folder, std::span<const StateMessage> messages,
         const SmxSealer* sealer, WallTime now)
        : path_(folder.string()),
          messages_(messages),
          sealer_(sealer),
          now_(now),
          results_(messages.size()) {}

    std::vector<Result<void>> run() && {
        folder_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!folder_) {
            fail_all(system_failure("cannot open the inbox " + path_));
            return std::move(results_);
        }
        for (std::size_t i = 0; i < messages_.size(); ++i)
            results_[i] = write(messages_[i]);
        if (auto synced = sync_files(); !synced) fail_all(Failure(synced.error()));
        for (std::size_t i = 0; i < messages_.size(); ++i) {
            if (results_[i]) results_[i] = rename(messages_[i]);
        }
        if (::fsync(folder_.get()) != 0) fail_all(system_failure("cannot sync " + path_));
        return std::move(results_);
    }

  private:
    // The same temporary name each time: what a crash left behind is overwritten, not collected.
    static std::string temporary(const StateMessage& message) { return "." + message.id + ".tmp"; }
    static std::string final_name(const StateMessage& message) { return message.id + ".SMX"; }

    Result<Bytes> contents_of(const StateMessage& message) const {
        Bytes smx = to_smx(message);
        if (sealer_ == nullptr) return smx;
        return sealer_->seal(smx, now_);
    }

    Result<void> write(const StateMessage& message) const {
        if (!makes_file_name(message.id)) {
            return fail(ErrorCode::bad_request, "the message's ID makes no file name");
        }
        auto contents = contents_of(message);
        if (!contents) return pass_on(contents);
        const std::string name = temporary(message);
        const FileDescriptor fd(::openat(folder_.get(), name.c_str(),
                                         O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                                         kFileMode));
        if (!fd) return system_failure("cannot create a file in " + path_);
        if (auto written = write_all(fd.get(), *contents, path_ + "/" + name); !written) {
            return written;
        }
        // One file is synced by itself; of many, sync_files() does all at once.
        if (messages_.size() > 1 || ::fsync(fd.get()) == 0) return {};
        return system_failure("cannot sync " + path_ + "/" + name);
    }

    // One sync of the file system for the whole batch: some milliseconds instead of as many for
    // each file. Linux reports write errors through it since 5.8.
    Result<void> sync_files() const {
        if (messages_.size() == 1 || ::syncfs(folder_.get()) == 0) return {};
        return system_failure("cannot sync " + path_);
    }

    Result<void> rename(const StateMessage& message) const {
        const int fd = folder_.get();
        if (::renameat(fd, temporary(message).c_str(), fd, final_name(message).c_str()) == 0) {
            return {};
        }
        return system_failure("cannot rename into " + path_);
    }

    // Keeps what is wrong with single messages already.
    void fail_all(const Failure& failure) {
        for (Result<void>& result : results_) {
            if (result) result = failure;
        }
    }

    std::string path_;
    std::span<const StateMessage> messages_;
    const SmxSealer* sealer_;
    WallTime now_;
    std::vector<Result<void>> results_;
    FileDescriptor folder_;
};

}  // namespace

InboxSink::InboxSink(std::filesystem::path folder, std::shared_ptr<const SmxSealer> sealer,
                     const Clock& clock, Log& log)
    : folder_(std::move(folder)), clock_(clock), log_(log), sealer_(std::move(sealer)) {}

void InboxSink::replace(std::shared_ptr<const SmxSealer> sealer) {
    const std::lock_guard guard(mutex_);
    sealer_ = std::move(sealer);
}

std::vector<Result<void>> InboxSink::deliver(std::span<const StateMessage> messages) {
    std::shared_ptr<const SmxSealer> sealer;
    {
        const std::lock_guard guard(mutex_);
        sealer = sealer_;
    }
    std::vector<Result<void>> results = Drop(folder_, messages, sealer.get(), clock_.now()).run();
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!results[i]) continue;
        const std::string path = (folder_ / (messages[i].id + ".SMX")).string();
        log_.write(
            Severity::info, "StateMessage " + path + " is dropped.",
            {{"transaction_id", messages[i].transaction_id}, {"message_id", messages[i].id}});
    }
    return results;
}

}  // namespace ndes::crp
