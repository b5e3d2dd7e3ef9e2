// What reaches a terminal: cleaned, measured, in columns.
#include "tools/carepost/text.h"

#include <catch2/catch_test_macros.hpp>

#include "tools/carepost/json.h"
#include "tools/carepost/terminal.h"

namespace {

using namespace carepost::command;
using carepost::command::Json;

const std::string kMark = "\xEF\xBF\xBD";

TEST_CASE("text: what people write passes unchanged") {
    for (const std::string text : {"Résultat d'analyse", "Größe", "Labo Sint-Jan", "血液", "naïve 🙂", ""})
        CHECK(clean(text) == text);
}

TEST_CASE("text: escapes and control characters never reach the terminal") {
    CHECK(clean("a\x1b[2Jb") == "a" + kMark + "[2Jb");
    CHECK(clean("a\rb\nc\x07") == "a" + kMark + "b" + kMark + "c" + kMark);
    CHECK(clean("a\xc2\x9b"
                "2J") == "a" + kMark + "2J");  // CSI as one character, U+009B
    CHECK(clean(std::string("a\0b", 3)) == "a" + kMark + "b");
}

TEST_CASE("text: marks that turn or hide writing are shown as such") {
    for (const std::string mark :
         {"\xe2\x80\xae", "\xe2\x81\xa6", "\xd8\x9c", "\xe2\x80\x8b", "\xef\xbb\xbf", "\xe2\x80\xa8"})
        CHECK(clean("a" + mark + "b") == "a" + kMark + "b");
}

TEST_CASE("text: bytes that are no UTF-8 become one mark each") {
    CHECK(clean("\xff") == kMark);
    CHECK(clean("\xc0\xaf") == kMark + kMark);              // overlong slash
    CHECK(clean("\xed\xa0\x80") == kMark + kMark + kMark);  // surrogate
    CHECK(clean("a\xe2\x82") == "a" + kMark + kMark);       // cut short
    CHECK(clean("\xf5\x80\x80\x80").find("\xf5") == std::string::npos);
}

TEST_CASE("text: a document keeps its lines, and nothing else") {
    CHECK(clean_lines("one\r\ntwo\tx\n") == "one\ntwo\tx\n");
    CHECK(clean_lines("one\rtwo") == "one" + kMark + "two");
    CHECK(is_plain_text("Bonjour\n\tmonde\r\n"));
    CHECK_FALSE(is_plain_text("%PDF\x01"));
    CHECK_FALSE(is_plain_text("\x1b[2J"));
    CHECK_FALSE(is_plain_text("\xff\xfe"));
}

TEST_CASE("text: sizes are short and true") {
    CHECK(human_size(0) == "0 bytes");
    CHECK(human_size(1) == "1 byte");
    CHECK(human_size(1023) == "1023 bytes");
    CHECK(human_size(1024) == "1.0 KiB");
    CHECK(human_size(248 * 1024) == "248 KiB");
    CHECK(human_size(1536ULL << 20) == "1.5 GiB");
    CHECK(human_size((1ULL << 20) - 1) == "1.0 MiB");
    CHECK(human_size(~0ULL).ends_with(" TiB"));
    CHECK(counted(1, "mailbox", "mailboxes") == "1 mailbox");
    CHECK(counted(0, "mailbox", "mailboxes") == "0 mailboxes");
}

TEST_CASE("text: times are in UTC, and nothing for no time") {
    constexpr std::int64_t kTime = 1'795'442'531'123;  // 2026-11-23T14:02:11.123Z
    CHECK(clock_time(kTime) == "14:02:11Z");
    CHECK(minute_time(kTime) == "2026-11-23 14:02Z");
    CHECK(date(kTime) == "2026-11-23");
    CHECK(iso_time(kTime) == "2026-11-23T14:02:11.123Z");
    CHECK(iso_time(0).empty());
    CHECK(clock_time(0).empty());
}

TEST_CASE("text: columns line up by characters, and cells are cleaned") {
    CHECK(table({{"a", "Größe", "x"}, {"long", "b", ""}}) == "a     Größe  x\nlong  b\n");
    CHECK(table({{"\x1b", "x"}}) == kMark + "  x\n");
    CHECK(table({}).empty());
}

TEST_CASE("json: one line, in the order given, whatever the bytes") {
    Json json;
    json.text("subject", "a\nb\xff").number("size", ~0ULL).boolean("new", true).text_if("none", "").time("never", 0);
    std::vector<Json> list;
    list.push_back(std::move(Json().text("name", "x")));
    json.objects("files", std::move(list)).texts("to", {"y"});
    CHECK(json.line() == R"({"subject":"a\nb)" + kMark +
                             R"(","size":18446744073709551615,"new":true,"files":[{"name":"x"}],"to":["y"]})");
}

TEST_CASE("progress: the line fits the terminal and says what is done") {
    const auto line = progress_line(2, 1 << 20, 4 << 20, 2.0, 80);
    CHECK(line.starts_with("sending  25 % of 4.0 MiB  512 KiB/s ["));
    CHECK(line.size() < 80);
    CHECK(progress_line(3, 10, 0, 1.0, 80) == "fetching 10 bytes  10 bytes/s");
    CHECK(progress_line(1, 1, 2, 1.0, 20).find('[') == std::string::npos);
}

}  // namespace
