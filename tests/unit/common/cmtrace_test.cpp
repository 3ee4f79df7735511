#include "common/logging/cmtrace.h"

#include "common/utf8.h"
#include "tests/catch.h"
#include "tests/unit/common/hostile_text.h"

using namespace ndes;

namespace {

CmtraceRecord record(std::string text) {
    return {std::move(text),
            from_rfc3339("2016-06-10T02:44:11.789Z").value(),
            "NDESPlugin",
            1,
            2900,
            "ndesplugin.cpp:646"};
}

std::string written_text(const std::string& text) {
    const std::string line = format_cmtrace(record(text));
    return line.substr(7, line.find("]LOG]!>") - 7);
}

// Characters that a terminal, an editor or a log viewer would act on.
bool has_deceptive_character(std::string_view line) {
    while (!line.empty()) {
        const Utf8Step step = first_utf8(line);
        if (!step.well_formed || is_deceptive(step.code_point)) return true;
        line.remove_prefix(step.length);
    }
    return false;
}

}  // namespace

TEST_CASE("a record is written as NDES' own plug-in writes it") {
    CHECK(format_cmtrace(record("Verify challenge returns true")) ==
          "<![LOG[Verify challenge returns true]LOG]!><time=\"02:44:11.789+00\" "
          "date=\"06-10-2016\" component=\"NDESPlugin\" context=\"\" type=\"1\" thread=\"2900\" "
          "file=\"ndesplugin.cpp:646\">");
}

TEST_CASE("the context holds the transaction, escaped and bounded") {
    CmtraceRecord with = record("text");
    with.context = "a\"><b";
    CHECK(format_cmtrace(with).find(" context=\"a\\x22\\x3E\\x3Cb\" type=\"1\"") !=
          std::string::npos);
    CHECK(parse_cmtrace(format_cmtrace(with)).value() == with);
    with.context = std::string(kMaxCmtraceContext + 1, 'x');
    const std::string cut = parse_cmtrace(format_cmtrace(with)).value().context;
    CHECK(cut == std::string(kMaxCmtraceContext, 'x') + "\xE2\x80\xA6");
}

TEST_CASE("ordinary text, paths and other scripts stay readable") {
    for (const char* text :
         {"C:\\Program Files\\x.SMX is dropped.", "a \"quoted\" <word> & more",
          "Zo\xC3\xAB \xE4\xB8\xAD \xF0\x9F\x98\x80", "\\", "\\\\host\\CA", "]LOG]"}) {
        CHECK(written_text(text) == text);
    }
}

TEST_CASE("what could break a line is escaped") {
    CHECK(written_text("a]LOG]!>b") == "a]LOG]\\x21>b");
    CHECK(written_text("a\r\nb") == "a\\x0D\\x0Ab");
    CHECK(written_text("\x1B[2J") == "\\x1B[2J");
    CHECK(written_text("\xE2\x80\xAEgpj") == "\\u{202E}gpj");
    CHECK(written_text("\xC2\x85") == "\\x85");
    CHECK(written_text("\xFFz") == "\xEF\xBF\xBDz");
    CHECK(written_text("already \\x1B") == "already \\x5Cx1B");
}

TEST_CASE("hostile text makes exactly one record, which reads back as it was") {
    test::SeededRandom random(20161006);
    for (int i = 0; i < 100'000; ++i) {
        CmtraceRecord original = record(test::hostile_text(random, true));
        original.component = test::hostile_text(random, true);
        original.file = test::hostile_text(random, true);
        original.context = test::hostile_text(random, true);
        const std::string line = format_cmtrace(original);
        REQUIRE_FALSE(has_deceptive_character(line));
        REQUIRE(line.find("]LOG]!>") == line.rfind("]LOG]!>"));
        const auto read = parse_cmtrace(line);
        REQUIRE(read);
        REQUIRE(*read == original);
    }
}

TEST_CASE("ill-formed text still makes exactly one well-formed record") {
    test::SeededRandom random(6);
    for (int i = 0; i < 20'000; ++i) {
        const std::string line = format_cmtrace(record(test::hostile_text(random, false)));
        REQUIRE_FALSE(has_deceptive_character(line));
        REQUIRE(parse_cmtrace(line));
    }
}

TEST_CASE("a long text is cut between characters") {
    const std::string exact(kMaxCmtraceText, 'a');
    CHECK(written_text(exact) == exact);
    CHECK(written_text(exact + "b") == exact + "\xE2\x80\xA6");
    const std::string wide = std::string(kMaxCmtraceText - 1, 'a') + "\xC3\xA9";
    CHECK(written_text(wide) == std::string(kMaxCmtraceText - 1, 'a') + "\xE2\x80\xA6");
    const std::string controls(kMaxCmtraceText, '\x1B');
    CHECK(written_text(controls).size() <= kMaxCmtraceText + 3);
}

TEST_CASE("each broken line is refused") {
    const std::string good = format_cmtrace(record("text"));
    REQUIRE(parse_cmtrace(good));
    for (std::size_t length = 0; length < good.size(); ++length)
        REQUIRE_FALSE(parse_cmtrace(good.substr(0, length)));
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string line = good;
        return line.replace(line.find(from), from.size(), to);
    };
    CHECK_FALSE(parse_cmtrace(good + "\n"));
    CHECK_FALSE(parse_cmtrace(" " + good));
    CHECK_FALSE(parse_cmtrace(with("02:44", "25:44")));
    CHECK_FALSE(parse_cmtrace(with("06-10-2016", "6-10-2016")));
    CHECK_FALSE(parse_cmtrace(with("06-10-2016", "02-30-2016")));
    CHECK_FALSE(parse_cmtrace(with("06-10-2016", "06-10/2016")));
    CHECK_FALSE(parse_cmtrace(with("+00", "+01")));
    CHECK_FALSE(parse_cmtrace(with("type=\"1\"", "type=\"4\"")));
    CHECK_FALSE(parse_cmtrace(with("type=\"1\"", "type=\"\"")));
    CHECK_FALSE(parse_cmtrace(with("thread=\"2900\"", "thread=\"x\"")));
    CHECK_FALSE(parse_cmtrace(with("thread=\"2900\"", "thread=\"-1\"")));
}

TEST_CASE("a hostile field is made loggable") {
    CHECK(loggable("Ann") == "Ann");
    CHECK(loggable("a\nb\x1B") == "a\\x0Ab\\x1B");
    CHECK(loggable("\xE2\x80\x8B") == "\\u{200B}");
    CHECK(loggable("\xFF") == "\xEF\xBF\xBD");
    CHECK(loggable("abcdef", 6) == "abcdef");
    CHECK(loggable("abcdefg", 6) == "abcdef\xE2\x80\xA6");
    CHECK(loggable("").empty());
}
