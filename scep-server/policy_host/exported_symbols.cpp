#include "scep-server/policy_host/exported_symbols.h"

#include <algorithm>
#include <cstring>

#include <elf.h>

#include "common/file.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMostOctets = std::size_t{64} << 20;

Failure damaged(const char* what) {
    return fail(ErrorCode::bad_request, std::string("no usable ELF library: ") + what);
}

// Copies the structure at `at`; false when the file ends before.
template <class T>
bool read_at(const std::string& image, std::size_t at, T& value) {
    if (at > image.size() || image.size() - at < sizeof(T)) return false;
    std::memcpy(&value, image.data() + at, sizeof(T));
    return true;
}

Result<Elf64_Ehdr> read_header(const std::string& image) {
    Elf64_Ehdr header{};
    if (!read_at(image, 0, header) || !image.starts_with(ELFMAG)) return damaged("no ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN ||
        header.e_shentsize != sizeof(Elf64_Shdr))
        return damaged("not a 64-bit shared library");
    return header;
}

// The section of that index.
bool read_section(const std::string& image, const Elf64_Ehdr& header, std::size_t index,
                  Elf64_Shdr& section) {
    return index < header.e_shnum &&
           read_at(image, header.e_shoff + index * sizeof(Elf64_Shdr), section);
}

// The name at `offset` of a string section; empty when it lies outside.
std::string name_at(const std::string& image, const Elf64_Shdr& strings, std::size_t offset) {
    if (offset >= strings.sh_size || strings.sh_offset > image.size() ||
        image.size() - strings.sh_offset < strings.sh_size)
        return {};
    const char* const begin = image.data() + strings.sh_offset + offset;
    return {begin, ::strnlen(begin, strings.sh_size - offset)};
}

Result<std::vector<std::string>> read_symbols(const std::string& image, const Elf64_Ehdr& header,
                                              const Elf64_Shdr& symbols) {
    Elf64_Shdr strings{};
    if (!read_section(image, header, symbols.sh_link, strings)) return damaged("no names");
    std::vector<std::string> names;
    for (std::size_t i = 0; i < symbols.sh_size / sizeof(Elf64_Sym); ++i) {
        Elf64_Sym symbol{};
        if (!read_at(image, symbols.sh_offset + i * sizeof(Elf64_Sym), symbol))
            return damaged("its symbol table is cut off");
        const unsigned binding = ELF64_ST_BIND(symbol.st_info);
        if (symbol.st_shndx == SHN_UNDEF || (binding != STB_GLOBAL && binding != STB_WEAK))
            continue;
        names.push_back(name_at(image, strings, symbol.st_name));
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace

Result<std::vector<std::string>> exported_symbols(const std::filesystem::path& file) {
    auto image = read_file(file, kMostOctets);
    if (!image) return pass_on(image);
    auto header = read_header(*image);
    if (!header) return pass_on(header);
    for (std::size_t i = 0; i < header->e_shnum; ++i) {
        Elf64_Shdr section{};
        if (!read_section(*image, *header, i, section)) return damaged("its sections are cut off");
        if (section.sh_type == SHT_DYNSYM) return read_symbols(*image, *header, section);
    }
    return damaged("it has no dynamic symbols");
}

}  // namespace ndes::scep
