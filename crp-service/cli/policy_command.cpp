// crpctl policy simulate|explain: what the rules of the running crpd say, rule by rule, of a
// request or of a device. crpd answers from its own store and keys; nothing is recorded or spent.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include <openssl/pem.h>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/file.h"
#include "common/strict_json.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

struct Question {
    std::filesystem::path csr;
    std::filesystem::path challenge;  // "-": standard input; empty: the request's own
    std::filesystem::path signer;
    std::string template_name;
    std::string transaction;
    std::string device;
    std::string user;
    std::string policy;
    std::string format = "table";
};

// The DER of a file that holds DER or PEM.
Result<Bytes> read_der(const std::filesystem::path& path) {
    auto text = read_file(path);
    if (!text) return pass_on(text);
    if (text->find("-----BEGIN ") == std::string::npos) return to_bytes(as_bytes(*text));
    const BioPtr source(::BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (::PEM_read_bio(source.get(), &name, &header, &data, &size) != 1) {
        return fail(ErrorCode::bad_request, path.string() + ": not PEM", take_openssl_errors());
    }
    Bytes der(data, data + size);
    ::OPENSSL_free(name);
    ::OPENSSL_free(header);
    ::OPENSSL_free(data);
    return der;
}

// Never from the command line, which every user of the machine can read. A sealed challenge may
// stand in lines.
Result<std::string> read_challenge(const std::filesystem::path& path) {
    std::string text;
    if (path == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        auto file = read_file(path, 64 * 1024);
        if (!file) return pass_on(file);
        text = std::move(*file);
    }
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

Result<Json> simulation_body(const Question& question) {
    auto csr = read_der(question.csr);
    if (!csr) return pass_on(csr);
    Json body = {{"certificateRequest", to_base64(*csr)}, {"template", question.template_name}};
    if (!question.transaction.empty()) body["transactionId"] = question.transaction;
    if (!question.signer.empty()) {
        auto signer = read_der(question.signer);
        if (!signer) return pass_on(signer);
        body["signingCertificate"] = to_base64(*signer);
    }
    if (!question.challenge.empty()) {
        auto challenge = read_challenge(question.challenge);
        if (!challenge) return pass_on(challenge);
        body["challenge"] = std::move(*challenge);
    }
    return body;
}

std::string text_of(const Json& value) {
    if (value.is_null()) return "-";
    if (value.is_string()) return value.get<std::string>();
    if (!value.is_array()) return value.dump();
    std::string text;
    for (const Json& item : value) {
        const std::string one = item.is_object()
                                    ? text_of(item.at("type")) + ":" + text_of(item.at("value"))
                                    : text_of(item);
        text += (text.empty() ? "" : ", ") + one;
    }
    return text.empty() ? "-" : text;
}

void print_rule(const Json& rule) {
    std::printf("%-6s %-28s %-11s %s\n", rule.at("phase").dump().c_str(),
                text_of(rule.at("rule")).c_str(), text_of(rule.at("outcome")).c_str(),
                text_of(rule.at("reason")).c_str());
    for (const char* side : {"expected", "found"}) {
        const Json& value = rule.at(side);
        if (!value.is_null()) std::printf("       %-8s %s\n", side, text_of(value).c_str());
    }
}

void print_table(const Json& answer) {
    std::printf("%-6s %-28s %-11s %s\n", "PHASE", "RULE", "OUTCOME", "REASON");
    for (const Json& rule : answer.at("rules"))
        print_rule(rule);
    std::printf("\n%s: %s\n",
                answer.at("verified").get<bool>() ? "would be verified" : "would be refused",
                text_of(answer.at("reason")).c_str());
    if (!answer.at("detail").is_null()) std::printf("  %s\n", text_of(answer.at("detail")).c_str());
    constexpr std::array kFacts{"challengeKind", "challengeId", "deviceId",
                                "userId",        "policyId",    "entitledBy"};
    for (const char* fact : kFacts)
        std::printf("%-14s %s\n", fact, text_of(answer.at(fact)).c_str());
    const Json& certificate = answer.at("certificate");
    if (certificate.is_null()) {
        std::printf("\nWhat the certificate would say is not known.\n");
        return;
    }
    std::printf("\nThe certificate would say\n");
    for (const auto& [field, value] : certificate.items())
        std::printf("  %-18s %s\n", field.c_str(), text_of(value).c_str());
}

int ask(const RestTarget& target, const char* path, const Result<Json>& body,
        const std::string& format) {
    if (!body) return report(local_fault(body.error()));
    RestTarget whole = target;
    if (auto known = complete(whole); !known) return report_target(known.error());
    auto answer = call_rest(whole, "POST", path, body->dump());
    if (!answer) return report(answer.error());
    const auto json = parse_json(*answer, answer->size());
    if (!json || !json->is_object()) {
        return report({ErrorCode::internal, "crpd's answer cannot be read", {}, std::nullopt});
    }
    if (format == "json") {
        std::printf("%s\n", json->dump(2).c_str());
    } else {
        print_table(*json);
    }
    return json->at("verified").get<bool>() ? kExitOk : kExitRefused;
}

void add_format(CLI::App& verb, Question& question) {
    verb.add_option("--format", question.format, "table or json")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
}

void add_simulate(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "simulate", "judge a request without recording anything; exit code 4: would be refused");
    const auto target = add_rest_options(*verb);
    const auto question = std::make_shared<Question>();
    verb->add_option("--csr", question->csr, "PKCS#10, DER or PEM")->required();
    verb->add_option("--template", question->template_name, "template, as ndesd would name it")
        ->required();
    verb->add_option("--challenge", question->challenge,
                     "file with the challenge, - for standard input; none: the request's own");
    verb->add_option("--signer", question->signer, "renewal: the signing certificate, DER or PEM");
    verb->add_option("--transaction", question->transaction,
                     "transaction ID, to judge its repetition");
    add_format(*verb, *question);
    verb->callback([target, question, &exit_code] {
        exit_code = ask(*target, "/api/v1/simulate", simulation_body(*question), question->format);
    });
}

void add_explain(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "explain", "may this device have the policy's certificate, why, and what would it say?");
    const auto target = add_rest_options(*verb);
    const auto question = std::make_shared<Question>();
    verb->add_option("--policy", question->policy, "policy ID")->required();
    verb->add_option("--device", question->device, "device ID")->required();
    verb->add_option("--user", question->user, "user ID; none: a device without user");
    add_format(*verb, *question);
    verb->callback([target, question, &exit_code] {
        Json body = {{"deviceId", question->device}, {"policyId", question->policy}};
        if (!question->user.empty()) body["userId"] = question->user;
        exit_code =
            ask(*target, "/api/v1/explain", Result<Json>(std::move(body)), question->format);
    });
}

}  // namespace

// The noun is there already, with the verbs that all records have.
void add_policy_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.get_subcommand("policy");
    add_simulate(*noun, exit_code);
    add_explain(*noun, exit_code);
}

}  // namespace ndes::crp::cli
