// /api/v1/templates: the MDM's templates.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_calls.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

const RecordKind<TemplateRecord> kTemplate{"template",
                                           template_from_json,
                                           to_json,
                                           &Store::find_template,
                                           &Store::put_template,
                                           &Store::delete_template,
                                           &Store::list_templates};

}  // namespace

Answer put_template(const Call& call) { return put_record(call, kTemplate); }
Answer get_template(const Call& call) { return get_record(call, kTemplate); }
Answer delete_template(const Call& call) { return delete_record(call, kTemplate); }
Answer list_templates(const Call& call) { return list_records(call, kTemplate); }

}  // namespace ndes::crp
