#include "common/process/child_program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file_descriptor.h"

namespace ndes {
namespace {

constexpr std::size_t kErrorOctets = 4096;

struct Pipe {
    FileDescriptor read_end;
    FileDescriptor write_end;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(ErrorCode::unavailable, "no pipe to a program", std::strerror(errno));
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// posix_spawn's own objects, freed.
struct SpawnSettings {
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const std::string& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// A process of its own group, with this thread's blocked signals let through again.
Result<pid_t> start(const ChildOrder& order, int input, int output, int errors) {
    SpawnSettings settings;
    ::posix_spawn_file_actions_adddup2(&settings.actions, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&settings.actions, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&settings.actions, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, STDERR_FILENO + 1);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t usual;
    ::sigemptyset(&usual);
    ::sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&settings.attributes, &none);
    ::posix_spawnattr_setsigdefault(&settings.attributes, &usual);
    ::posix_spawnattr_setpgroup(&settings.attributes, 0);
    ::posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETPGROUP |
                                                         POSIX_SPAWN_SETSIGMASK |
                                                         POSIX_SPAWN_SETSIGDEF);
    pid_t child = -1;
    const int fault = ::posix_spawn(&child, order.arguments.front().c_str(), &settings.actions,
                                    &settings.attributes, pointers_to(order.arguments).data(),
                                    pointers_to(order.environment).data());
    if (fault != 0)
        return fail(ErrorCode::configuration,
                    order.arguments.front() + ": cannot be started: " + std::strerror(fault));
    return child;
}

// glibc 2.36 declares pidfd_open without extern "C".
int pidfd_of(pid_t child) { return static_cast<int>(::syscall(SYS_pidfd_open, child, 0)); }

// The parent's side of a running child.
class Conversation {
  public:
    Conversation(const ChildOrder& order, pid_t child, FileDescriptor input, FileDescriptor output,
                 FileDescriptor errors)
        : order_(order),
          child_(child),
          ended_(pidfd_of(child)),
          input_(std::move(input)),
          output_(std::move(output)),
          errors_(std::move(errors)),
          deadline_(system_clock().steady_now() + order.deadline) {
        for (const int end : {input_.get(), output_.get(), errors_.get()})
            ::fcntl(end, F_SETFL, O_NONBLOCK);
    }

    // Not before the whole group is gone: a process left over could hold on to files and secrets.
    Result<ChildOutcome> finish() {
        auto talked = talk();
        ::kill(-child_, SIGKILL);
        int status = 0;
        while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
        }
        if (!talked) return pass_on(talked);
        outcome_.exit_code =
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + (status & 0x7f);  // WTERMSIG
        return std::move(outcome_);
    }

  private:
    Result<void> talk() {
        if (ended_.get() < 0)
            return fail(ErrorCode::unavailable, "no descriptor of a process", std::strerror(errno));
        while (true) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(
                deadline_ - system_clock().steady_now());
            if (left.count() <= 0)
                return fail(ErrorCode::timeout,
                            order_.arguments.front() + " took longer than the deadline");
            std::array<pollfd, 4> ends{
                pollfd{input_.get(), POLLOUT, 0}, pollfd{output_.get(), POLLIN, 0},
                pollfd{errors_.get(), POLLIN, 0}, pollfd{ended_.get(), POLLIN, 0}};
            if (::poll(ends.data(), ends.size(), static_cast<int>(left.count())) < 0) continue;
            if (ends[0].revents != 0) write_input();
            read_from(errors_, outcome_.errors, kErrorOctets);
            if (read_from(output_, outcome_.output, order_.output_octets))
                return fail(ErrorCode::too_large,
                            order_.arguments.front() + " writes more than it may");
            if (ends[3].revents != 0) return {};
        }
    }

    void write_input() {
        const std::string_view rest = order_.input.substr(written_);
        const ssize_t done = rest.empty() ? -1 : ::write(input_.get(), rest.data(), rest.size());
        if (done > 0) written_ += static_cast<std::size_t>(done);
        const bool again = done < 0 && !rest.empty() && (errno == EAGAIN || errno == EINTR);
        if (!again && (done < 0 || written_ == order_.input.size())) input_ = FileDescriptor();
    }

    // All there is now, kept up to `limit`; true if there was more.
    static bool read_from(FileDescriptor& source, std::string& into, std::size_t limit) {
        std::array<char, 4096> buffer{};
        bool more = false;
        while (source.get() >= 0) {
            const ssize_t size = ::read(source.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            if (size == 0) source = FileDescriptor();
            if (size <= 0 || more) break;
            const std::size_t room = limit - into.size();
            more = static_cast<std::size_t>(size) > room;
            into.append(buffer.data(), std::min(room, static_cast<std::size_t>(size)));
        }
        return more;
    }

    const ChildOrder& order_;
    const pid_t child_;
    FileDescriptor ended_;
    FileDescriptor input_;
    FileDescriptor output_;
    FileDescriptor errors_;
    const SteadyTime deadline_;
    std::size_t written_ = 0;
    ChildOutcome outcome_;
};

}  // namespace

Result<ChildOutcome> run_child(const ChildOrder& order) {
    auto input = make_pipe();
    if (!input) return pass_on(input);
    auto output = make_pipe();
    if (!output) return pass_on(output);
    auto errors = make_pipe();
    if (!errors) return pass_on(errors);
    const auto child =
        start(order, input->read_end.get(), output->write_end.get(), errors->write_end.get());
    if (!child) return Failure(child.error());
    input->read_end = FileDescriptor();
    output->write_end = FileDescriptor();
    errors->write_end = FileDescriptor();
    return Conversation(order, *child, std::move(input->write_end), std::move(output->read_end),
                        std::move(errors->read_end))
        .finish();
}

}  // namespace ndes
