#include "common/logging/json_line.h"

#include "common/json_text.h"

namespace ndes {
std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::debug: return "debug";
        case Severity::info: return "info";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    return "error";
}

std::string format_json_line(const JsonLine& line, const LogFields& fields) {
    std::string out;
    out.reserve(256 + line.message.size() + fields.size() * 64);
    out += "{\"time\":\"";
    out += to_rfc3339(line.time);
    out += "\",\"severity\":\"";
    out += to_string(line.severity);
    out += "\",\"program\":";
    append_json_string(out, line.program, kMaxJsonValue);
    out += ",\"message\":";
    append_json_string(out, line.message, kMaxJsonValue);
    out += ",\"file\":";
    append_json_string(out, line.file, kMaxJsonValue);
    out += ",\"line\":";
    out += std::to_string(line.line);
    for (const auto& [name, value] : fields) {
        out += ',';
        append_json_string(out, name, kMaxJsonValue);
        out += ':';
        append_json_string(out, value, kMaxJsonValue);
    }
    out += "}\n";
    return out;
}

}  // namespace ndes
