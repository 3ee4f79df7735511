// Changed files are told however they are changed, and nothing else is.
#include "common/process/file_watcher.h"

#include <csignal>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "common/process/process.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::test;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

// True when inotify wakes a waiting poll(2).
bool wakes(const FileWatcher& watcher) {
    pollfd waiting{watcher.descriptor(), POLLIN, 0};
    return ::poll(&waiting, 1, 5'000) == 1;
}

}  // namespace

TEST_CASE("a file written in place, replaced or removed has changed, once") {
    TemporaryFolder folder;
    const fs::path file = folder.path() / "a.pem";
    write_text_file(file, "one");
    FileWatcher watcher;
    watcher.watch({file});
    CHECK_FALSE(watcher.take_change());
    SECTION("written in place") { write_text_file(file, "other"); }
    SECTION("replaced by rename, same length") {
        write_text_file(folder.path() / "b", "two");
        fs::rename(folder.path() / "b", file);
    }
    SECTION("removed") { fs::remove(file); }
    CHECK(wakes(watcher));
    CHECK(watcher.take_change());
    CHECK_FALSE(watcher.take_change());
}

TEST_CASE("other files of the folder do not matter") {
    TemporaryFolder folder;
    write_text_file(folder.path() / "a.pem", "one");
    FileWatcher watcher;
    watcher.watch({folder.path() / "a.pem"});
    write_text_file(folder.path() / "b.pem", "two");
    CHECK_FALSE(watcher.take_change());
}

TEST_CASE("a file that appears has changed, even if its folder was missing") {
    TemporaryFolder folder;
    FileWatcher watcher;
    watcher.watch({folder.path() / "later" / "a.pem"});
    fs::create_directory(folder.path() / "later");
    CHECK(wakes(watcher));
    CHECK_FALSE(watcher.take_change());
    write_text_file(folder.path() / "later" / "a.pem", "one");
    CHECK(watcher.take_change());
}

TEST_CASE("a symbolic link that leads elsewhere is a change, wherever on the way it stands") {
    TemporaryFolder folder;
    const fs::path base = folder.path();
    for (const char* version : {"v1", "v2"}) {
        fs::create_directory(base / version);
        write_text_file(base / version / "a.pem", version);
    }
    FileWatcher watcher;
    SECTION("as Kubernetes mounts secrets: the folder's link is swapped") {
        fs::create_directory_symlink("v1", base / "..data");
        fs::create_symlink("..data/a.pem", base / "a.pem");
        watcher.watch({base / "a.pem"});
        fs::create_directory_symlink("v2", base / "new");
        fs::rename(base / "new", base / "..data");
    }
    SECTION("as certbot does: the file's link is replaced") {
        fs::create_directory(base / "live");
        fs::create_symlink("../v1/a.pem", base / "live" / "a.pem");
        watcher.watch({base / "live" / "a.pem"});
        fs::remove(base / "live" / "a.pem");
        fs::create_symlink("../v2/a.pem", base / "live" / "a.pem");
    }
    SECTION("a link above the folder") {
        fs::create_directory(base / "links");
        fs::create_directory_symlink(base / "v1", base / "links" / "tls");
        watcher.watch({base / "links" / "tls" / "a.pem"});
        fs::create_directory_symlink(base / "v2", base / "links" / "new");
        fs::rename(base / "links" / "new", base / "links" / "tls");
    }
    CHECK(wakes(watcher));
    CHECK(watcher.take_change());
    // And the new way is looked after from then on.
    write_text_file(base / "v2" / "a.pem", "third");
    CHECK(wakes(watcher));
    CHECK(watcher.take_change());
}

TEST_CASE("a link to itself does no harm") {
    TemporaryFolder folder;
    fs::create_symlink("loop", folder.path() / "loop");
    FileWatcher watcher;
    watcher.watch({folder.path() / "loop"});
    CHECK_FALSE(watcher.take_change());
}

TEST_CASE("a change before a new list is watched is not lost") {
    TemporaryFolder folder;
    const fs::path file = folder.path() / "crpd.toml";
    write_text_file(file, "one");
    FileWatcher watcher;
    watcher.watch({file});
    write_text_file(file, "changed");
    watcher.watch({file, folder.path() / "more"});
    CHECK(watcher.take_change());
}

TEST_CASE("events: signals at once, changes when it is quiet, else nothing") {
    claim_signals();
    TemporaryFolder folder;
    const fs::path file = folder.path() / "a.pem";
    write_text_file(file, "one");
    FileWatcher watcher;
    watcher.watch({file});
    CHECK(wait_for_event(1ms, &watcher) == std::nullopt);
    CHECK(wait_for_event(1ms) == std::nullopt);
    write_text_file(file, "other");
    CHECK(wait_for_event(10s, &watcher) == ProcessEvent::files_changed);
    CHECK(wait_for_event(1ms, &watcher) == std::nullopt);
    for (const auto& [signal, event] :
         {std::pair{SIGHUP, ProcessEvent::reload}, std::pair{SIGUSR1, ProcessEvent::check},
          std::pair{SIGTERM, ProcessEvent::terminate},
          std::pair{SIGINT, ProcessEvent::terminate}}) {
        ::pthread_kill(::pthread_self(), signal);
        CHECK(wait_for_event(10s, &watcher) == event);
    }
    // A reload that was asked for takes the change along.
    write_text_file(file, "third");
    ::pthread_kill(::pthread_self(), SIGHUP);
    CHECK(wait_for_event(10s, &watcher) == ProcessEvent::reload);
    CHECK(wait_for_event(1ms, &watcher) == std::nullopt);
}
