// crpctl init: guided set-up of crpd, ndesd and its module, or one of them: certificates, keys,
// configuration, database, and what a first enrolment needs.
#include <cstdio>
#include <memory>

#include <unistd.h>

#include "crp-service/cli/commands.h"
#include "crp-service/cli/init/init_database.h"
#include "crp-service/cli/init/init_files.h"
#include "crp-service/cli/init/init_input.h"
#include "crp-service/cli/init/init_next.h"
#include "crp-service/cli/init/init_questions.h"

namespace ndes::crp::cli {

namespace {

struct InitOptions {
    InitInput input;
    std::map<std::string, std::string> told;  // every question's option
    bool non_interactive = false;
    bool dry_run = false;
};

void list_targets(const InitPlan& plan, const char* heading) {
    std::printf("%s\n", heading);
    for (const auto& path : plan.targets())
        std::printf("  %s\n", path.c_str());
}

Result<void> set_up(const InitAnswers& answers, const InitOptions& options) {
    const InitLayout layout(answers);
    auto pki = answers.own_pki() ? make_pki(answers) : read_pki(answers);
    if (!pki) return pass_on(pki);
    InitPlan plan;
    if (auto planned = plan_files(answers, layout, *pki, plan); !planned) return planned;
    if (auto free = plan.check_nothing_exists(); !free) return free;
    if (options.dry_run) {
        list_targets(plan, "would write:");
        return {};
    }
    if (options.input.interactive) {
        list_targets(plan, "\nThese files will be made:");
        if (!ask_yes("Make them?")) return fail(ErrorCode::conflict, "nothing was written");
    }
    if (auto written = plan.write(); !written) return written;
    if (auto made = make_database(answers, layout); !made) {
        plan.undo();
        return made;
    }
    list_targets(plan, "wrote:");
    std::printf("\nNext:\n%s", next_commands(answers, layout).c_str());
    return {};
}

int run_init(InitOptions& options) {
    options.input.interactive = !options.non_interactive && !options.dry_run &&
                                ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    auto answers = collect_answers(options.input);
    if (!answers) {
        std::fprintf(stderr,
                     "error: %s\n  next: give them as options or by --answers FILE; crpctl "
                     "init --help lists all questions\n",
                     answers.error().text.c_str());
        return answers.error().code == ErrorCode::bad_request ? kExitUsage : kExitFailed;
    }
    const Result<void> done = set_up(*answers, options);
    if (done) return kExitOk;
    // Paths and subjects of our own, a line each.
    std::fprintf(stderr, "error: %s\n", done.error().text.c_str());
    if (!done.error().detail.empty())
        std::fprintf(stderr, "  cause: %s\n", done.error().detail.c_str());
    return exit_code_for(done.error().code);
}

}  // namespace

void add_init_command(CLI::App& app, int& exit_code) {
    CLI::App* verb =
        app.add_subcommand("init", "set up crpd and ndesd: asks what it needs, overwrites nothing");
    const auto options = std::make_shared<InitOptions>();
    verb->add_option("--answers", options->input.answers_file,
                     "TOML file with answers: public_url = \"https://…\"");
    verb->add_flag("--non-interactive", options->non_interactive,
                   "ask nothing; fail when an answer is missing");
    verb->add_flag("--dry-run", options->dry_run, "list the files, write none");
    for (const InitQuestion& question : init_questions())
        verb->add_option(option_of(question), options->told[question.key], question.text)
            ->take_last();
    verb->callback([verb, options, &exit_code] {
        for (const InitQuestion& question : init_questions()) {
            if (verb->count(option_of(question)) > 0)
                options->input.options[question.key] = options->told[question.key];
        }
        exit_code = run_init(*options);
    });
}

}  // namespace ndes::crp::cli
