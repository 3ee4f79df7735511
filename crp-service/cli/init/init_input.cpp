#include "crp-service/cli/init/init_input.h"

#include <cstdio>
#include <iostream>
#include <optional>

#include "common/config/config_file.h"
#include "common/file.h"
#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_questions.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;
using AnswerMap = std::map<std::string, std::string>;

// What names a file is relative to the answers file, as in every configuration file.
bool is_file_question(const InitQuestion& question) {
    return question.check == check_certificates || question.check == check_key ||
           question.check == check_readable;
}

Result<AnswerMap> read_answers_file(const fs::path& path) {
    AnswerMap answers;
    if (path.empty()) return answers;
    const auto text = read_file(path);
    if (!text) return fail(ErrorCode::configuration, text.error().text);
    auto file = ConfigFile::parse(*text, fs::absolute(path).string());
    if (!file) return pass_on(file);
    ConfigTable root = file->root();
    for (const InitQuestion& question : init_questions()) {
        answers[question.key] = is_file_question(question) ? root.path(question.key).string()
                                                           : root.text(question.key, "");
    }
    if (auto sound = file->finish(); !sound) return pass_on(sound);
    for (const ConfigSetting& setting : file->settings()) {
        if (setting.origin == "default") answers.erase(setting.name);
    }
    return answers;
}

std::optional<std::string> type_line(const std::string& prompt) {
    std::printf("%s", prompt.c_str());
    std::fflush(stdout);
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
}

class AnswerCollector {
  public:
    AnswerCollector(const InitInput& input, AnswerMap file)
        : input_(input), file_(std::move(file)) {}

    Result<InitAnswers> run() {
        for (const InitQuestion& question : init_questions()) {
            const std::string key = question.key;
            const std::optional<std::string> told = told_answer(key);
            if (!question.applies(answers_)) {
                if (told)
                    wrong_ += "\n  " + option_of(question) + ": is not asked with these answers";
                continue;
            }
            const std::size_t before = wrong_.size();
            if (told) {
                take(question, *told);
            } else if (auto asked = ask_or_default(question); !asked) {
                return pass_on(asked);
            }
            // What comes next hangs on a choice.
            if (wrong_.size() != before && !question.words.empty()) break;
        }
        return finish();
    }

  private:
    std::optional<std::string> told_answer(const std::string& key) const {
        for (const AnswerMap* source : {&input_.options, &file_}) {
            if (const auto found = source->find(key); found != source->end()) return found->second;
        }
        return std::nullopt;
    }

    void take(const InitQuestion& question, const std::string& text) {
        if (auto good = check_answer(question, answers_, text); !good) {
            wrong_ += "\n  " + good.error().text;
            return;
        }
        answers_.set(question.key, text);
    }

    Result<void> ask_or_default(const InitQuestion& question) {
        const auto fallback = question.fallback(answers_);
        if (input_.interactive && (question.asked || !fallback)) return ask(question, fallback);
        if (fallback) {
            take(question, *fallback);
        } else {
            open_ += "\n  " + option_of(question) + "  " + question.text;
        }
        return {};
    }

    Result<void> ask(const InitQuestion& question, const std::optional<std::string>& fallback) {
        const bool has_default = fallback && !fallback->empty();
        const std::string prompt =
            std::string(question.text) + (has_default ? " [" + *fallback + "]: " : ": ");
        while (true) {
            auto line = type_line(prompt);
            if (!line)
                return fail(ErrorCode::bad_request, "the answers ended; nothing was written");
            if (line->empty() && fallback) line = fallback;
            auto good = check_answer(question, answers_, *line);
            if (good) {
                answers_.set(question.key, *line);
                return {};
            }
            std::printf("  %s\n", good.error().text.c_str());
        }
    }

    Result<InitAnswers> finish() {
        std::string text;
        if (!wrong_.empty()) text += "wrong answers:" + wrong_;
        if (!open_.empty())
            text +=
                (text.empty() ? "" : "\n") + std::string("questions without an answer:") + open_;
        if (text.empty()) return std::move(answers_);
        return fail(ErrorCode::bad_request, text);
    }

    const InitInput& input_;
    AnswerMap file_;
    InitAnswers answers_;
    std::string wrong_;
    std::string open_;
};

}  // namespace

Result<InitAnswers> collect_answers(const InitInput& input) {
    auto file = read_answers_file(input.answers_file);
    if (!file) return pass_on(file);
    return AnswerCollector(input, std::move(*file)).run();
}

bool ask_yes(const std::string& question) {
    const auto line = type_line(question + " [Y/n]: ");
    return line && (line->empty() || *line == "y" || *line == "Y" || *line == "yes");
}

}  // namespace ndes::crp::cli
