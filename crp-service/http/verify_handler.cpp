// POST …/Certificate/VerifyRequest: 201 with a verdict, which may be a no.
#include "common/crp_protocol/verify_v1.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer verify_request(const Call& call) {
    auto asked = crp_protocol::verify_request_from_json(call.request.body);
    if (!asked) return refuse(asked);
    if (!call.caller.may_use_template(asked->template_name)) {
        return refuse(ProblemCode::template_not_permitted,
                      "template: caller \"" + call.caller.name + "\" may not use template \"" +
                          asked->template_name + "\"");
    }
    VerifyInput input;
    input.transaction_id = std::move(asked->transaction_id);
    input.request_id = std::move(asked->request_id);
    input.certificate_request = std::move(asked->certificate_request);
    input.signing_certificate = std::move(asked->signing_certificate);
    input.template_name = std::move(asked->template_name);
    input.ca_name = std::move(asked->ca_name);
    input.device_address = std::move(asked->device_address);

    auto decision = call.parts.verify->verify(input, call.identity());
    if (!decision) return refuse(decision);

    crp_protocol::VerifyAnswer answer;
    answer.verified = decision->verified;
    answer.reason = std::move(decision->reason);
    answer.phase = decision->phase;
    answer.detail = std::move(decision->detail);
    answer.transaction_id = std::move(decision->transaction_id);
    answer.decision_id = std::move(decision->id);
    if (answer.verified) answer.certificate = std::move(decision->contents);
    return text_response(201, crp_protocol::to_json(answer));
}

}  // namespace ndes::crp
