#include "crp-service/enrollment/key_census.h"

#include <algorithm>

namespace ndes::crp {
namespace {

// What an operator knows the key as, and where it is configured.
struct KindWords {
    const char* name;
    const char* setting;
};
KindWords words_of(ChallengeKind kind) {
    switch (kind) {
        case ChallengeKind::minted: return {"Challenge key", "challenge.key_files"};
        case ChallengeKind::posted: return {"Pepper", "challenge.pepper_files"};
        case ChallengeKind::sealed: break;
    }
    return {"Decryption key", "a [[challenge.sealed_recipient]] table"};
}

std::vector<KeyStatus> configured(const ChallengeCodec& codec) {
    std::vector<KeyStatus> keys;
    const auto add = [&keys](ChallengeKind kind, const std::vector<ChallengeKey>& list) {
        for (std::size_t i = 0; i < list.size(); ++i) {
            keys.push_back(
                {kind, list[i].id, i == 0 ? KeyPlace::current : KeyPlace::previous, 0, {}});
        }
    };
    add(ChallengeKind::minted, codec.keys());
    add(ChallengeKind::posted, codec.peppers());
    for (const CmsRecipient& recipient : codec.sealed().recipients()) {
        keys.push_back({ChallengeKind::sealed, recipient.name, KeyPlace::current, 0, {}});
    }
    return keys;
}

}  // namespace

const char* to_string(KeyPlace place) {
    switch (place) {
        case KeyPlace::current: return "current";
        case KeyPlace::previous: return "previous";
        case KeyPlace::missing: break;
    }
    return "missing";
}

Result<std::vector<KeyStatus>> take_key_census(const ChallengeCodec& codec, Store& store,
                                               WallTime now) {
    auto uses = store.count_outstanding_challenges(now);
    if (!uses) return pass_on(uses);
    std::vector<KeyStatus> keys = configured(codec);
    for (const KeyUse& use : *uses) {
        if (use.key_id.empty()) continue;
        auto key = std::ranges::find_if(keys, [&](const KeyStatus& one) {
            return one.kind == use.kind && one.id == use.key_id;
        });
        if (key == keys.end()) {
            key = keys.insert(keys.end(), {use.kind, use.key_id, KeyPlace::missing, 0, {}});
        }
        key->outstanding += use.count;
        key->last_expiry = std::max(key->last_expiry, use.last_expiry);
    }
    std::ranges::stable_sort(keys, {}, &KeyStatus::kind);
    return keys;
}

std::string tell_missing_keys(const std::vector<KeyStatus>& census) {
    std::string text;
    for (const KeyStatus& key : census) {
        if (key.place != KeyPlace::missing) continue;
        const KindWords words = words_of(key.kind);
        if (!text.empty()) text += ' ';
        text +=
            std::string(words.name) + " " + key.id + " was removed while " +
            std::to_string(key.outstanding) +
            " outstanding challenges depend on it. They will all be refused. Put it back into " +
            words.setting + " until " + to_rfc3339(key.last_expiry) + ".";
    }
    return text;
}

void log_missing_keys(const ChallengeCodec& codec, Store& store, WallTime now, Log& log) {
    const auto census = take_key_census(codec, store, now);
    if (!census) {
        log.write(Severity::error, "The challenge keys could not be checked",
                  {{"event", "keys"}, {"detail", census.error().text}});
        return;
    }
    const std::string text = tell_missing_keys(*census);
    if (!text.empty()) log.write(Severity::warning, text, {{"event", "keys"}});
}

}  // namespace ndes::crp
