// A disk that fails on request, under SQLite: its default VFS with sync and write made to fail.
#pragma once

#include <atomic>

namespace ndes::test {

struct DiskFaults {
    std::atomic<bool> sync_fails{false};  // SQLITE_IOERR_FSYNC
    std::atomic<bool> full{false};        // SQLITE_FULL from every write
};

// Makes the failing disk the default VFS of this process (once) and returns its switches.
DiskFaults& install_faulty_disk();

}  // namespace ndes::test
