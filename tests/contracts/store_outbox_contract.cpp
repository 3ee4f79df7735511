// The outbox of state messages and the audit.
#include "crp-service/store/audit_chain.h"
#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::crp::Challenge;
using ndes::crp::Decision;
using ndes::crp::PageRequest;
using ndes::crp::Replay;
using ndes::crp::StateMessage;

using namespace std::chrono_literals;

namespace {

constexpr const char* kSink = "one";

// Messages 1… of the transactions named, in that order, for one sink.
void record_messages(ndes::crp::Store& store, const std::vector<std::string>& transactions) {
    store.set_sinks({kSink});
    unsigned number = 0;
    for (const std::string& transaction : transactions) {
        Decision no = sample_no(++number, sample_challenge(1));
        no.transaction_id = transaction;
        decide(store, commit_of(no, number));
    }
}

std::string ids_of(const std::vector<StateMessage>& messages) {
    std::string ids;
    for (const StateMessage& one : messages)
        ids += one.id.substr(one.id.size() - 1);
    return ids;
}

std::string due(ndes::crp::Store& store, ndes::WallTime now, std::size_t limit = 100) {
    auto messages = store.due_state_messages(kSink, now, limit);
    REQUIRE(messages);
    return ids_of(*messages);
}

}  // namespace

STORE_CONTRACT(a_state_message_comes_back_whole) {
    Decision no = sample_no(1, sample_challenge(1));
    auto commit = commit_of(no, 1);
    commit.messages[0].certificate_sha1 = "aa";
    commit.messages[0].certificate_serial = "bb";
    decide(fixture.store(), commit);
    fixture.reopen();
    auto page = fixture.store().list_state_messages({});
    REQUIRE((page && page->items.size() == 1));
    const StateMessage& read = page->items[0];
    const StateMessage& written = commit.messages[0];
    CHECK(read.sequence > 0);
    CHECK(read.id == written.id);
    CHECK(read.state == written.state);
    CHECK(read.transaction_id == written.transaction_id);
    CHECK(read.decision_id == written.decision_id);
    CHECK(read.device_id == written.device_id);
    CHECK(read.user_id == written.user_id);
    CHECK(read.certificate_request_id == written.certificate_request_id);
    CHECK(read.reason == written.reason);
    CHECK(read.certificate_sha1 == "aa");
    CHECK(read.certificate_serial == "bb");
    CHECK(read.created_at == written.created_at);
    CHECK(read.owner == written.owner);
    CHECK(read.deliveries.empty());
}

STORE_CONTRACT(of_one_transaction_only_the_oldest_undelivered_message_is_due) {
    auto& store = fixture.store();
    record_messages(store, {"a", "b", "a", "c", "b"});
    CHECK(due(store, noon()) == "124");
    CHECK(due(store, noon(), 2) == "12");
    REQUIRE(store.mark_delivered(kSink, {"message-1", "message-4"}));
    CHECK(due(store, noon()) == "23");
    REQUIRE(store.mark_delivered(kSink, {"message-2", "message-3"}));
    CHECK(due(store, noon()) == "5");
    REQUIRE(store.mark_delivered(kSink, {"message-5"}));
    CHECK(due(store, noon()).empty());
}

STORE_CONTRACT(a_failed_message_waits_and_holds_back_its_transaction_alone) {
    auto& store = fixture.store();
    record_messages(store, {"a", "a", "b"});
    const auto later = noon() + std::chrono::seconds(10);
    REQUIRE(store.mark_failed(kSink, "message-1", later, "disk full"));
    CHECK(due(store, noon()) == "3");
    CHECK(due(store, later - std::chrono::milliseconds(1)) == "3");
    CHECK(due(store, later) == "13");
    const auto first = store.list_state_messages({})->items[0].deliveries.at(0);
    CHECK(first.sink == kSink);
    CHECK(first.attempts == 1);
    CHECK(first.next_attempt_at == later);
    CHECK_FALSE(first.dead_at);
    CHECK(first.last_error == "disk full");
    CHECK(store.due_state_messages(kSink, later, 1)->at(0).deliveries.at(0).attempts == 1);

    REQUIRE(store.mark_delivered(kSink, {"message-1"}));
    CHECK(store.list_state_messages({})->items[0].deliveries.empty());
}

STORE_CONTRACT(marking_a_delivered_or_unknown_message_changes_nothing) {
    auto& store = fixture.store();
    record_messages(store, {"a"});
    REQUIRE(store.mark_delivered(kSink, {"message-1"}));
    REQUIRE(store.mark_delivered(kSink, {"message-1", "unknown"}));
    for (const char* id : {"message-1", "unknown"}) {
        CHECK(store.mark_failed(kSink, id, noon(), "x").error().code == ErrorCode::not_found);
        CHECK(store.mark_dead(kSink, id, noon(), "x").error().code == ErrorCode::not_found);
    }
    CHECK(store.mark_delivered(kSink, {}));
}

