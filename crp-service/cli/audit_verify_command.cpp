// crpctl audit verify: is the audit whole? Ends with 0 if it is, with 4 if it is not, and with 1
// or 3 if that could not be found out.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "crp-service/audit/audit_checkpoint.h"
#include "crp-service/audit/audit_verifier.h"
#include "crp-service/audit/checkpoint_file.h"
#include "crp-service/cli/audit_commands.h"
#include "crp-service/cli/audit_input.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/output.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

using std::filesystem::path;

struct VerifyOrder {
    std::shared_ptr<AuditPlace> place;
    std::shared_ptr<Output> output;
    std::vector<path> public_keys;
    path checkpoints;  // kept outside
    bool record = false;
};

struct Verification {
    AuditVerifier verifier;
    bool has_keys = false;        // without any, no checkpoint counts
    std::size_t checkpoints = 0;  // genuine ones
    std::optional<AuditFault> fault;
};

Result<PublicKeys> load_keys(const std::vector<path>& files) {
    PublicKeys keys;
    for (const path& file : files) {
        auto key = load_public_key(file);
        if (!key) return pass_on(key);
        keys.emplace_back(std::move(*key));
    }
    return keys;
}

// Who signs by crpd's configuration. The operator may not be able to read the private key.
Result<EvpPkeyPtr> load_configured_key(const path& signing_key_file) {
    auto key = load_signing_key(signing_key_file);
    if (key) return key;
    auto open_key = load_public_key(signing_key_file.string() + ".pub");
    if (open_key) return open_key;
    return pass_on(key, "[audit] signing_key_file, and no .pub beside it");
}

struct Expectations {
    PublicKeys keys;
    std::vector<path> checkpoint_files;
};

// What the command line says and, when the database of a configuration is read, that says.
Result<Expectations> expectations_of(const VerifyOrder& order) {
    auto keys = load_keys(order.public_keys);
    if (!keys) return pass_on(keys);
    Expectations expected{std::move(*keys), {}};
    if (!order.checkpoints.empty()) expected.checkpoint_files.push_back(order.checkpoints);
    if (order.place->config.empty()) return expected;
    auto config = read_crpd_settings(order.place->config);
    if (!config) return pass_on(config);
    const AuditConfig& audit = config->audit;
    if (audit.signing_key_file.empty()) return expected;
    auto key = load_configured_key(audit.signing_key_file);
    if (!key) return pass_on(key);
    expected.keys.emplace_back(std::move(*key));
    if (order.checkpoints.empty() && !audit.checkpoint_file.empty()) {
        expected.checkpoint_files.push_back(audit.checkpoint_file);
    }
    return expected;
}

// What the input says is no record or checkpoint is a fault of the audit, not of the reading.
Result<void> or_fault(Result<void> done, Verification& found) {
    if (done || done.error().code != ErrorCode::conflict) return done;
    if (!found.fault) {
        found.fault = {AuditFault::Kind::unreadable, "", found.verifier.records() + 1,
                       done.error().text};
    }
    return {};
}

Result<void> read_expectations(const VerifyOrder& order, const AuditInput& input,
                               Verification& found) {
    auto expected = expectations_of(order);
    if (!expected) return pass_on(expected);
    found.has_keys = !expected->keys.empty();
    auto checkpoints = input.checkpoints();
    if (!checkpoints) return pass_on(checkpoints);
    for (const path& file : expected->checkpoint_files) {
        auto kept = read_checkpoint_file(file);
        if (!kept) return pass_on(kept);
        if (kept->torn > 0) {
            say(*order.output, file.string() +
                                   ": lines passed over that a crash or a full disk "
                                   "cut off: " +
                                   std::to_string(kept->torn));
        }
        checkpoints->insert(checkpoints->end(), kept->checkpoints.begin(), kept->checkpoints.end());
    }
    if (!found.has_keys) {
        if (!checkpoints->empty()) {
            say(*order.output, std::to_string(checkpoints->size()) +
                                   " checkpoints not looked at: no --public-key");
        }
        return {};
    }
    for (const AuditCheckpoint& checkpoint : *checkpoints) {
        if (!is_genuine(checkpoint, expected->keys)) {
            found.fault = {AuditFault::Kind::forged, checkpoint.node, checkpoint.sequence,
                           "the checkpoint is not signed by a key that was given"};
            return {};
        }
        if ((found.fault = found.verifier.expect(checkpoint))) return {};
        ++found.checkpoints;
    }
    return {};
}

