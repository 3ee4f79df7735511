// crpctl keys new: a key file for [challenge] key_files or pepper_file.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/random.h"
#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kKeyOctets = 32;

// O_EXCL: a key that exists may be the only one that opens challenges already given out.
int write_new_key(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        const bool exists = errno == EEXIST;
        return report({exists ? ErrorCode::conflict : ErrorCode::configuration,
                       path.string() + (exists ? ": exists; a key file is never overwritten"
                                               : ": " + std::string(std::strerror(errno))),
                       {},
                       std::nullopt});
    }
    const std::string text = to_hex(system_random().bytes(kKeyOctets)) + "\n";
    const bool written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    ::close(file);
    if (!written) {
        ::unlink(path.c_str());
        return report(
            {ErrorCode::storage, path.string() + ": cannot be written", {}, std::nullopt});
    }
    std::printf("wrote %s\n", path.c_str());
    return kExitOk;
}

}  // namespace

void add_keys_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("keys", "challenge keys");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand(
        "new", "write a new random key (64 hexadecimal digits, readable by its owner alone)");
    const auto path = std::make_shared<std::filesystem::path>();
    verb->add_option("--out", *path, "the file to make; never overwritten")->required();
    verb->callback([path, &exit_code] { exit_code = write_new_key(*path); });
}

}  // namespace ndes::crp::cli
