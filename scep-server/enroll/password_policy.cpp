#include "scep-server/enroll/password_policy.h"

#include <algorithm>
#include <utility>

#include "common/crypto/digest.h"
#include "common/file.h"
#include "policy-module/include/ndes_policy.h"
#include "scep-server/enroll/ndes_event.h"
#include "scep-server/enroll/policy_refusal.h"

namespace ndes::scep {
namespace {

// As the original shows them: upper-case hexadecimal, two digits for each octet of PasswordLength.
std::string new_password(std::size_t octets, Random& random) {
    std::string text = to_hex(random.bytes(octets));
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'a' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return text;
}

SealContext single_context(const std::string& profile) { return {profile, "", "single password"}; }

Failure not_openable(const MscepConfig& config, const std::string& cause, Log& log) {
    const std::string file = config.encrypted_password.string();
    note_event(log, Severity::error, kFailedDecryptPassword, "the single password cannot be read",
               {{"cause", cause}, {"setting", file}});
    return fail(ErrorCode::configuration, "EncryptedPassword " + file + ": " + cause +
                                              "; delete the file for a new password");
}

Result<Secret> make_single_password(const MscepConfig& config, const std::string& profile,
                                    const PasswordParts& parts) {
    Secret password(new_password(config.password_length, parts.random));
    auto sealed = parts.seal.seal(as_text(password.expose()), single_context(profile));
    if (!sealed) return pass_on(sealed);
    auto written = write_file_durably(config.encrypted_password, as_bytes(*sealed + "\n"), 0600);
    if (written) return password;
    note_event(parts.log, Severity::error, kUnableToSetKey, "the single password cannot be kept",
               {{"cause", written.error().text}, {"setting", config.encrypted_password.string()}});
    return pass_on(written, "EncryptedPassword");
}

Result<Secret> load_single_password(const MscepConfig& config, const std::string& profile,
                                    const PasswordParts& parts) {
    auto text = read_secret_file(config.encrypted_password);
    if (!text && text.error().code == ErrorCode::not_found)
        return make_single_password(config, profile, parts);
    if (!text) return not_openable(config, text.error().text, parts.log);
    std::string_view sealed = as_text(text->expose());
    while (sealed.ends_with('\n') || sealed.ends_with('\r'))
        sealed.remove_suffix(1);
    auto password = parts.seal.open(sealed, single_context(profile));
    if (!password || password->empty())
        return not_openable(config, "does not open with journal.key_file", parts.log);
    if (password->expose().size() != 2 * config.password_length)
        return not_openable(config, "has another length than PasswordLength says", parts.log);
    return password;
}

PolicyAnswer refuse(std::string_view reason, std::string detail, std::string key_usage = {}) {
    PolicyAnswer answer;
    answer.reason = reason;
    answer.detail = std::move(detail);
    answer.key_usage = std::move(key_usage);
    return answer;
}

PolicyAnswer permit(std::string decision) {
    PolicyAnswer answer;
    answer.verified = true;
    answer.reason = "Success";
    answer.decision_id = std::move(decision);
    return answer;
}

const char* usage_text(int usage) {
    if (usage == kSignatureUse) return "Signature";
    return usage == kEncryptionUse ? "Exchange" : "Signature and Exchange";
}

class PasswordPolicy final : public Policy {
  public:
    PasswordPolicy(MscepConfig config, std::string profile, PasswordParts parts, Secret single)
        : config_(std::move(config)),
          profile_(std::move(profile)),
          parts_(parts),
          single_(std::move(single)) {}

    Result<PolicyAnswer> verify(const PolicyQuestion& question) override {
        if (!question.signing_certificate.empty()) return permit("renewal");
        if (!config_.enforce_password) return permit("EnforcePassword=0");
        if (config_.use_single_password) return verify_single(question.challenge);
        const std::string hash = parts_.seal.hash(question.challenge);
        const RequestKey key{std::string(question.transaction_id),
                             sha256_hex(question.certificate_request),
                             {},
                             profile_};
        auto verdict = parts_.cache.reserve(hash, question.usage, key);
        if (!verdict) return pass_on(verdict);
        switch (*verdict) {
            // The hash names the password in the log and journal without telling it.
            case PasswordVerdict::good: return permit("password " + hash.substr(0, 16));
            case PasswordVerdict::used_usage:
                return refuse(kPasswordUsageTaken, "the password has been used for this key usage",
                              usage_text(question.usage));
            case PasswordVerdict::unknown: break;
        }
        return refuse(kPasswordInvalid, "the password is unknown, expired or used up");
    }

    Result<void> notify(const PolicyOutcome& outcome) override {
        if (outcome.challenge.empty() || config_.use_single_password) return {};
        const std::string hash = parts_.seal.hash(outcome.challenge);
        switch (outcome.disposition) {
            case NDES_POLICY_DISPOSITION_SUCCESS:
                return parts_.cache.complete(hash, outcome.transaction_id);
            case NDES_POLICY_DISPOSITION_FAILURE:
                return parts_.cache.release(hash, outcome.transaction_id);
            default: return {};
        }
    }

    // `params` says nothing here: a password of the cache is good for anybody.
    Result<std::string> generate_challenge(std::string_view, std::string_view) override {
        if (config_.use_single_password) return std::string(as_text(single_.expose()));
        std::string password = new_password(config_.password_length, parts_.random);
        auto added = parts_.cache.add(profile_, parts_.seal.hash(password), "",
                                      config_.password_validity, config_.password_max);
        if (!added) return pass_on(added);
        return password;
    }

    std::string name() const override { return "none (password cache)"; }

  private:
    PolicyAnswer verify_single(std::string_view challenge) const {
        if (equal_constant_time(as_bytes(challenge), single_.expose()))
            return permit("single password");
        return refuse(kPasswordInvalid, "not the single password");
    }

    const MscepConfig config_;
    const std::string profile_;
    const PasswordParts parts_;
    const Secret single_;
};

}  // namespace

Result<std::unique_ptr<Policy>> make_password_policy(const MscepConfig& config,
                                                     const std::string& profile,
                                                     PasswordParts parts) {
    Secret single;
    if (config.use_single_password) {
        auto loaded = load_single_password(config, profile, parts);
        if (!loaded) return pass_on(loaded);
        single = std::move(*loaded);
    }
    return std::unique_ptr<Policy>(
        std::make_unique<PasswordPolicy>(config, profile, parts, std::move(single)));
}

}  // namespace ndes::scep
