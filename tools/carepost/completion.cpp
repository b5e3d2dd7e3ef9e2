#include "tools/carepost/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace carepost::command {
namespace {

// The words that may follow `name`: its subcommands.
std::vector<std::string> children_of(const std::string& name, const std::vector<CommandSummary>& commands) {
    std::vector<std::string> out;
    const std::string prefix = name.empty() ? "" : name + ' ';
    for (const auto& command : commands) {
        if (command.name.empty() || !command.name.starts_with(prefix)) continue;
        const std::string rest = command.name.substr(prefix.size());
        if (!rest.empty() && rest.find(' ') == std::string::npos) out.push_back(rest);
    }
    return out;
}

// bash and zsh (through bashcompinit) share one function: the words so far name the command, files are the rest.
std::string bash_script(const std::vector<CommandSummary>& commands) {
    std::string cases;
    for (const auto& command : commands) {
        auto words = children_of(command.name, commands);
        words.insert(words.end(), command.options.begin(), command.options.end());
        if (!command.name.empty())
            words.insert(words.end(), commands.front().options.begin(), commands.front().options.end());
        cases += fmt::format("        '{}') words='{}' ;;\n", command.name, fmt::join(words, " "));
    }
    std::vector<std::string> names;
    for (const auto& command : commands)
        if (!command.name.empty()) names.push_back("'" + command.name + "'");
    return fmt::format(R"(_carepost() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} command='' word words='' known
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        for known in {0}; do
            if [ "$known" = "${{command:+$command }}$word" ]; then command=$known; fi
        done
    done
    case $command in
{1}    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    case $current in
        -*) ;;
        *) [ -z "$command" ] || COMPREPLY+=($(compgen -f -- "$current")) ;;
    esac
}}
complete -o filenames -F _carepost carepost
)",
                       fmt::join(names, " "), cases);
}

std::string quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("\\'") : std::string(1, c);
    return out + "'";
}

std::string fish_script(const std::vector<CommandSummary>& commands) {
    std::string out;
    for (const auto& command : commands) {
        const auto space = command.name.find(' ');
        const std::string parent = space == std::string::npos ? "" : command.name.substr(0, space);
        const std::string word = space == std::string::npos ? command.name : command.name.substr(space + 1);
        if (!word.empty()) {
            const std::string when = parent.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + parent;
            out += fmt::format("complete -c carepost -f -n {} -a {} -d {}\n", quoted(when), word,
                               quoted(command.description));
        }
        for (const auto& option : command.options) {
            const std::string when = word.empty() ? "" : " -n " + quoted("__fish_seen_subcommand_from " + word);
            const bool is_long = option.starts_with("--");
            out += fmt::format("complete -c carepost{} {} {}\n", when, is_long ? "-l" : "-s",
                               option.substr(is_long ? 2 : 1));
        }
    }
    return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const std::vector<CommandSummary>& commands) {
    if (shell == "fish") return fish_script(commands);
    const std::string script = bash_script(commands);
    return shell == "zsh" ? "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n" + script : script;
}

}  // namespace carepost::command
