#include "common/http_server/detail/request_reader.h"

#include <algorithm>

#include "common/http_server/detail/status_codes.h"

namespace ndes::http {

RequestReader::Verdict RequestReader::read(std::string_view input, Request& request,
                                           std::size_t& used) {
    used = 0;
    if (part_ == Part::before_head) {
        // RFC 9112 section 2.2: an empty line before the request line is ignored; one, or it would
        // matter where the network cuts.
        if (input.empty() || input == "\r") return Verdict::need_more;
        if (input.starts_with("\r\n")) used = 2;
        part_ = Part::head;
    }
    if (part_ == Part::head) {
        std::size_t head_octets = 0;
        const auto verdict = read_head(input.substr(used), request, head_octets);
        used += head_octets;
        if (verdict != Verdict::complete) return verdict;
    }
    std::size_t body_octets = 0;
    const auto verdict = read_body(input.substr(used), request, body_octets);
    used += body_octets;
    return verdict;
}

void RequestReader::reset() {
    scanner_ = HeadScanner(limits_.head);
    facts_ = HeadFacts();
    chunks_.reset();
    part_ = Part::before_head;
    status_ = 0;
}

RequestReader::Verdict RequestReader::read_head(std::string_view input, Request& request,
                                                std::size_t& used) {
    switch (scanner_.scan(input)) {
        case HeadScanner::Verdict::need_more: return Verdict::need_more;
        case HeadScanner::Verdict::refused: return refuse(scanner_.status());
        case HeadScanner::Verdict::complete: break;
    }
    used = scanner_.head_octets();
    facts_ = read_request_head(input.substr(0, used), limits_.head.target_octets, request);
    if (facts_.refusal != 0) return refuse(facts_.refusal);
    part_ = Part::body;
    return judge_body();
}

// Refuses a body that is over the limit before any of it is read or asked for.
RequestReader::Verdict RequestReader::judge_body() {
    if (facts_.content_length > limits_.body_octets) return refuse(kBodyTooLarge);
    if (facts_.chunked) chunks_.emplace(limits_.body_octets);
    const bool has_body = facts_.chunked || facts_.content_length > 0;
    return facts_.expects_continue && has_body ? Verdict::send_continue : Verdict::complete;
}

RequestReader::Verdict RequestReader::read_body(std::string_view input, Request& request,
                                                std::size_t& used) {
    if (chunks_) {
        used = chunks_->feed(input, request.body);
        if (chunks_->status() != 0) return refuse(chunks_->status());
        return chunks_->complete() ? Verdict::complete : Verdict::need_more;
    }
    const auto length = static_cast<std::size_t>(facts_.content_length);
    used = std::min(input.size(), length - request.body.size());
    request.body.append(input.substr(0, used));
    return request.body.size() == length ? Verdict::complete : Verdict::need_more;
}

RequestReader::Verdict RequestReader::refuse(int status) {
    status_ = status;
    return Verdict::refused;
}

}  // namespace ndes::http