STORE_CONTRACT(each_sink_has_a_way_of_its_own) {
    auto& store = fixture.store();
    store.set_sinks({"inbox", "hook"});
    decide(store, commit_of(sample_no(1, sample_challenge(1)), 1));
    store.set_sinks({"inbox"});
    decide(store, commit_of(sample_no(2, sample_challenge(1)), 2));
    REQUIRE(store.mark_delivered("inbox", {"message-1"}));
    fixture.reopen();
    auto& again = fixture.store();
    CHECK(ids_of(*again.due_state_messages("inbox", noon(), 10)) == "2");
    CHECK(ids_of(*again.due_state_messages("hook", noon(), 10)) == "1");
    CHECK(again.due_state_messages("other", noon(), 10)->empty());
    again.set_sinks({"inbox", "new"});
    const auto backlogs = *again.count_deliveries();
    REQUIRE(backlogs.size() == 3);
    CHECK(backlogs[0].sink == "hook");
    CHECK(backlogs[0].waiting == 1);
    CHECK(backlogs[0].dead == 0);
    CHECK(backlogs[0].oldest_waiting == noon());
    CHECK(backlogs[2].sink == "new");
    CHECK(backlogs[2].waiting == 0);
    CHECK_FALSE(backlogs[2].oldest_waiting);
}

STORE_CONTRACT(a_dead_letter_lets_its_transaction_go_on_and_can_be_replayed) {
    auto& store = fixture.store();
    record_messages(store, {"a", "a", "b"});
    REQUIRE(store.mark_dead(kSink, "message-1", noon(), "410 Gone"));
    CHECK(due(store, noon()) == "23");
    CHECK(store.mark_delivered(kSink, {"message-1"}));  // it is not waiting
    auto dead = store.list_dead_letters(kSink, {});
    REQUIRE((dead && dead->items.size() == 1));
    CHECK(dead->items[0].id == "message-1");
    CHECK(dead->items[0].deliveries.at(0).dead_at == noon());
    CHECK(dead->items[0].deliveries.at(0).last_error == "410 Gone");
    CHECK(store.list_dead_letters("other", {})->items.empty());
    CHECK(store.count_deliveries()->at(0).dead == 1);

    Replay dead_ones;
    dead_ones.all_dead = true;
    const auto audited = audit_length(store);
    CHECK(*store.replay(kSink, dead_ones, sample_audit("replay")) == 1);
    CHECK(audit_length(store) == audited + 1);
    CHECK(due(store, noon()) == "13");
    REQUIRE(store.mark_delivered(kSink, {"message-1", "message-3"}));

    Replay named;
    named.ids = {"message-1", "message-3"};
    CHECK(*store.replay(kSink, named, sample_audit("replay")) == 2);
    CHECK(due(store, noon()) == "13");
    named.ids = {"message-1", "unknown"};
    CHECK(store.replay(kSink, named, sample_audit("replay")).error().code == ErrorCode::not_found);
    Replay since;
    since.after = store.list_state_messages({})->items[1].sequence;
    CHECK(*store.replay("late", since, sample_audit("replay")) == 1);
    CHECK(ids_of(*store.due_state_messages("late", noon(), 10)) == "3");
}

STORE_CONTRACT(a_sink_is_emptied_by_one_node_at_a_time) {
    auto& store = fixture.store();
    const auto later = noon() + std::chrono::seconds(30);
    CHECK(*store.claim_sink(kSink, "a", noon(), later));
    CHECK(*store.claim_sink(kSink, "a", noon(), later));
}

STORE_CONTRACT(the_audit_has_checkpoints_and_tells_its_newest_time) {
    auto& store = fixture.store();
    CHECK(store.audit_tails()->empty());
    CHECK_FALSE(store.last_recorded_time()->has_value());
    REQUIRE(store.append_audit(sample_audit("event")));
    REQUIRE(store.append_audit(sample_audit("event")));
    const auto tails = *store.audit_tails();
    REQUIRE(tails.size() == 1);
    CHECK(tails[0].sequence == 2);
    CHECK(tails[0].hash == store.list_audit({})->items[1].hash);
    CHECK(*store.last_recorded_time() == noon());

    auto checkpoint = tails[0];
    checkpoint.key_id = "k";
    checkpoint.signature = "c2ln";
    REQUIRE(store.append_checkpoint(checkpoint));
    CHECK(store.append_checkpoint(checkpoint).error().code == ErrorCode::conflict);
    fixture.reopen();
    auto listed = fixture.store().list_checkpoints("", 0);
    REQUIRE((listed && listed->size() == 1));
    CHECK(listed->at(0).node == checkpoint.node);
    CHECK(listed->at(0).sequence == 2);
    CHECK(listed->at(0).hash == checkpoint.hash);
    CHECK(listed->at(0).time == checkpoint.time);
    CHECK(listed->at(0).key_id == "k");
    CHECK(listed->at(0).signature == "c2ln");
    CHECK(fixture.store().list_checkpoints(checkpoint.node, 2)->empty());
}

