// /api/v1/devices: the MDM's devices.
#include "crp-service/http/handlers.h"
#include "crp-service/http/record_calls.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

const RecordKind<Device> kDevice{"device",
                                 device_from_json,
                                 to_json,
                                 &Store::find_device,
                                 &Store::put_device,
                                 &Store::delete_device,
                                 &Store::list_devices};

}  // namespace

Answer put_device(const Call& call) { return put_record(call, kDevice); }
Answer get_device(const Call& call) { return get_record(call, kDevice); }
Answer delete_device(const Call& call) { return delete_record(call, kDevice); }
Answer list_devices(const Call& call) { return list_records(call, kDevice); }

}  // namespace ndes::crp
