#include "crp-service/validation/facts.h"

#include <utility>

#include "common/crypto/digest.h"

namespace ndes::crp {
namespace {

// How many renewals in a row are followed back to the challenge that began them: more than a year
// of daily ones. Also an end to a stolen key that renews itself for ever (CVE-2021-20179).
constexpr int kMostRenewalsInARow = 400;

// Puts what was found into `fact`.
template <class T>
Result<void> keep(Result<std::optional<T>> found, std::optional<T>& fact) {
    if (!found) return pass_on(found);
    fact = std::move(*found);
    return {};
}

// As keep(), but a record that is not for the request's owner is as if it did not exist.
template <class T>
Result<void> keep_for(std::string_view owner, Result<std::optional<T>> found,
                      std::optional<T>& fact) {
    if (found && *found && !may_rest_on(**found, owner)) found->reset();
    return keep(std::move(found), fact);
}

struct Origin {
    ExpectedOverrides overrides;
    bool too_far = false;
};

// What the challenge at the beginning of a line of renewals overrides of its policy.
Result<Origin> origin_of(const IssuedCertificate& renewed, Store& store) {
    IssuedCertificate certificate = renewed;
    for (int followed = 0; followed < kMostRenewalsInARow; ++followed) {
        if (!certificate.challenge_id.empty()) {
            Result<std::optional<Challenge>> first = store.find_challenge(certificate.challenge_id);
            if (!first) return pass_on(first);
            return Origin{*first ? std::move((*first)->expected) : ExpectedOverrides{}, false};
        }
        if (certificate.renews.empty()) return Origin{};
        Result<std::optional<IssuedCertificate>> before =
            store.find_certificate(certificate.renews);
        if (!before) return pass_on(before);
        if (!*before) return Origin{};
        certificate = std::move(**before);
    }
    return Origin{{}, true};
}

// A sealed challenge is its own promise: what an order over REST would have recorded.
Challenge record_of(const OpenedChallenge& opened, WallTime now) {
    const SealedClaims& claims = opened.sealed.value();
    Challenge record;
    record.id = claims.challenge_id;
    record.kind = ChallengeKind::sealed;
    record.device_id = claims.device_id;
    record.user_id = claims.user_id;
    record.policy_id = claims.policy_id;
    record.certificate_request_id = claims.certificate_request_id;
    record.expected = claims.expected;
    record.not_before = claims.not_before;
    record.expires_at = claims.expires_at;
    record.created_at = now;
    record.owner = opened.owner;
    record.key_id = opened.key_id;
    return record;
}

Result<void> expect_contents(Context& context, Store& store) {
    if (!context.policy || !context.device) return {};
    Origin origin;
    if (context.renewed) {
        Result<Origin> found = origin_of(*context.renewed, store);
        if (!found) return pass_on(found);
        origin = std::move(*found);
    } else if (context.challenge) {
        origin.overrides = context.challenge->expected;
    }
    context.expected = expected_contents(*context.policy, *context.device,
                                         context.user ? &*context.user : nullptr, origin.overrides);
    if (origin.too_far) {
        context.expected->reason = "RenewalNotPermitted";
        context.expected->detail = "renewed " + std::to_string(kMostRenewalsInARow) +
                                   " times in a row; enrol anew with a challenge";
    }
    return {};
}

Result<void> read_mdm_records(Context& context, Store& store) {
    const std::string& owner = context.owner;
    Result<void> kept;
    if (!context.options.skip_template_check) {
        kept = keep_for(owner, store.find_template(context.input.template_name),
                        context.template_record);
        if (!kept) return kept;
    }
    kept = keep_for(owner, store.find_device(context.device_id), context.device);
    if (!kept) return kept;
    if (!context.user_id.empty()) {
        kept = keep_for(owner, store.find_user(context.user_id), context.user);
        if (!kept) return kept;
    }
    return keep_for(owner, store.find_policy(context.policy_id), context.policy);
}

}  // namespace

void read_request(Context& context, const ChallengeCodec& codec) {
    const VerifyInput& input = context.input;
    Result<CertificateRequest> csr = parse_csr(input.certificate_request);
    if (csr) {
        context.csr_sha256 = csr->sha256;
        context.csr = std::move(*csr);
    } else {
        context.csr_sha256 = sha256_hex(input.certificate_request);
        context.csr_fault = std::move(csr.error().text);
    }
    if (input.signing_certificate) {
        context.signing_sha256 = sha256_hex(*input.signing_certificate);
        Result<Certificate> signer = Certificate::from_der(*input.signing_certificate);
        if (signer) {
            context.signer = std::move(*signer);
        } else {
            context.signer_fault = std::move(signer.error().text);
        }
        return;  // a challenge left over in a renewal is not looked at
    }
    if (context.csr && !context.challenge_instead.empty()) {
        context.csr->challenge = context.challenge_instead;
    }
    if (context.csr && context.csr->challenge && !context.csr->challenge->empty()) {
        context.opened = codec.open(*context.csr->challenge, context.now);
    }
}

Result<void> identify(Context& context, Store& store) {
    if (context.is_renewal()) {
        if (auto kept = keep(store.find_certificate(context.signing_sha256), context.renewed);
            !kept) {
            return kept;
        }
        if (!context.renewed) return {};
        context.device_id = context.renewed->device_id;
        context.user_id = context.renewed->user_id;
        context.policy_id = context.renewed->policy_id;
        return {};
    }
    if (!context.opened) return {};
    if (context.opened->makes_claims()) {
        context.device_id = context.opened->claims.device_id;
        context.user_id = context.opened->claims.user_id;
        return {};
    }
    for (const std::string& lookup : context.opened->lookups) {
        if (auto kept = keep(store.find_challenge_by_lookup(lookup), context.challenge); !kept) {
            return kept;
        }
        if (context.challenge) break;
    }
    if (!context.challenge) return {};
    context.device_id = context.challenge->device_id;
    context.user_id = context.challenge->user_id;
    context.policy_id = context.challenge->policy_id;
    return {};
}

Result<void> recall(Context& context, const Decision& standing, Store& store) {
    context.owner = standing.owner;
    context.device_id = standing.device_id;
    context.user_id = standing.user_id;
    context.policy_id = standing.policy_id;
    if (auto kept = keep(store.find_policy(standing.policy_id), context.policy); !kept) return kept;
    if (standing.challenge_id.empty()) return {};
    return keep(store.find_challenge(standing.challenge_id), context.challenge);
}

Result<void> find_owner(Context& context, Store& store) {
    if (context.challenge) context.owner = context.challenge->owner;
    if (context.renewed) context.owner = context.renewed->owner;
    if (!context.opened || !context.opened->makes_claims() || context.challenge) return {};
    context.owner = context.opened->owner;
    if (context.opened->sealed || context.opened->claims.challenge_id.empty()) return {};
    Result<std::optional<Challenge>> minted =
        store.find_challenge(context.opened->claims.challenge_id);
    if (!minted) return pass_on(minted);
    if (*minted) context.owner = (*minted)->owner;
    return {};
}

Result<void> read_records(Context& context, Store& store) {
    if (context.opened && context.opened->makes_claims()) {
        if (auto kept =
                keep(store.find_challenge(context.opened->claims.challenge_id), context.challenge);
            !kept) {
            return kept;
        }
        if (!context.challenge && context.opened->sealed) {
            context.challenge = record_of(*context.opened, context.now);
            context.is_first_seen = true;
            if (auto kept = keep(store.last_restore(), context.last_restore); !kept) return kept;
        }
        if (context.challenge) context.policy_id = context.challenge->policy_id;
    }
    // Without a record of the challenge or the renewed certificate the request is refused anyway.
    if (!context.challenge && !context.renewed) return {};
    context.owner = context.challenge ? context.challenge->owner : context.renewed->owner;
    if (auto kept = read_mdm_records(context, store); !kept) return kept;
    Result<void> kept;
    if (context.csr) {
        kept = keep(store.find_key_of_other_device(context.csr->spki_sha256, context.device_id),
                    context.key_of_other_device);
        if (!kept) return kept;
    }
    return expect_contents(context, store);
}

}  // namespace ndes::crp
