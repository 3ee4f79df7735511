// Users, devices, policies, template permissions, and the pages of collections.
#include "crp-service/store/cursor.h"
#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::KeyUsage;
using ndes::SubjectAltNameType;
using ndes::crp::Device;
using ndes::crp::PageRequest;
using ndes::crp::Policy;
using ndes::crp::TemplateRecord;
using ndes::crp::User;

namespace {

// What was written, without what the store adds.
template <class T>
T plain(T record) {
    CHECK_FALSE(record.revision.empty());
    record.revision.clear();
    return record;
}

User sample_user(const std::string& id) {
    return {id,           "j@example.org", "Jos\u00e9 \"J\"", "j@mail",
            "S-1-5-21-7", false,           {"a", "b c"},      "mdm-1"};
}

Device sample_device(const std::string& id) {
    return {id,    "iOS",       "Phone", "SN1", "356", "user-1", ndes::crp::EnrollmentState::wiped,
            false, {"aa", "bb"}};
}

Policy sample_policy(const std::string& id) {
    Policy policy;
    policy.id = id;
    policy.certificate_request_id = "ModelName=A;Version=3;Hash=9";
    policy.template_name = "GeneralPurpose";
    policy.subject_format = "CN={{UserPrincipalName}},OU=a\\,b";
    policy.subject_alt_names = {{SubjectAltNameType::upn, "{{UserPrincipalName}}"},
                                {SubjectAltNameType::ip, "192.0.2.1"}};
    policy.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    policy.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
    policy.key_type = ndes::crp::PolicyKeyType::ec;
    policy.minimum_key_size = 256;
    policy.hash_algorithms = {"SHA-256", "SHA-512"};
    policy.validity_days = 90;
    policy.renewal_threshold_percent = 20;
    policy.challenge_ttl_seconds = 600;
    policy.retry_window_seconds = 60;
    policy.assignments = {{"user-1"}, {"staff"}, {"device-1"}, true};
    policy.require_registered_key = true;
    policy.security_identifier_extension = true;
    return policy;
}

}  // namespace

STORE_CONTRACT(users_come_back_whole_are_replaced_and_deleted) {
    auto& store = fixture.store();
    CHECK_FALSE(store.find_user("u")->has_value());
    CHECK(*store.put_user(sample_user("u"), sample_audit("put-user")));
    CHECK(plain(**store.find_user("u")) == sample_user("u"));

    User changed = sample_user("u");
    changed.enabled = true;
    changed.groups.clear();
    CHECK_FALSE(*store.put_user(changed, sample_audit("put-user")));
    fixture.reopen();
    CHECK(plain(**fixture.store().find_user("u")) == changed);

    REQUIRE(fixture.store().delete_user("u", sample_audit("delete-user")));
    CHECK_FALSE(fixture.store().find_user("u")->has_value());
    auto again = fixture.store().delete_user("u", sample_audit("delete-user"));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::not_found);
    CHECK(audit_length(fixture.store()) == 3);  // the failed call left no record
}

STORE_CONTRACT(devices_come_back_whole_are_replaced_and_deleted) {
    auto& store = fixture.store();
    CHECK(*store.put_device(sample_device("d"), sample_audit("put-device")));
    CHECK(plain(**store.find_device("d")) == sample_device("d"));
    Device changed = sample_device("d");
    changed.enrollment_state = ndes::crp::EnrollmentState::enrolled;
    changed.owner_user_id.clear();
    CHECK_FALSE(*store.put_device(changed, sample_audit("put-device")));
    fixture.reopen();
    CHECK(plain(**fixture.store().find_device("d")) == changed);
    REQUIRE(fixture.store().delete_device("d", sample_audit("delete-device")));
    CHECK_FALSE(fixture.store().find_device("d")->has_value());
    CHECK(fixture.store().delete_device("d", sample_audit("delete-device")).error().code ==
          ErrorCode::not_found);
}

STORE_CONTRACT(policies_come_back_whole_are_replaced_and_deleted) {
    auto& store = fixture.store();
    CHECK(*store.put_policy(sample_policy("p"), sample_audit("put-policy")));
    CHECK(plain(**store.find_policy("p")) == sample_policy("p"));
    Policy changed = sample_policy("p");
    changed.key_type = ndes::crp::PolicyKeyType::rsa;
    changed.subject_alt_names.clear();
    changed.assignments = {};
    CHECK_FALSE(*store.put_policy(changed, sample_audit("put-policy")));
    fixture.reopen();
    CHECK(plain(**fixture.store().find_policy("p")) == changed);
    REQUIRE(fixture.store().delete_policy("p", sample_audit("delete-policy")));
    CHECK_FALSE(fixture.store().find_policy("p")->has_value());
    CHECK(fixture.store().delete_policy("p", sample_audit("delete-policy")).error().code ==
          ErrorCode::not_found);
}

STORE_CONTRACT(templates_come_back_whole_are_replaced_and_deleted) {
    auto& store = fixture.store();
    const TemplateRecord record{"T", {{"user:u", true, false}, {"*", false, true}}};
    CHECK(*store.put_template(record, sample_audit("put-template")));
    CHECK(plain(**store.find_template("T")) == record);
    CHECK_FALSE(*store.put_template({"T", {}}, sample_audit("put-template")));
    fixture.reopen();
    CHECK((*fixture.store().find_template("T"))->permissions.empty());
    REQUIRE(fixture.store().delete_template("T", sample_audit("delete-template")));
    CHECK_FALSE(fixture.store().find_template("T")->has_value());
    CHECK(fixture.store().delete_template("T", sample_audit("delete-template")).error().code ==
          ErrorCode::not_found);
}

