// WordTable: the words that stand for an enum's values, and the two look-ups in it.
// Knows no enum by name. Constant data and pure functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace ndes {

template <class Enum, std::size_t N>
using WordTable = std::array<std::pair<Enum, const char*>, N>;

// The word of `value`; "" when the table has none.
template <class Enum, std::size_t N>
const char* word_of(const WordTable<Enum, N>& table, Enum value) {
    for (const auto& [known, word] : table) {
        if (known == value) return word;
    }
    return "";
}

// True: `value` is what `text` stands for. False: no such word, `value` unchanged.
template <class Enum, std::size_t N>
bool value_of(const WordTable<Enum, N>& table, const std::string& text, Enum& value) {
    for (const auto& [known, word] : table) {
        if (text != word) continue;
        value = known;
        return true;
    }
    return false;
}

}  // namespace ndes
