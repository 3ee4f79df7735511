#include "scep-server/enroll/enrollment.h"

#include <utility>

namespace ndes::scep {
namespace {

constexpr std::size_t kNonceOctets = 16;  // RFC 8894 section 3.2.1.5
constexpr std::chrono::seconds kRetryAfterOwnFault{30};

Outcome refused_outcome(const Refused& refused, const Attempt& attempt) {
    attempt.note(Severity::warning, refused.event, "refused: " + refused.text,
                 {{"cause", refused.text},
                  {"detail", refused.detail},
                  {"fail_info", std::string(to_string(refused.fail_info))}});
    Outcome outcome;
    outcome.kind = OutcomeKind::refused;
    outcome.fail_info = refused.fail_info;
    outcome.request_id = attempt.request_id();
    return outcome;
}

}  // namespace

Enrollment::Enrollment(EnrollmentRules rules, const CurrentRa& ra, const Issuance& issuance,
                       const CertificateAccess& access, Log& log, const Clock& clock,
                       Random& random, EnrollObserver& observer)
    : rules_(std::move(rules)),
      ra_(ra),
      issuance_(issuance),
      access_(access),
      log_(log),
      clock_(clock),
      random_(random),
      observer_(observer) {}

EnrollmentAnswer Enrollment::answer(ByteView message, std::string_view device_address) {
    const SteadyTime begun = clock_.steady_now();
    std::string_view message_name = "unread";
    EnrollmentAnswer answer = answer_read(message, device_address, message_name);
    observer_.request_took(message_name, clock_.steady_now() - begun);
    return answer;
}

EnrollmentAnswer Enrollment::answer_read(ByteView message, std::string_view device_address,
                                         std::string_view& message_name) {
    Attempt attempt(log_, make_uuid(clock_, random_), device_address);
    const auto ra = ra_.get();
    auto request = read_signed(message, rules_.algorithms);
    if (!request) return refuse_unread(request.error(), ra->identity, attempt);
    message_name = to_string(request->message_type);
    attempt.set_transaction_id(request->transaction_id);
    if (request->used_legacy)
        attempt.note(Severity::warning, kNoEvent,
                     "accepted a weak algorithm through scep.legacy_des_sha1",
                     {{"digest", request->digest_name}, {"cipher", request->cipher_name}});
    return reply(decide(*request, ra->identity, attempt), *request, ra->identity, attempt);
}

Outcome Enrollment::decide(const SignedRequest& message, const RaIdentity& ra,
                           const Attempt& attempt) {
    if (auto type = check_message_type(message, rules_.reading); !type)
        return refused_outcome(type.error(), attempt);
    switch (message.message_type) {
        case MessageType::pkcs_req:
        case MessageType::renewal_req: return enrol(message, ra, attempt);
        case MessageType::cert_poll: return poll(message, ra, attempt);
        case MessageType::get_cert:
        case MessageType::get_crl: return look_up(message, ra, attempt);
        case MessageType::cert_rep: break;  // read_signed lets none through
    }
    return refused_outcome({FailInfo::bad_request, kBadMessageType, "no request", {}}, attempt);
}

Outcome Enrollment::enrol(const SignedRequest& message, const RaIdentity& ra,
                          const Attempt& attempt) {
    auto request = read_request(message, ra, rules_.reading, clock_.now());
    if (!request) return refused_outcome(request.error(), attempt);
    return share(
        request->key, [&] { return issuance_.run(*request, attempt); }, attempt);
}

// As one flight with the request it is about: the CA is not asked for both at once. Who holds
// another key than the request's shares nothing with it.
Outcome Enrollment::poll(const SignedRequest& message, const RaIdentity& ra,
                         const Attempt& attempt) {
    if (auto opened = read_poll(message, ra); !opened)
        return refused_outcome(opened.error(), attempt);
    const auto key = issuance_.polled_request(message.signer, message.transaction_id);
    if (!key) return issuance_.poll(message.signer, attempt);
    return share(
        *key, [&] { return issuance_.poll(message.signer, attempt); }, attempt);
}

Outcome Enrollment::look_up(const SignedRequest& message, const RaIdentity& ra,
                            const Attempt& attempt) {
    auto wanted = read_certificate_query(message, ra);
    if (!wanted) return refused_outcome(wanted.error(), attempt);
    const CertificateQuery query{
        std::move(*wanted), message.signer,
        !fault_of_device_certificate(message.signer, ra, rules_.reading, clock_.now())};
    return message.message_type == MessageType::get_cert ? access_.get_certificate(query, attempt)
                                                         : access_.get_crl(query, attempt);
}

Outcome Enrollment::share(const RequestKey& key, const std::function<Outcome()>& work,
                          const Attempt& attempt) {
    const auto landed = flights_.run(key, work, rules_.patience);
    if (!landed.value) {
        attempt.note(Severity::warning, kNoEvent, "an identical request is still at work");
        return {};
    }
    if (landed.shared)
        attempt.note(Severity::info, kNoEvent, "answered as the identical request at work",
                     {{"same_as", landed.value->request_id}});
    return *landed.value;
}

EnrollmentAnswer Enrollment::refuse_unread(const Refusal& refusal, const RaIdentity& ra,
                                           Attempt& attempt) {
    attempt.set_transaction_id(refusal.transaction_id);
    const bool addressed = !refusal.transaction_id.empty();
    const NdesEvent event = refusal.no_request ? kBadMessageType
                            : addressed        ? kFailToRetrieveInfo
                                               : kFailToDecode;
    attempt.note(Severity::warning, event, "refused: the message cannot be read",
                 {{"cause", refusal.error.text},
                  {"detail", refusal.error.detail},
                  {"fail_info", std::string(to_string(refusal.fail_info))}});
    if (!addressed) {
        ++malformed_;
        return {EnrollmentAnswer::Kind::malformed, {}, {}, {}, attempt.request_id()};
    }
    ++refused_;
    ReplyContext context{refusal.transaction_id, refusal.sender_nonce, random_.bytes(kNonceOctets)};
    if (!refusal.digest_name.empty()) context.digest_name = refusal.digest_name;
    return finish(encode_failure(context, ra, refusal.fail_info, rules_.fail_info_text), attempt);
}

EnrollmentAnswer Enrollment::reply(const Outcome& outcome, const SignedRequest& message,
                                   const RaIdentity& ra, const Attempt& attempt) {
    const ReplyContext context{message.transaction_id, message.sender_nonce,
                               random_.bytes(kNonceOctets), message.digest_name};
    switch (outcome.kind) {
        case OutcomeKind::issued:
            ++issued_;
            return reply_with_contents(outcome, message, context, ra, attempt);
        case OutcomeKind::pending: ++pending_; return finish(encode_pending(context, ra), attempt);
        case OutcomeKind::refused:
            ++refused_;
            return finish(encode_failure(context, ra, outcome.fail_info, rules_.fail_info_text),
                          attempt);
        case OutcomeKind::unavailable: break;
    }
    return unavailable(outcome.retry_after, attempt);
}

EnrollmentAnswer Enrollment::reply_with_contents(const Outcome& outcome,
                                                 const SignedRequest& message,
                                                 const ReplyContext& context, const RaIdentity& ra,
                                                 const Attempt& attempt) {
    auto list = outcome.crl.empty() ? encode_certificate_list(outcome.certificates)
                                    : Result<Bytes>(encode_crl_list(outcome.crl));
    if (!list) return finish(std::move(list), attempt);
    auto envelope =
        encrypt_reply({message.signer, message.cipher_name, outcome.reply_password}, *list);
    if (!envelope) return finish(std::move(envelope), attempt, kFailToEncrypt);
    return finish(encode_success(context, ra, *envelope), attempt);
}

EnrollmentAnswer Enrollment::finish(Result<Bytes> cert_rep, const Attempt& attempt,
                                    NdesEvent event) {
    if (!cert_rep) {
        attempt.note(Severity::error, event, "the reply cannot be made",
                     {{"cause", cert_rep.error().text}, {"detail", cert_rep.error().detail}});
        return unavailable(kRetryAfterOwnFault, attempt);
    }
    return {EnrollmentAnswer::Kind::cert_rep,
            std::move(*cert_rep),
            {},
            attempt.transaction_id(),
            attempt.request_id()};
}

EnrollmentAnswer Enrollment::unavailable(std::chrono::seconds retry_after, const Attempt& attempt) {
    ++unavailable_;
    return {EnrollmentAnswer::Kind::unavailable,
            {},
            retry_after,
            attempt.transaction_id(),
            attempt.request_id()};
}

EnrollmentCounters Enrollment::counters() const {
    return {issued_, refused_, pending_, unavailable_, malformed_};
}

}  // namespace ndes::scep
