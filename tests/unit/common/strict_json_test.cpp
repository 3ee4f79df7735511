#include "common/strict_json.h"

#include "common/json_text.h"
#include "tests/catch.h"
#include "tests/unit/common/hostile_text.h"

using namespace ndes;

namespace {

std::string fault_of(std::string_view text) {
    const auto json = parse_json(text);
    return json ? "" : json.error().text;
}

// What a reader of `read` says about `text`; empty if all is well.
std::string fault_of(std::string_view text, const std::function<void(JsonReader&)>& read) {
    const Json json = parse_json(text).value();
    JsonReader reader(json);
    read(reader);
    const auto done = reader.finish();
    if (done) return "";
    CHECK(done.error().code == ErrorCode::bad_request);
    return done.error().text;
}

}  // namespace

TEST_CASE("a duplicate key is named by its path") {
    CHECK(fault_of(R"({"a":1,"a":2})") == "duplicate field \"a\"");
    CHECK(fault_of(R"({"x":{"b":1,"c":2,"b":1}})") == "duplicate field \"x.b\"");
    CHECK(fault_of(R"({"x":[1,{"b":1,"b":2}]})") == "duplicate field \"x[1].b\"");
    CHECK(fault_of(R"([[],[{"b":1,"\u0062":2}]])") == "duplicate field \"[1][0].b\"");
    CHECK(fault_of(R"({"a":{"b":1},"c":{"b":1}})").empty());
}

