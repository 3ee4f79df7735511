#include "scep-server/message/pki_message.h"
#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;

TEST_CASE("a certificate list keeps its order and is what OpenSSL reads") {
    const std::vector<Certificate> certificates{
        make_certificate(rsa_key(3), {.subject = "CN=leaf with a long name", .serial = 500}),
        ra().signing_certificate, client()};
    const auto list = encode_certificate_list(certificates);
    REQUIRE(list);
    const Bytes all = join({certificates[0].der(), certificates[1].der(), certificates[2].der()});
    CHECK(std::search(list->begin(), list->end(), all.begin(), all.end()) != list->end());

    const unsigned char* position = list->data();
    const CmsPtr cms(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(list->size())));
    REQUIRE(cms);
    CHECK(position == list->data() + list->size());
    CHECK(::OBJ_obj2nid(::CMS_get0_type(cms.get())) == NID_pkcs7_signed);
    STACK_OF(X509)* read = ::CMS_get1_certs(cms.get());
    CHECK(sk_X509_num(read) == 3);
    sk_X509_pop_free(read, ::X509_free);
    CHECK(sk_CMS_SignerInfo_num(::CMS_get0_SignerInfos(cms.get())) <= 0);
}

TEST_CASE("a list of nothing is not made") {
    const auto list = encode_certificate_list({});
    REQUIRE_FALSE(list);
    CHECK(list.error().code == ErrorCode::internal);
}

}  // namespace
}  // namespace ndes::scep
