#include "common/process/build_id.h"

#include <cstring>

#include <link.h>

#include "common/bytes.h"

namespace ndes {
namespace {

constexpr std::string_view kGnu{"GNU", 4};  // the name of a note counts its NUL
constexpr std::size_t kWord = 4;            // notes are padded to it

std::size_t padded(std::size_t size) { return (size + kWord - 1) / kWord * kWord; }

// The descriptor of the note "GNU" NT_GNU_BUILD_ID, if it is among `notes`.
ByteView find_build_id(ByteView notes) {
    while (notes.size() > sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        std::memcpy(&head, notes.data(), sizeof head);
        const std::size_t name_at = sizeof head;
        const std::size_t text_at = name_at + padded(head.n_namesz);
        const std::size_t end = text_at + padded(head.n_descsz);
        if (end > notes.size()) return {};
        const bool gnu = as_text(notes.subspan(name_at, head.n_namesz)) == kGnu;
        if (gnu && head.n_type == NT_GNU_BUILD_ID) return notes.subspan(text_at, head.n_descsz);
        notes = notes.subspan(end);
    }
    return {};
}

// Called for the program first; it alone is looked at.
int look_at(::dl_phdr_info* object, std::size_t, void* found) {
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& part = object->dlpi_phdr[i];
        if (part.p_type != PT_NOTE) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): that is how the loader tells addresses
        const auto* begin = reinterpret_cast<const std::uint8_t*>(object->dlpi_addr + part.p_vaddr);
        const ByteView id = find_build_id({begin, part.p_memsz});
        if (!id.empty()) *static_cast<std::string*>(found) = to_hex(id);
    }
    return 1;
}

}  // namespace

std::string version_and_build(std::string_view version) {
    std::string id;
    ::dl_iterate_phdr(look_at, &id);
    return std::string(version) + (id.empty() ? "" : " (build " + id + ")");
}

}  // namespace ndes
