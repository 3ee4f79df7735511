#include "tests/unit/sqlite/faulty_vfs.h"

#include <map>
#include <mutex>

#include <sqlite3.h>

namespace ndes::test {
namespace {

DiskFaults g_faults;
sqlite3_vfs* g_real_vfs = nullptr;
sqlite3_vfs g_vfs;
// The Unix VFS has several tables of methods (database, log), all with one sync and one write.
std::mutex g_mutex;  // guards the tables
std::map<const sqlite3_io_methods*, sqlite3_io_methods> g_tables;
std::atomic<int (*)(sqlite3_file*, int)> g_real_sync{nullptr};
std::atomic<int (*)(sqlite3_file*, const void*, int, sqlite3_int64)> g_real_write{nullptr};

int faulty_sync(sqlite3_file* file, int flags) {
    if (g_faults.sync_fails) return SQLITE_IOERR_FSYNC;
    return g_real_sync.load()(file, flags);
}

int faulty_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    if (g_faults.full) return SQLITE_FULL;
    return g_real_write.load()(file, data, size, offset);
}

// The real file object is kept; only its table of methods is exchanged for one that can fail.
int faulty_open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    const int rc = g_real_vfs->xOpen(g_real_vfs, name, file, flags, out_flags);
    if (rc != SQLITE_OK || file->pMethods == nullptr) return rc;
    const std::lock_guard guard(g_mutex);
    auto [table, added] = g_tables.try_emplace(file->pMethods, *file->pMethods);
    if (added) {
        g_real_sync = file->pMethods->xSync;
        g_real_write = file->pMethods->xWrite;
        table->second.xSync = faulty_sync;
        table->second.xWrite = faulty_write;
    }
    file->pMethods = &table->second;
    return rc;
}

}  // namespace

DiskFaults& install_faulty_disk() {
    static const bool installed = [] {
        g_real_vfs = ::sqlite3_vfs_find(nullptr);
        g_vfs = *g_real_vfs;
        g_vfs.zName = "faulty";
        g_vfs.pNext = nullptr;
        g_vfs.xOpen = faulty_open;
        return ::sqlite3_vfs_register(&g_vfs, 1) == SQLITE_OK;
    }();
    static_cast<void>(installed);
    return g_faults;
}

}  // namespace ndes::test