STORE_CONTRACT(a_write_happens_only_if_its_premise_holds) {
    using Kind = ndes::crp::Precondition::Kind;
    auto& store = fixture.store();
    const auto refused = [](auto result) {
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::precondition);
    };
    const auto put = [&](Kind kind, const std::string& revision = {}) {
        return store.put_user(sample_user("u"), sample_audit("put-user"), {kind, revision});
    };
    refused(put(Kind::present));
    refused(put(Kind::revision, "1"));
    CHECK(*put(Kind::absent));
    refused(put(Kind::absent));
    const std::string first = (*store.find_user("u"))->revision;
    CHECK_FALSE(*put(Kind::revision, first));
    const std::string second = (*store.find_user("u"))->revision;
    CHECK(second != first);
    refused(put(Kind::revision, first));
    CHECK_FALSE(*put(Kind::present));
    refused(store.delete_user("u", sample_audit("delete-user"), {Kind::revision, second}));
    const std::string third = (*store.find_user("u"))->revision;
    CHECK(store.list_users({})->items[0].revision == third);
    CHECK(store.delete_user("u", sample_audit("delete-user"), {Kind::revision, third}));
    CHECK(*put(Kind::absent));
    CHECK((*store.find_user("u"))->revision != first);
    CHECK(audit_length(store) == 5);  // refused calls left no record
}

STORE_CONTRACT(a_record_keeps_its_first_owner_and_shows_to_it) {
    auto& store = fixture.store();
    for (const auto& [id, owner] : {std::pair("a", "mdm-1"), {"b", "mdm-2"}, {"c", ""}}) {
        auto device = sample_device(id);
        device.owner = owner;
        REQUIRE(store.put_device(device, sample_audit("put-device")));
    }
    auto other = sample_device("a");
    other.owner = "mdm-2";
    REQUIRE(store.put_device(other, sample_audit("put-device")));
    CHECK((*store.find_device("a"))->owner == "mdm-1");
    const auto seen = [&](const std::string& owner) {
        std::string ids;
        const auto page = store.list_devices({.after = {}, .limit = 9, .owner = owner});
        for (const Device& one : page->items)
            ids += one.id;
        return ids;
    };
    CHECK(seen("") == "abc");
    CHECK(seen("mdm-1") == "ac");
    CHECK(seen("mdm-2") == "bc");
}

STORE_CONTRACT(collections_are_paged_in_the_order_of_their_keys) {
    auto& store = fixture.store();
    for (const char* id : {"c", "a", "e", "b", "d"}) {
        REQUIRE(store.put_user(sample_user(id), sample_audit("put-user")));
        REQUIRE(store.put_device(sample_device(id), sample_audit("put-device")));
        REQUIRE(store.put_policy(sample_policy(id), sample_audit("put-policy")));
        REQUIRE(store.put_template({id, {}}, sample_audit("put-template")));
    }
    std::string seen;
    PageRequest request{.after = {}, .limit = 2, .owner = {}};
    for (int pages = 1;; ++pages) {
        auto page = store.list_users(request);
        REQUIRE(page);
        for (const User& user : page->items)
            seen += user.id;
        if (!page->next) {
            CHECK(pages == 3);
            break;
        }
        request.after = *page->next;
    }
    CHECK(seen == "abcde");

    request = {.after = {}, .limit = 5, .owner = {}};
    CHECK(store.list_devices(request)->items.size() == 5);
    CHECK_FALSE(store.list_devices(request)->next);
    request.limit = 4;
    CHECK(store.list_policies(request)->items.back().id == "d");
    CHECK(store.list_templates(request)->items.back().name == "d");
    CHECK(store.list_templates(request)->next.has_value());
}

STORE_CONTRACT(a_wrong_cursor_or_limit_is_the_callers_fault) {
    auto& store = fixture.store();
    const std::string of_ids = ndes::crp::cursor_at(std::string("a"));
    const std::string of_sequence = ndes::crp::cursor_at(std::int64_t{5});
    for (const std::string& cursor : {std::string("!"), std::string("AAAA"), of_sequence,
                                      std::string(2000, 'a'), of_ids + "="}) {
        CAPTURE(cursor);
        auto page = store.list_users({.after = cursor, .limit = 10, .owner = {}});
        REQUIRE_FALSE(page);
        CHECK(page.error().code == ErrorCode::bad_request);
    }
    for (const std::string& cursor : {std::string("!"), std::string("AAAA"), of_ids}) {
        CAPTURE(cursor);
        const PageRequest request{.after = cursor, .limit = 10, .owner = {}};
        CHECK(store.list_transactions(request).error().code == ErrorCode::bad_request);
        CHECK(store.list_certificates(request).error().code == ErrorCode::bad_request);
        CHECK(store.list_state_messages(request).error().code == ErrorCode::bad_request);
        CHECK(store.list_audit(request).error().code == ErrorCode::bad_request);
    }
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1001}}) {
        const PageRequest request{.after = {}, .limit = limit, .owner = {}};
        CHECK(store.list_users(request).error().code == ErrorCode::bad_request);
        CHECK(store.list_transactions(request).error().code == ErrorCode::bad_request);
        CHECK(store.list_audit(request).error().code == ErrorCode::bad_request);
    }
}

STORE_CONTRACT(the_self_check_writes_and_reads) {
    CHECK(fixture.store().check());
    CHECK(fixture.store().check());
}
