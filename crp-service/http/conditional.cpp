#include "crp-service/http/conditional.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ndes::crp {

namespace {

struct EntityTag {
    std::string_view opaque;  // without the quotation marks
    bool is_weak = false;
};

// RFC 9110 section 8.8.3: *( tag "," ), or "*".
struct TagList {
    bool is_any = false;
    std::vector<EntityTag> tags;

    bool names(std::string_view opaque, bool weak_too) const {
        return std::any_of(tags.begin(), tags.end(), [&](const EntityTag& tag) {
            return tag.opaque == opaque && (weak_too || !tag.is_weak);
        });
    }
};

void skip_spaces(std::string_view& text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
}

std::optional<EntityTag> take_tag(std::string_view& text) {
    EntityTag tag;
    tag.is_weak = text.starts_with("W/");
    if (tag.is_weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const std::size_t end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.opaque = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return tag;
}

std::optional<TagList> parse_tags(std::string_view text) {
    TagList list;
    skip_spaces(text);
    if (text == "*") {
        list.is_any = true;
        return list;
    }
    for (;;) {
        const auto tag = take_tag(text);
        if (!tag) return std::nullopt;
        list.tags.push_back(*tag);
        skip_spaces(text);
        if (text.empty()) return list;
        if (text.front() != ',') return std::nullopt;
        text.remove_prefix(1);
        skip_spaces(text);
    }
}

// Nothing: the request has no such header.
tl::expected<std::optional<TagList>, Problem> read_tags(const http::Request& request,
                                                        std::string_view lower_name,
                                                        const std::string& name) {
    const std::string_view text = request.header(lower_name);
    if (text.empty()) return std::optional<TagList>();
    auto tags = parse_tags(text);
    if (!tags) {
        return refuse(ProblemCode::bad_request,
                      name + ": must be * or entity tags in quotation marks, as ETag gave them");
    }
    return std::optional<TagList>(std::move(tags));
}

tl::unexpected<Problem> refuse_premise(std::string text) {
    return refuse(ProblemCode::precondition_failed, std::move(text));
}

}  // namespace

std::string etag_of(const std::string& revision) { return '"' + revision + '"'; }

bool is_conditional(const http::Request& request) {
    return !request.header("if-match").empty() || !request.header("if-none-match").empty();
}

tl::expected<Precondition, Problem> premise_of(const http::Request& request,
                                               const std::optional<std::string>& revision) {
    auto match = read_tags(request, "if-match", "If-Match");
    if (!match) return tl::unexpected(std::move(match.error()));
    auto none_match = read_tags(request, "if-none-match", "If-None-Match");
    if (!none_match) return tl::unexpected(std::move(none_match.error()));
    if (*match) {
        if (!revision) return refuse_premise("If-Match: there is no such record");
        if (!(*match)->is_any && !(*match)->names(*revision, false)) {
            return refuse_premise("If-Match: the record has changed since");
        }
    }
    if (*none_match && revision &&
        ((*none_match)->is_any || (*none_match)->names(*revision, true))) {
        return refuse_premise("If-None-Match: the record exists already");
    }
    if (!revision) return Precondition{Precondition::Kind::absent, {}};
    return Precondition{Precondition::Kind::revision, *revision};
}

tl::expected<bool, Problem> is_not_modified(const http::Request& request,
                                            const std::string& revision) {
    auto tags = read_tags(request, "if-none-match", "If-None-Match");
    if (!tags) return tl::unexpected(std::move(tags.error()));
    return *tags && ((*tags)->is_any || (*tags)->names(revision, true));
}

}  // namespace ndes::crp
