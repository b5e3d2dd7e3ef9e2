// What is typed becomes plain values, and what makes no sense is refused with code 64.
#include "tools/carepost/command_line.h"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "carepost/carepost.h"
#include "tools/carepost/completion.h"

namespace {

using namespace carepost::command;

CommandLine parse(std::vector<const char*> words) {
    words.insert(words.begin(), "carepost");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <typename Options>
Options parsed(std::vector<const char*> words) {
    const auto line = parse(std::move(words));
    CAPTURE(line.text);
    REQUIRE(line.command);
    REQUIRE(std::holds_alternative<Options>(*line.command));
    return std::get<Options>(*line.command);
}

TEST_CASE("command line: send takes recipients and attachments without swallowing the document") {
    const auto options = parsed<SendOptions>({"send", "--to", "a", "--to", "b", "--attach", "x.pdf", "report.json",
                                              "--attach", "y.pdf", "--subject", "Lab result", "--meta", "k=v"});
    CHECK(options.to == std::vector<std::string>{"a", "b"});
    CHECK(options.attachments == std::vector<std::string>{"x.pdf", "y.pdf"});
    CHECK(options.document == "report.json");
    CHECK(options.subject == "Lab result");
    CHECK(options.metadata == std::vector<std::string>{"k=v"});
}

TEST_CASE("command line: a dash is standard input and output") {
    CHECK(parsed<SendOptions>({"send", "--to", "a", "-", "--attach", "x"}).document == "-");
    CHECK(parsed<GetOptions>({"get", "7f3a", "-o", "-"}).output == "-");
    CHECK(parsed<EnrolOptions>({"enrol", "--broker", "b", "--invite", "-"}).invite == "-");
}

TEST_CASE("command line: options of all commands stand before or after the command") {
    for (const auto& line :
         {parse({"--json", "--timeout", "5", "inbox"}), parse({"inbox", "--json", "--timeout", "5"})}) {
        CHECK(line.common.json);
        CHECK(line.common.timeout_seconds == 5.0);
    }
    CHECK(parse({"receipts", "verify", "f", "--json"}).common.json);
}

TEST_CASE("command line: an unset variable of a script is not taken for an option that was not given") {
    CHECK(parse({"get", "7f3a", "-o", ""}).exit_code == 64);
    CHECK(parse({"get", "7f3a", "--to", ""}).exit_code == 64);
    CHECK(parse({"watch", "--to", ""}).exit_code == 64);
    CHECK(parse({"receipts", "export", "7f3a", "--to", ""}).exit_code == 64);
}

TEST_CASE("command line: numbers out of bounds are refused, not wrapped around") {
    for (const auto* number : {"0", "-1", "x", "99999999999999999999999"}) {
        CAPTURE(number);
        CHECK(parse({"inbox", "--limit", number}).exit_code == 64);
        CHECK(parse({"find", "x", "--limit", number}).exit_code == 64);
    }
    CHECK(parsed<ListOptions>({"inbox", "--limit", "1"}).limit == 1);
    for (const auto* number : {"-1", "99999999999999999999999"}) {
        CAPTURE(number);
        CHECK(parse({"get", "7f3a", "-o", "x", "--content", number}).exit_code == 64);
        CHECK(parse({"inbox", "--after", number}).exit_code == 64);
    }
    CHECK(parsed<GetOptions>({"get", "7f3a", "-o", "x", "--content", "2"}).content == 2);
}

TEST_CASE("command line: inbox and sent are the same command on two folders") {
    CHECK(parsed<ListOptions>({"inbox"}).folder == CAREPOST_FOLDER_INBOX);
    CHECK(parsed<ListOptions>({"sent"}).folder == CAREPOST_FOLDER_SENT);
    CHECK(parse({"sent", "--new"}).exit_code == 64);
}

TEST_CASE("command line: several files and ids in one call") {
    CHECK(parsed<ReceiptsVerifyOptions>({"receipts", "verify", "a", "b", "--broker", "c"}).files.size() == 2);
    const auto options = parsed<DeleteOptions>({"delete", "--for-good", "7f3a", "8b2c"});
    CHECK(options.for_good);
    CHECK(options.ids.size() == 2);
}

TEST_CASE("command line: what makes no sense is named and refused") {
    const std::vector<std::pair<std::vector<const char*>, std::string>> wrong{
        {{}, "subcommand"},
        {{"send", "--nonsense"}, "--nonsense"},
        {{"send", "letter.txt"}, "--to"},
        {{"send", "--to", "a"}, "document"},
        {{"sned"}, "sned"},
        {{"get", "7f3a", "--to", "d", "-o", "f"}, "--to"},
        {{"enrol", "--broker", "b", "--invite", "c", "--request-file", "r"}, "--request-file"},
        {{"inbox", "--after", "x"}, "--after"},
        {{"completion", "csh"}, "csh"},
    };
    for (const auto& [words, named] : wrong) {
        const auto line = parse(words);
        CAPTURE(named, line.text);
        CHECK_FALSE(line.command);
        CHECK(line.exit_code == 64);
        CHECK(line.text.find(named) != std::string::npos);
    }
}

TEST_CASE("command line: every command's help has an example that begins with carepost") {
    for (const auto& summary : summaries()) {
        std::vector<const char*> words;
        std::string rest = summary.name;
        std::vector<std::string> kept;
        for (std::size_t space; (space = rest.find(' ')) != std::string::npos; rest = rest.substr(space + 1))
            kept.push_back(rest.substr(0, space));
        if (!rest.empty()) kept.push_back(rest);
        for (const auto& word : kept)
            words.push_back(word.c_str());
        words.push_back("--help");
        const auto line = parse(words);
        CAPTURE(summary.name, line.text);
        CHECK(line.exit_code == 0);
        CHECK(line.text.find("Example:\n  carepost " + summary.name) != std::string::npos);
        CHECK(line.text.find("Usage: carepost " + summary.name) != std::string::npos);
    }
}

TEST_CASE("command line: --version tells the library's version") {
    CHECK(parse({"--version"}).text == std::string("carepost ") + carepost_version_text() + "\n");
}

TEST_CASE("completion: every command and option is offered in every shell") {
    const auto commands = summaries();
    CHECK(commands.size() == 31);
    for (const std::string shell : {"bash", "zsh", "fish"}) {
        const auto script = completion_script(shell, commands);
        for (const auto& command : commands) {
            CAPTURE(shell, command.name);
            const auto word = command.name.substr(command.name.find(' ') + 1);
            CHECK(script.find(word) != std::string::npos);
        }
        CHECK(script.find("passphrase-file") != std::string::npos);
    }
}

}  // namespace
