#include "tools/carepostctl/tiles.h"

#include <catch2/catch_test_macros.hpp>
#include <map>

#include "proto/trust/merkle.h"

using namespace carepost;
using namespace carepost::ctl;

namespace {

Bytes leaf_of(std::uint64_t number) {
    Bytes out(3 + number % 5, 7);
    out[0] = static_cast<std::uint8_t>(number >> 8);
    out[1] = static_cast<std::uint8_t>(number);
    return out;
}

std::map<std::string, Bytes> tiles_of(std::uint64_t size) {
    std::map<std::string, Bytes> out;
    TileCutter cutter([&out](const std::string& path, const Bytes& bytes) -> Status {
        CHECK(out.emplace(path, bytes).second);
        return {};
    });
    for (std::uint64_t i = 0; i < size; ++i)
        REQUIRE(cutter.add(leaf_of(i)));
    REQUIRE(cutter.finish());
    return out;
}

}  // namespace

TEST_CASE("tiles: paths are those of the specification") {
    CHECK(tile_number(0) == "000");
    CHECK(tile_number(5) == "005");
    CHECK(tile_number(1'234'067) == "x001/x234/067");
    CHECK(entries_path(0, 300) == "tile/entries/000");
    CHECK(entries_path(1, 300) == "tile/entries/001.p/44");
}

TEST_CASE("tiles: a log of 256 leaves has a full tile and a partial one of width 1 above it") {
    const auto tiles = tiles_of(256);
    REQUIRE(tiles.size() == 3);
    CHECK(tiles.at("tile/0/000").size() == 8192);
    CHECK(tiles.at("tile/1/000.p/1").size() == 32);
    CHECK(leaves_of_bundle(tiles.at("tile/entries/000")).value().size() == 256);
}

TEST_CASE("tiles: the specification's example of 70,000 leaves") {
    const auto tiles = tiles_of(70'000);
    CHECK(tiles.contains("tile/0/272"));
    CHECK(tiles.at("tile/0/273.p/112").size() == 112 * 32);
    CHECK(tiles.contains("tile/1/000"));
    CHECK(tiles.at("tile/1/001.p/17").size() == 17 * 32);
    CHECK(tiles.at("tile/2/000.p/1").size() == 32);
    CHECK(tiles.size() == 274 + 274 + 2 + 1);
    std::vector<Hash> first;
    for (std::uint64_t i = 0; i < 256; ++i)
        first.push_back(trust::leaf_hash(leaf_of(i)));
    CHECK(equal(ByteView(tiles.at("tile/1/000")).first(32), trust::root_of_leaves(first).view()));
}

TEST_CASE("tiles: no leaves give no tiles, a cut bundle is damaged, a leaf too long is refused") {
    CHECK(tiles_of(0).empty());
    CHECK(leaves_of_bundle(Bytes{0, 5, 1}).error().code == ErrorCode::damaged_file);
    CHECK(leaves_of_bundle(Bytes{0}).error().code == ErrorCode::damaged_file);
    TileCutter cutter([](const std::string&, const Bytes&) { return Status{}; });
    CHECK(cutter.add(Bytes(70'000)).error().code == ErrorCode::too_large);
}
