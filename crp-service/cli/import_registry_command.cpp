// crpctl import-registry: the exported registry of an NDES server as settings of ndesd.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/file.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/registry_file.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kMaxFile = 16UL << 20;

enum class Kind { text, number, hash, explained };

// What becomes of a value of the MSCEP key, by name.
struct Setting {
    std::string_view name;
    Kind kind;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::string_view why = {};  // explained: why it has no effect here
};

constexpr std::array kSettings{
    Setting{"SignatureTemplate", Kind::text},
    Setting{"EncryptionTemplate", Kind::text},
    Setting{"GeneralPurposeTemplate", Kind::text},
    Setting{"EnforcePassword", Kind::number, 0, 1},
    Setting{"CAType", Kind::number, 0, 1},
    Setting{"Configuration", Kind::text},
    Setting{"RefreshPeriod", Kind::number, 1, 366},
    Setting{"CacheRequest", Kind::number, 0, 5'241'600},
    Setting{"PasswordMax", Kind::number, 1, 1'000'000},
    Setting{"PasswordVDir", Kind::text},
    Setting{"PasswordValidity", Kind::number, 1, 524'160},
    Setting{"PasswordLength", Kind::number, 8, 64},
    Setting{"HashAlgorithm", Kind::hash},
    Setting{"DisableRenewalSubjectNameMatch", Kind::number, 0, 1},
    Setting{"UseSinglePassword", Kind::number, 0, 1},
    Setting{"CertsInMyStore", Kind::explained, 0, 0,
            "there is no certificate store here; [ra] names the files"},
    Setting{"EncryptedPassword", Kind::explained, 0, 0,
            "only its own Windows account can open it (DPAPI); with UseSinglePassword = 1 ndesd "
            "makes a new one"},
    Setting{"Policy", Kind::explained, 0, 0,
            "a policy module for Windows; [policy] module names the one of ndesd"},
    Setting{"NDESCertThumbprint", Kind::explained, 0, 0,
            "the module's client certificate is a file: certificate_file in "
            "ndes_policy_crp.toml"},
};

bool same_ignoring_case(std::string_view a, std::string_view b) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

// Below …\Microsoft\Cryptography\MSCEP, whose name the white paper's own script spells MSCEP1.
bool is_mscep_key(std::string_view key) {
    constexpr std::string_view kPath = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Cryptography\\";
    if (!same_ignoring_case(key.substr(0, kPath.size()), kPath)) return false;
    key.remove_prefix(kPath.size());
    const std::string_view name = key.substr(0, key.find('\\'));
    return same_ignoring_case(name, "MSCEP") || same_ignoring_case(name, "MSCEP1");
}

// A TOML basic string; also what makes any text harmless in a comment.
std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') out += '\\';
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04X",
                          static_cast<unsigned>(static_cast<unsigned char>(letter)));
            out += escape.data();
        } else {
            out += letter;
        }
    }
    return out + "\"";
}

std::string shown(const RegistryValue& value) {
    if (value.text) return toml_text(*value.text);
    if (value.number) return std::to_string(*value.number);
    return "(" + std::to_string(value.octets ? value.octets->size() : 0) + " octets)";
}

std::string comment(std::string_view name, const std::string& value, std::string_view why) {
    return "# " + std::string(name) + " = " + value + "\n#   not taken over: " + std::string(why) +
           "\n";
}

std::string render_number(const Setting& setting, const RegistryValue& value) {
    if (!value.number) return comment(setting.name, shown(value), "is not a number");
    if (*value.number < setting.least || *value.number > setting.most)
        return comment(
            setting.name, shown(value),
            "ndesd takes " + std::to_string(setting.least) + " to " + std::to_string(setting.most));
    if (setting.name == "EnforcePassword" && *value.number == 0)
        return comment(setting.name, "0",
                       "it lets everybody enrol; if you mean it, set it yourself together with "
                       "[policy] module = \"none\"");
    return std::string(setting.name) + " = " + std::to_string(*value.number) + "\n";
}

