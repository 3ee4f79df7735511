#include "crp-service/cli/new_file.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "common/file.h"
#include "common/file_descriptor.h"

namespace ndes::crp::cli {

Result<void> write_new_file(const std::filesystem::path& path, std::string_view text,
                            unsigned mode) {
    const FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, static_cast<mode_t>(mode)));
    if (!file) {
        if (errno == EEXIST) {
            return fail(ErrorCode::conflict, path.string() + ": exists; it is never overwritten");
        }
        return fail(ErrorCode::configuration, path.string() + ": " + std::strerror(errno));
    }
    give_to_folder_owner(file.get(), path);
    if (::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file.get()) == 0) {
        return {};
    }
    ::unlink(path.c_str());
    return fail(ErrorCode::storage, path.string() + ": cannot be written");
}

}  // namespace ndes::crp::cli
