// What an MDM tells the CRP: users, devices, policies, template permissions.
// Plain values; no JSON, SQL, HTTP or OpenSSL. Field meanings: schema/crp-v1.openapi.yaml.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/certificate_contents.h"
#include "common/clock.h"

namespace ndes::crp {

// `owner` of a record: the mdm caller that created it, kept by the store at later writes; empty: an
// admin's, for everybody.
// `revision` of a record: set by the store, another one with every write, never repeated, opaque.

// Whether what belongs to `owner` (a challenge, a certificate) may rest on this record: an admin's
// may on every one; an mdm's on its own and on an admin's.
template <class Record>
bool may_rest_on(const Record& record, std::string_view owner) {
    return owner.empty() || record.owner.empty() || record.owner == owner;
}

// Identifiers of all records: 1 to 64 octets of A-Z a-z 0-9 and . _ - @ : { }
// (GUIDs, UPNs and serial numbers fit).
inline constexpr std::size_t kMaxIdOctets = 64;

struct User {
    std::string id;
    std::string user_principal_name;
    std::string display_name;
    std::string email;
    std::string security_identifier;  // SID text, "S-1-5-…"
    bool enabled = true;
    std::vector<std::string> groups;
    std::string owner = {};
    std::string revision = {};
    bool operator==(const User&) const = default;
};

enum class EnrollmentState { pending, enrolled, retired, wiped };

struct Device {
    std::string id;
    std::string device_type;
    std::string name;
    std::string serial_number;
    std::string imei;
    std::string owner_user_id;  // may be empty: shared or kiosk device
    EnrollmentState enrollment_state = EnrollmentState::enrolled;
    bool compliant = true;
    // SHA-256 (hex) of the SubjectPublicKeyInfo of each key that the MDM registered for it.
    std::vector<std::string> registered_keys = {};
    std::string owner = {};
    std::string revision = {};
    bool operator==(const Device&) const = default;
};

enum class PolicyKeyType { rsa, ec };

struct Assignments {
    std::vector<std::string> users;
    std::vector<std::string> groups;
    std::vector<std::string> devices;
    bool all = false;
    bool operator==(const Assignments&) const = default;
};

// A SCEP profile: what its certificates say and who may have one.
struct Policy {
    std::string id;
    std::string certificate_request_id;  // "ModelName=…;Version=1;Hash=…"
    std::string template_name;
    std::string subject_format;                     // RFC 4514 text with {{Variables}}
    std::vector<SubjectAltName> subject_alt_names;  // values with {{Variables}}
    std::vector<KeyUsage> key_usage;
    std::vector<std::string> extended_key_usage;
    PolicyKeyType key_type = PolicyKeyType::rsa;
    int minimum_key_size = 2048;
    std::vector<std::string> hash_algorithms;  // "SHA-1", "SHA-256", "SHA-384", "SHA-512"
    int validity_days = 365;
    // Renewal is permitted while at most this share of the lifetime is left; 100: at any time.
    int renewal_threshold_percent = 100;
    int challenge_ttl_seconds = 3600;
    int retry_window_seconds = 1200;
    Assignments assignments;
    bool require_registered_key = false;         // only a key of Device::registered_keys
    bool security_identifier_extension = false;  // put the user's SID into the certificate
    std::string owner = {};
    std::string revision = {};
    bool operator==(const Policy&) const = default;
};

struct TemplatePermission {
    std::string principal;  // "user:ID", "group:NAME", "device:ID" or "*"
    bool read = false;
    bool enroll = false;
    bool operator==(const TemplatePermission&) const = default;
};

struct TemplateRecord {
    std::string name;
    std::vector<TemplatePermission> permissions;
    std::string owner = {};
    std::string revision = {};
    bool operator==(const TemplateRecord&) const = default;
};

}  // namespace ndes::crp