Result<Verification> verify(const VerifyOrder& order, const AuditInput& input) {
    Verification found;
    if (auto done = or_fault(read_expectations(order, input, found), found); !done) {
        return pass_on(done);
    }
    if (found.fault) return found;
    auto done = input.records([&found](const AuditRecord& record) {
        found.fault = found.verifier.accept(record);
        return !found.fault;
    });
    if (auto read = or_fault(std::move(done), found); !read) return pass_on(read);
    if (!found.fault) found.fault = found.verifier.finish();
    return found;
}

Json to_json(const Verification& found) {
    Json chains = Json::array();
    for (const auto& [node, tail] : found.verifier.tails()) {
        chains.push_back({{"node", node}, {"sequence", tail.sequence}, {"hash", tail.hash}});
    }
    Json json = {{"whole", !found.fault},
                 {"records", found.verifier.records()},
                 {"checkpoints", found.checkpoints},
                 {"unprotected", found.verifier.unprotected()},
                 {"chains", std::move(chains)},
                 {"fault", nullptr}};
    if (found.fault) {
        json["fault"] = {{"kind", to_string(found.fault->kind)},
                         {"node", found.fault->node},
                         {"sequence", found.fault->sequence},
                         {"text", found.fault->text}};
    }
    return json;
}

void print(const Verification& found, const Output& output) {
    if (output.format == "json") return print_json(to_json(found));
    if (found.fault) {
        const std::string node =
            found.fault->node.empty() ? "" : "node " + found.fault->node + ", ";
        std::printf("BROKEN: %srecord %lld: %s: %s\n", node.c_str(),
                    static_cast<long long>(found.fault->sequence), to_string(found.fault->kind),
                    found.fault->text.c_str());
        return;
    }
    std::printf("whole: %lld records in %zu chains, %zu genuine checkpoints\n",
                static_cast<long long>(found.verifier.records()), found.verifier.tails().size(),
                found.checkpoints);
    for (const auto& [node, tail] : found.verifier.tails()) {
        std::printf("%s%s%lld %s\n", node.c_str(), node.empty() ? "" : " ",
                    static_cast<long long>(tail.sequence), tail.hash.c_str());
    }
    if (!found.has_keys) {
        say(output,
            "no key was given or configured: had records been cut off at the end, or all of them "
            "been written anew, this could not be seen (see [audit] signing_key_file)");
    } else if (found.verifier.unprotected() > 0) {
        say(output,
            std::to_string(found.verifier.unprotected()) +
                " records after the last checkpoint: if as many or fewer had been cut off there, "
                "or all of them written anew, this could not be seen");
    }
}

// Tells crpd, whose audit keeps it.
Result<void> record(const VerifyOrder& order, const Verification& found) {
    Json body = {{"records", found.verifier.records()}, {"fault", nullptr}};
    if (found.fault) {
        body["fault"] = std::string(to_string(found.fault->kind)) + " at " + found.fault->node +
                        (found.fault->node.empty() ? "" : " ") +
                        std::to_string(found.fault->sequence);
    }
    auto told = call_rest(*order.place->target, "POST", "/api/v1/audit/verifications", body.dump());
    if (!told) return pass_on(told, "the result could not be recorded");
    return {};
}

int run(const VerifyOrder& order) {
    auto input = open_input(*order.place);
    if (!input) {
        if (input.error().code != ErrorCode::bad_request) return report(input.error());
        return report_usage(input.error().text, input.error().detail + ", --config or --export");
    }
    auto found = verify(order, *input);
    if (!found) {
        const int code = report(found.error());
        return code == kExitRefused ? kExitFailed : code;  // 4 says "broken" here
    }
    print(*found, *order.output);
    if (order.record) {
        if (auto told = record(order, *found); !told) {
            const int code = report(told.error());
            return found->fault ? kExitRefused : code == kExitRefused ? kExitFailed : code;
        }
    }
    if (found->fault) return kExitRefused;
    if (found->checkpoints > 0 || !found->has_keys) return kExitOk;
    return report({ErrorCode::configuration,
                   "a key is known, but there is no checkpoint to hold against it",
                   "the end of the audit may have been cut off", std::nullopt});
}

}  // namespace

void add_audit_verify(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "verify", "look for edits, deletions, insertions, reordering and truncation");
    const auto order = std::make_shared<VerifyOrder>();
    order->place = add_audit_place(*verb, true);
    order->output = add_output_options(*verb, false);
    verb->add_option("--public-key", order->public_keys,
                     "PEM: who may have signed checkpoints, beside [audit] "
                     "signing_key_file of --config; may be given again")
        ->allow_extra_args(false);
    verb->add_option(
        "--checkpoints", order->checkpoints,
        "checkpoint file kept elsewhere, in place of [audit] checkpoint_file of --config");
    verb->add_flag("--record", order->record, "tell crpd the result, which its audit keeps");
    verb->callback([order, &exit_code] { exit_code = run(*order); });
}

}  // namespace ndes::crp::cli
