// Expiring: one certificate, revocation list or key that a program of ours works with, and when it
// ends. Every list of such things, whoever shows it (log, metrics, STATUS line, crpctl expiry), is
// made of these. Readers tell what is wrong with a file in `fault` and never give up the list.
// Values; any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/key_source.h"

namespace ndes {

enum class ExpiringKind { certificate, crl, key };
std::string_view to_string(ExpiringKind kind);  // "certificate", "CRL", "key"

struct Expiring {
    ExpiringKind kind = ExpiringKind::certificate;
    std::string use;             // what the program needs it for: "server", "ra-signing", …
    std::filesystem::path file;  // empty: a key in a token, named by `subject`
    std::string subject;         // of a CRL: its issuer; RFC 4514
    std::string issuer;
    std::string serial;                           // of a CRL: its number; lower-case hex
    std::string id;                               // tells it from the one that replaces it
    WallTime begins{};                            // notBefore, thisUpdate
    std::optional<WallTime> ends = std::nullopt;  // notAfter, nextUpdate; none: keys
    std::optional<Certificate> certificate = std::nullopt;  // of kind certificate
    std::string fault;  // why it cannot be read or used; empty: it can
};

using ExpiringList = std::vector<Expiring>;

Expiring expiring_certificate(std::string use, std::filesystem::path file,
                              const Certificate& certificate);

// The certificates of a PEM file, or its first. Nothing for an empty path.
enum class Take { first, all };
void add_certificates(ExpiringList& list, const std::string& use, const std::filesystem::path& file,
                      Take take);

// The revocation lists of a file: PEM, or one in DER. Nothing for an empty path.
void add_crls(ExpiringList& list, const std::string& use, const std::filesystem::path& file);

// A key: that it is there, and a file its owner's alone (a systemd credential has an ACL instead);
// its contents are not read. Nothing for an empty source.
void add_key(ExpiringList& list, const std::string& use, const KeySource& source);

// Whole days from `now`, rounded down: negative once it has ended.
int days_left(WallTime ends, WallTime now);

}  // namespace ndes
