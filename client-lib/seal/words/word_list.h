#pragma once
// The 2,048 words of recovery kits, made from english.txt by the build. Sorted.

#include <array>
#include <string_view>

namespace carepost::seal {

inline constexpr std::size_t kWords = 2048;
extern const std::array<std::string_view, kWords> kWordList;

}  // namespace carepost::seal