TEST_CASE("nesting ends at sixteen") {
    const std::string open(16, '['), close(16, ']');
    CHECK(fault_of(open + close).empty());
    CHECK(fault_of("[" + open + close + "]").find("nested more than 16 deep") == 0);
    CHECK(fault_of(std::string(100'000, '[')).find("nested more than 16 deep") == 0);
    std::string objects;
    for (int i = 0; i < 17; ++i)
        objects += R"({"a":)";
    CHECK(fault_of(objects).find("nested more than 16 deep at a.a.") == 0);
}

TEST_CASE("what is not one JSON text is refused") {
    const auto text =
        GENERATE(as<std::string_view>(), "", " ", "{", "}", "{}x", "{} {}", "[1,]", "{\"a\":1,}",
                 "{a:1}", "{'a':1}", "01", "+1", "1.", ".5", "1e999", "NaN", "Infinity", "True",
                 "nul", "\"", "\"\n\"", "\"\\x\"", "\"\\ud800\"", "\"\\u12\"", "// c\n1", "/**/1",
                 "{\"a\" 1}", "\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\xEF\xBB\xBF{}",
                 std::string_view("{}\0", 3), std::string_view("{}\0{\"a\":1}", 10),
                 std::string_view("\"\0\"", 3));
    CAPTURE(text);
    const auto json = parse_json(text);
    REQUIRE_FALSE(json);
    CHECK(json.error().code == ErrorCode::bad_request);
    CHECK(json.error().text.find("not JSON") == 0);
}

TEST_CASE("a JSON text has a size limit") {
    CHECK(parse_json("[1,2]", 5));
    const auto over = parse_json("[1,2]", 4);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == ErrorCode::too_large);
}

TEST_CASE("no error quotes a value, and a hostile key is shown escaped") {
    CHECK(fault_of(R"({"challenge":"s3cret" "x"})").find("s3cret") == std::string::npos);
    CHECK(fault_of("{\"a\\u001b\":1,\"a\\u001b\":1}") == "duplicate field \"a\\x1B\"");
    CHECK(fault_of(R"({"a\nb":1})", [](JsonReader&) {}) == "unknown field \"a\\x0Ab\"");
}

TEST_CASE("any text of at most the depth parses as it was written") {
    const Json json =
        parse_json(R"({"t":"\u00e9\ud83d\ude00","n":null,"b":[true,false],"i":-5,"f":1.5})")
            .value();
    CHECK(json["t"] == "\xC3\xA9\xF0\x9F\x98\x80");
    CHECK(json["n"].is_null());
    CHECK(json["b"] == Json::array({true, false}));
    CHECK(json["i"] == -5);
    CHECK(json["f"] == 1.5);
    CHECK(parse_json(" 7 ").value() == 7);
}

TEST_CASE("each good field is read") {
    const Json json = parse_json(R"({"t":"text","e":"","o":"x","l":["a","b"],"b":true,"i":-7,
        "d":"Zm9v","od":"Zg==","w":"1970-01-01T00:00:01Z","obj":{"k":1},"arr":[1,2],"nul":null})")
                          .value();
    JsonReader reader(json);
    CHECK(reader.text("t", 4) == "text");
    CHECK(reader.text("e", 4, true).empty());
    CHECK(reader.optional_text("o", 1) == "x");
    CHECK(reader.text_list("l", 2, 1) == std::vector<std::string>{"a", "b"});
    CHECK(reader.boolean_or("b", false));
    CHECK(reader.integer("i", -7, -7) == -7);
    CHECK(reader.base64("d", 3) == to_bytes(as_bytes("foo")));
    CHECK(reader.optional_base64("od", 1) == Bytes{'f'});
    CHECK(reader.optional_time("w") == from_unix_ms(1000));
    CHECK(reader.optional_object("obj")->at("k") == 1);
    CHECK(reader.optional_array("arr", 2)->size() == 2);
    CHECK_FALSE(reader.optional_text("nul", 1));
    CHECK(reader.finish());
}

TEST_CASE("absent optional fields have their fallbacks") {
    const Json json = parse_json("{}").value();
    JsonReader reader(json);
    CHECK_FALSE(reader.optional_text("o", 1));
    CHECK(reader.text_or("t", "fallback", 1) == "fallback");
    CHECK(reader.text_list("l", 2, 1).empty());
    CHECK(reader.boolean_or("b", true));
    CHECK(reader.integer_or("i", 9, 0, 1) == 9);
    CHECK_FALSE(reader.optional_base64("d", 1));
    CHECK_FALSE(reader.optional_time("w"));
    CHECK(reader.optional_object("x") == nullptr);
    CHECK(reader.optional_array("y", 1) == nullptr);
    CHECK_FALSE(reader.has("t"));
    CHECK(reader.finish());
}

TEST_CASE("each way for a field to be wrong is told with its name") {
    struct Case {
        const char* text;
        std::function<void(JsonReader&)> read;
        const char* fault;
    };
    const auto text = [](JsonReader& r) { r.text("f", 3); };
    const auto optional = [](JsonReader& r) { r.optional_text("f", 3); };
    const auto text_or = [](JsonReader& r) { r.text_or("f", "", 3); };
    const auto list = [](JsonReader& r) { r.text_list("f", 2, 3); };
    const auto boolean = [](JsonReader& r) { r.boolean_or("f", false); };
    const auto integer = [](JsonReader& r) { r.integer("f", 0, 9); };
    const auto integer_or = [](JsonReader& r) { r.integer_or("f", 1, 0, 9); };
    const auto base64 = [](JsonReader& r) { r.base64("f", 3); };
    const auto time = [](JsonReader& r) { r.optional_time("f"); };
    const auto object = [](JsonReader& r) { r.optional_object("f"); };
    const auto array = [](JsonReader& r) { r.optional_array("f", 1); };
    const std::vector<Case> cases = {
        {"{}", text, "f: is missing"},
        {R"({"f":null})", text, "f: must be a text"},
        {R"({"f":1})", text, "f: must be a text"},
        {R"({"f":""})", text, "f: is empty"},
        {R"({"f":"abcd"})", text, "f: longer than 3 octets"},
        {R"({"f":"a\nb"})", text, "f: holds control characters"},
        {R"({"f":"\u0085"})", text, "f: holds control characters"},
        {R"({"f":"\u0000"})", text, "f: holds control characters"},
        {R"({"f":"abcd"})", optional, "f: longer than 3 octets"},
        {R"({"f":false})", optional, "f: must be a text"},
        {R"({"f":null})", text_or, "f: must be a text"},
        {R"({"f":"abcd"})", text_or, "f: longer than 3 octets"},
        {R"({"f":null})", list, "f: must be a list of texts"},
        {R"({"f":"a"})", list, "f: must be a list of texts"},
        {R"({"f":["a","b","c"]})", list, "f: has more than 2 items"},
        {R"({"f":["a",1]})", list, "f[1]: must be a text"},
        {R"({"f":["a","abcd"]})", list, "f[1]: longer than 3 octets"},
        {R"({"f":null})", boolean, "f: must be true or false"},
        {R"({"f":1})", boolean, "f: must be true or false"},
        {R"({"f":"true"})", boolean, "f: must be true or false"},
        {"{}", integer, "f: is missing"},
        {R"({"f":"1"})", integer, "f: must be an integer"},
        {R"({"f":1.0})", integer, "f: must be an integer"},
        {R"({"f":1e0})", integer, "f: must be an integer"},
        {R"({"f":true})", integer, "f: must be an integer"},
        {R"({"f":10})", integer, "f: must be 0 to 9"},
        {R"({"f":-1})", integer, "f: must be 0 to 9"},
        {R"({"f":18446744073709551615})", integer, "f: must be 0 to 9"},
        {R"({"f":null})", integer_or, "f: must be an integer"},
        {"{}", base64, "f: is missing"},
        {R"({"f":null})", base64, "f: must be a base64 text"},
        {R"({"f":""})", base64, "f: is empty"},
        {R"({"f":"Zm9"})", base64, "f: not base64"},
        {R"({"f":"Zm9vYg=="})", base64, "f: longer than 3 octets"},
        {R"({"f":"Zm9vYmFyZm9v"})", base64, "f: longer than 3 octets"},
        {R"({"f":"yesterday"})", time, "f: must be an RFC 3339 time"},
        {R"({"f":0})", time, "f: must be an RFC 3339 time"},
        {R"({"f":[]})", object, "f: must be an object"},
        {R"({"f":{}})", array, "f: must be a list"},
        {R"({"f":[1,2]})", array, "f: has more than 1 items"},
        {R"({"f":1,"g":2})", [](JsonReader& r) { r.integer("f", 0, 9); }, "unknown field \"g\""},
    };
    for (const Case& sample : cases) {
        CAPTURE(sample.text);
        CHECK(fault_of(sample.text, sample.read) == sample.fault);
    }
}

TEST_CASE("the first fault is the one told, with the path of its object") {
    const Json json = parse_json(R"({"a":1,"b":2,"c":3})").value();
    JsonReader reader(json, "items[3].");
    reader.text("b", 9);
    reader.text("a", 9);
    reader.fault("c", "is late");
    const auto done = reader.finish();
    REQUIRE_FALSE(done);
    CHECK(done.error().text == "items[3].b: must be a text");
    CHECK(reader.path_of("x") == "items[3].x");
}

TEST_CASE("what is not an object is refused whatever is asked of it") {
    for (const char* text : {"[]", "null", "1", "\"x\""}) {
        CAPTURE(text);
        const Json json = parse_json(text).value();
        JsonReader top(json);
        CHECK(top.text("t", 1).empty());
        CHECK(top.integer_or("i", 4, 0, 9) == 4);
        CHECK_FALSE(top.has("t"));
        CHECK(top.finish().error().text == "message: must be an object");
        JsonReader inner(json, "items[0].");
        CHECK(inner.finish().error().text == "items[0]: must be an object");
    }
}

TEST_CASE("written JSON strings read back as themselves, on one line") {
    test::SeededRandom random(8259);
    for (int i = 0; i < 100'000; ++i) {
        const std::string text = test::hostile_text(random, true);
        std::string written;
        append_json_string(written, text);
        REQUIRE(written.find_first_of("\r\n\x1B\x7F") == std::string::npos);
        const auto json = parse_json(written);
        REQUIRE(json);
        REQUIRE(json->get<std::string>() == text);
    }
}

TEST_CASE("ill-formed text is written as a well-formed JSON string") {
    test::SeededRandom random(3629);
    for (int i = 0; i < 20'000; ++i) {
        std::string written;
        append_json_string(written, test::hostile_text(random, false));
        REQUIRE(parse_json(written));
    }
}

TEST_CASE("a JSON string is cut at its limit between characters") {
    std::string written;
    append_json_string(written, "abcdef", 6);
    CHECK(written == "\"abcdef\"");
    written.clear();
    append_json_string(written, "abcdefg", 6);
    CHECK(written == "\"abcdef\xE2\x80\xA6\"");
    written.clear();
    append_json_string(written, "abcde\xC3\xA9\xC3\xA9", 6);
    CHECK(parse_json(written));
}

TEST_CASE("an object is written member by member") {
    JsonObjectText json;
    json.text("t", "a\"b");
    json.boolean("yes", true);
    json.boolean("no", false);
    json.integer("i", -5);
    json.base64("d", as_bytes("foo"));
    json.null("n");
    json.json("o", "{}");
    json.json("l", json_text_list(std::vector<std::string>{"a", "b"}, [](auto& s) { return s; }));
    CHECK(json.finish() ==
          R"({"t":"a\"b","yes":true,"no":false,"i":-5,"d":"Zm9v","n":null,"o":{},"l":["a","b"]})");
    CHECK(JsonObjectText().finish() == "{}");
}