STORE_CONTRACT(the_newest_time_outlasts_records_of_a_clock_set_back) {
    auto& store = fixture.store();
    const auto append = [&store](const char* event, std::chrono::minutes after_noon) {
        auto record = sample_audit(event);
        record.time = noon() + after_noon;
        REQUIRE(store.append_audit(record));
    };
    append("event", 0min);
    append("event", 60min);
    append("start", -600min);
    append("event", -599min);
    CHECK(*store.last_recorded_time() == noon() + 60min);
    append(ndes::crp::kClockConfirmed, -598min);
    CHECK(*store.last_recorded_time() == noon() - 598min);
    append("event", -620min);
    CHECK(*store.last_recorded_time() == noon() - 598min);
    fixture.reopen();
    CHECK(*fixture.store().last_recorded_time() == noon() - 598min);
}

STORE_CONTRACT(a_cursor_of_state_messages_outlasts_their_removal) {
    auto& store = fixture.store();
    for (unsigned i = 1; i <= 3; ++i)
        decide(store, commit_of(sample_no(i, sample_challenge(1)), i));
    PageRequest request{.after = {}, .limit = 1, .owner = {}};
    for (int page = 0; page < 2; ++page)
        request.after = *store.list_state_messages(request)->next;
    ndes::crp::RetentionLimits limits;
    limits.messages_before = noon() + std::chrono::hours(1);
    while (store.purge(limits, 10)->total() > 0) {
    }
    CHECK(ids_of(store.list_state_messages({})->items) == "3");
    fixture.reopen();
    decide(fixture.store(), commit_of(sample_no(4, sample_challenge(1)), 4));
    CHECK(ids_of(fixture.store().list_state_messages(request)->items) == "3");
    request.limit = 10;
    CHECK(ids_of(fixture.store().list_state_messages(request)->items) == "34");
}

STORE_CONTRACT(what_waits_for_a_sink_that_nobody_has_any_more_goes_when_it_is_old) {
    auto& store = fixture.store();
    store.set_sinks({"hook", "inbox"});
    for (unsigned i = 1; i <= 3; ++i)
        decide(store, commit_of(sample_no(i, sample_challenge(1)), i));
    REQUIRE(store.mark_delivered("inbox", {"message-1", "message-2"}));
    ndes::crp::RetentionLimits limits;
    limits.messages_before = noon() + std::chrono::hours(1);
    CHECK(store.purge(limits, 10)->messages == 0);
    CHECK(store.count_deliveries()->at(0).is_configured);

    store.set_sinks({"inbox"});
    CHECK_FALSE(store.count_deliveries()->at(0).is_configured);
    CHECK(store.purge(limits, 10)->messages == 2);
    CHECK(store.count_deliveries()->at(0).waiting == 1);  // of the hook, of what the inbox lacks
    CHECK(ids_of(*store.due_state_messages("inbox", noon(), 10)) == "3");
}

STORE_CONTRACT(state_messages_are_listed_oldest_first_by_owner) {
    auto& store = fixture.store();
    for (unsigned i = 1; i <= 5; ++i) {
        Challenge challenge = sample_challenge(i);
        challenge.owner = i % 2 == 1 ? "mdm-1" : "mdm-2";
        decide(store, commit_of(sample_no(i, challenge), i));
    }
    PageRequest request{.after = {}, .limit = 2, .owner = "mdm-1"};
    auto page = store.list_state_messages(request);
    CHECK(ids_of(page->items) == "13");
    request.after = *page->next;
    page = store.list_state_messages(request);
    CHECK(ids_of(page->items) == "5");
    CHECK_FALSE(page->next);
    CHECK(ids_of(store.list_state_messages({})->items) == "12345");
}

STORE_CONTRACT(the_audit_is_a_chain_without_gaps) {
    auto& store = fixture.store();
    CHECK(audit_length(store) == 0);
    for (int i = 1; i <= 5; ++i)
        REQUIRE(store.append_audit(sample_audit("event")));
    fixture.reopen();
    REQUIRE(fixture.store().append_audit(sample_audit("start")));
    CHECK(audit_length(fixture.store()) == 6);

    PageRequest request{.after = {}, .limit = 4, .owner = {}};
    auto page = fixture.store().list_audit(request);
    REQUIRE(page->items.size() == 4);
    const auto& first = page->items[0];
    CHECK(first.sequence == 1);
    CHECK(first.time == noon());
    CHECK(first.event == "event");
    CHECK(first.outcome == "permit");
    CHECK(first.reason == "Success");
    CHECK(first.caller == "ndes-1");
    CHECK(first.peer_address == "192.0.2.1");
    REQUIRE(first.facts.size() == 2);
    CHECK(first.facts[1].second == "\ufffd\n\"\u00e9");
    CHECK(first.previous_hash == ndes::crp::chain_start(first.node).hash);
    CHECK(page->items[1].previous_hash == first.hash);
    request.after = *page->next;
    CHECK(fixture.store().list_audit(request)->items.back().event == "start");
}

STORE_CONTRACT(audit_records_are_selected_by_caller) {
    auto& store = fixture.store();
    REQUIRE(store.append_audit(sample_audit("one")));
    auto other = sample_audit("two");
    other.caller = "mdm-1";
    REQUIRE(store.append_audit(other));
    auto page = store.list_audit({.after = {}, .limit = 10, .owner = "mdm-1"});
    REQUIRE(page->items.size() == 1);
    CHECK(page->items[0].event == "two");
}
