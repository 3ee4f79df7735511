// crpctl completion: scripts for bash, zsh and fish, made from the command line itself, so that
// they can never tell of another one.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

namespace {

struct Node {
    std::string path;                                          // "crpctl tx"
    std::vector<std::pair<std::string, std::string>> verbs;    // name and help
    std::vector<std::pair<std::string, std::string>> options;  // "--limit" and help
};

void walk(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
    Node node;
    node.path = path;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames())
            node.options.emplace_back("--" + name, option->get_description());
    }
    std::vector<const CLI::App*> below;
    for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (child->get_name().empty()) {  // an option group: its options are the verb's
            for (const CLI::Option* option : child->get_options()) {
                for (const std::string& name : option->get_lnames())
                    node.options.emplace_back("--" + name, option->get_description());
            }
            continue;
        }
        node.verbs.emplace_back(child->get_name(), child->get_description());
        below.push_back(child);
    }
    nodes.push_back(std::move(node));
    for (const CLI::App* child : below)
        walk(*child, path + " " + child->get_name(), nodes);
}

std::vector<Node> nodes_of(const CLI::App& app) {
    const CLI::App* root = &app;
    while (root->get_parent() != nullptr)
        root = root->get_parent();
    std::vector<Node> nodes;
    walk(*root, "crpctl", nodes);
    return nodes;
}

std::string words(const std::vector<std::pair<std::string, std::string>>& list) {
    std::string text;
    for (const auto& [name, help] : list)
        text += (text.empty() ? "" : " ") + name;
    return text;
}

// For a text between single quotes of any of the three shells.
std::string quoted(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') {
            out += "\u2019";
        } else {
            out += c == '[' || c == ']' || c == ':' ? ' ' : c;
        }
    }
    return out;
}

void print_bash(const std::vector<Node>& nodes) {
    std::puts("# bash completion for crpctl: . <(crpctl completion bash)");
    std::puts(
        "_crpctl() {\n"
        "    local word path=crpctl current=${COMP_WORDS[COMP_CWORD]} offers=\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "        case \"$path $word\" in");
    for (const Node& node : nodes) {
        if (node.path != "crpctl")
            std::printf("            '%s') path='%s' ;;\n", node.path.c_str(), node.path.c_str());
    }
    std::puts("        esac\n    done\n    case $path in");
    for (const Node& node : nodes) {
        std::printf("        '%s') offers='%s' ;;\n", node.path.c_str(),
                    (words(node.verbs) + " " + words(node.options)).c_str());
    }
    std::puts(
        "    esac\n"
        "    COMPREPLY=($(compgen -W \"$offers\" -- \"$current\"))\n"
        "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\"))\n"
        "}\ncomplete -o filenames -F _crpctl crpctl");
}

void print_zsh(const std::vector<Node>& nodes) {
    std::puts(
        "#compdef crpctl\n# zsh completion for crpctl: crpctl completion zsh > "
        "\"${fpath[1]}/_crpctl\"");
    std::puts(
        "_crpctl() {\n"
        "    local word where=crpctl\n    local -a offers\n"
        "    for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
        "        case \"$where $word\" in");
    for (const Node& node : nodes) {
        if (node.path != "crpctl")
            std::printf("            '%s') where='%s' ;;\n", node.path.c_str(), node.path.c_str());
    }
    std::puts("        esac\n    done\n    case $where in");
    for (const Node& node : nodes) {
        std::printf("        '%s') offers=(", node.path.c_str());
        for (const auto* list : {&node.verbs, &node.options}) {
            for (const auto& [name, help] : *list)
                std::printf(" '%s:%s'", name.c_str(), quoted(help).c_str());
        }
        std::puts(" ) ;;");
    }
    std::puts(
        "    esac\n    _describe crpctl offers || _files\n}\n"
        "if [ \"$funcstack[1]\" = _crpctl ]; then _crpctl \"$@\"; else compdef _crpctl crpctl; fi");
}

void print_fish(const std::vector<Node>& nodes) {
    std::puts("# fish completion for crpctl: crpctl completion fish | source");
    std::puts(
        "function __crpctl_at\n"
        "    set -l where crpctl\n"
        "    for word in (commandline -opc)[2..]\n"
        "        contains -- \"$where $word\" $__crpctl_places; and set where \"$where $word\"\n"
        "    end\n"
        "    test \"$where\" = \"$argv[1]\"\nend");
    std::string places;
    for (const Node& node : nodes)
        places += " '" + node.path + "'";
    std::printf("set -g __crpctl_places%s\n", places.c_str());
    for (const Node& node : nodes) {
        for (const auto& [name, help] : node.verbs) {
            std::printf("complete -c crpctl -n \"__crpctl_at '%s'\" -f -a '%s' -d '%s'\n",
                        node.path.c_str(), name.c_str(), quoted(help).c_str());
        }
        for (const auto& [name, help] : node.options) {
            std::printf("complete -c crpctl -n \"__crpctl_at '%s'\" -l '%s' -d '%s'\n",
                        node.path.c_str(), name.substr(2).c_str(), quoted(help).c_str());
        }
    }
}

}  // namespace

void add_completion_command(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("completion", "print a completion script");
    noun->require_subcommand(1);
    const auto add = [&](const char* shell, void (*print)(const std::vector<Node>&)) {
        CLI::App* verb = noun->add_subcommand(shell, std::string("for ") + shell);
        verb->callback([verb, print, &exit_code] {
            print(nodes_of(*verb));
            exit_code = kExitOk;
        });
    };
    add("bash", print_bash);
    add("zsh", print_zsh);
    add("fish", print_fish);
}

}  // namespace ndes::crp::cli