std::string render_hash(const Setting& setting, const RegistryValue& value) {
    for (const std::string_view known : {"SHA256", "SHA384", "SHA512"})
        if (value.text && same_ignoring_case(*value.text, known))
            return std::string(setting.name) + " = " + toml_text(known) + "\n";
    return comment(setting.name, shown(value),
                   "ndesd signs with SHA256 or better; that is the default");
}

std::string render(const Setting& setting, const RegistryValue& value) {
    switch (setting.kind) {
        case Kind::text:
            if (!value.text) return comment(setting.name, shown(value), "is not a text");
            return std::string(setting.name) + " = " + toml_text(*value.text) + "\n";
        case Kind::number: return render_number(setting, value);
        case Kind::hash: return render_hash(setting, value);
        case Kind::explained: break;
    }
    // The single password's blob is a secret, though a sealed one.
    return comment(setting.name, value.text ? shown(value) : "(not shown)", setting.why);
}

const Setting* find_setting(std::string_view name) {
    for (const Setting& setting : kSettings)
        if (same_ignoring_case(setting.name, name)) return &setting;
    return nullptr;
}

std::string render_all(const std::vector<RegistryValue>& values, const std::string& source) {
    std::string active;
    std::string comments;
    std::size_t elsewhere = 0;
    std::vector<std::string_view> seen;
    for (const RegistryValue& value : values) {
        if (!is_mscep_key(value.key)) {
            ++elsewhere;
            continue;
        }
        const Setting* const setting = find_setting(value.name);
        std::string lines;
        if (setting == nullptr) {
            lines =
                comment(toml_text(value.name), shown(value), "is no setting of NDES known here");
        } else if (std::find(seen.begin(), seen.end(), setting->name) != seen.end()) {
            lines = comment(setting->name, shown(value), "stands in the export twice");
        } else {
            seen.push_back(setting->name);
            lines = render(*setting, value);
        }
        (lines.starts_with('#') ? comments : active) += lines;
    }
    std::string text =
        "# Made by crpctl import-registry from " + toml_text(source) +
        ".\n# Put it into conf.d/ beside ndesd.toml and run ndesd --check-config.\n\n"
        "[mscep]\n" +
        active;
    if (!comments.empty()) text += "\n" + comments;
    if (elsewhere > 0)
        text += "\n# " + std::to_string(elsewhere) +
                " value(s) of other keys than MSCEP are left out.\n";
    return text;
}

int import(const std::filesystem::path& file, const std::filesystem::path& out) {
    auto octets = read_file(file, kMaxFile);
    if (!octets) return report(local_fault(octets.error()));
    auto values = read_registry_file(*octets);
    if (!values) return report(local_fault(std::move(values.error()).within(file.string())));
    const std::string text = render_all(*values, file.filename().string());
    if (out.empty()) {
        std::fputs(text.c_str(), stdout);
        return kExitOk;
    }
    if (std::filesystem::exists(out))
        return report({ErrorCode::conflict, out.string() + ": exists", {}, std::nullopt});
    if (auto written = write_file_durably(out, as_bytes(text)); !written)
        return report(written.error());
    std::printf("wrote %s\n", out.c_str());
    return kExitOk;
}

}  // namespace

void add_import_registry_command(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand(
        "import-registry", "turn an exported NDES registry (.reg) into settings of ndesd");
    const auto file = std::make_shared<std::filesystem::path>();
    const auto out = std::make_shared<std::filesystem::path>();
    noun->add_option("FILE.reg", *file,
                     "as regedit exports HKLM\\SOFTWARE\\Microsoft\\"
                     "Cryptography\\MSCEP")
        ->required();
    noun->add_option("--out", *out, "the file to make; none: standard output");
    noun->callback([=, &exit_code] { exit_code = import(*file, *out); });
}

}  // namespace ndes::crp::cli
