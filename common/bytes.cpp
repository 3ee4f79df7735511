#include "common/bytes.h"

#include <array>

#include <openssl/crypto.h>

namespace ndes {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::uint8_t kInvalid = 0xFF;

using DecodeTable = std::array<std::uint8_t, 256>;

constexpr DecodeTable make_decode_table(std::string_view alphabet) {
    DecodeTable table{};
    table.fill(kInvalid);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
}

constexpr DecodeTable make_hex_table() {
    DecodeTable table = make_decode_table(kHex);
    for (unsigned i = 0; i < 6; ++i)
        table['A' + i] = static_cast<std::uint8_t>(10 + i);
    return table;
}

constexpr DecodeTable kFromBase64 = make_decode_table(kBase64);
constexpr DecodeTable kFromBase64Url = make_decode_table(kBase64Url);
constexpr DecodeTable kFromHex = make_hex_table();

// Values of one digit have at most six bits, so kInvalid shows through an OR of several.
constexpr bool any_invalid(unsigned digits) { return digits > 63; }

std::string encode(ByteView bytes, std::string_view alphabet, bool padded) {
    const std::size_t whole = bytes.size() / 3;
    const std::size_t rest = bytes.size() % 3;
    const std::size_t tail = rest == 0 ? 0 : (padded ? 4 : rest + 1);
    std::string text(whole * 4 + tail, '=');
    const std::uint8_t* in = bytes.data();
    char* out = text.data();
    for (std::size_t i = 0; i < whole; ++i, in += 3, out += 4) {
        const unsigned group = (unsigned{in[0]} << 16) | (unsigned{in[1]} << 8) | in[2];
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[(group >> 12) & 63];
        out[2] = alphabet[(group >> 6) & 63];
        out[3] = alphabet[group & 63];
    }
    if (rest == 0) return text;
    const unsigned group = (unsigned{in[0]} << 16) | (rest == 2 ? unsigned{in[1]} << 8 : 0U);
    out[0] = alphabet[group >> 18];
    out[1] = alphabet[(group >> 12) & 63];
    if (rest == 2) out[2] = alphabet[(group >> 6) & 63];
    return text;
}

// Decodes digits without padding. An encoder leaves the unused low bits of the last digit zero;
// requiring that gives each octet string exactly one text.
bool decode(std::string_view text, const DecodeTable& table, Bytes& bytes) {
    const std::size_t rest = text.size() % 4;
    if (rest == 1) return false;
    bytes.resize(text.size() / 4 * 3 + (rest == 0 ? 0 : rest - 1));
    const auto* in = reinterpret_cast<const unsigned char*>(text.data());
    std::uint8_t* out = bytes.data();
    for (std::size_t i = 0; i < text.size() / 4; ++i, in += 4, out += 3) {
        const unsigned a = table[in[0]], b = table[in[1]], c = table[in[2]], d = table[in[3]];
        if (any_invalid(a | b | c | d)) return false;
        out[0] = static_cast<std::uint8_t>((a << 2) | (b >> 4));
        out[1] = static_cast<std::uint8_t>((b << 4) | (c >> 2));
        out[2] = static_cast<std::uint8_t>((c << 6) | d);
    }
    if (rest == 0) return true;
    const unsigned a = table[in[0]], b = table[in[1]], c = rest == 3 ? table[in[2]] : 0U;
    if (any_invalid(a | b | c)) return false;
    out[0] = static_cast<std::uint8_t>((a << 2) | (b >> 4));
    if (rest == 2) return (b & 15U) == 0;
    out[1] = static_cast<std::uint8_t>((b << 4) | (c >> 2));
    return (c & 3U) == 0;
}

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string text(bytes.size() * 2, '0');
    char* out = text.data();
    for (const std::uint8_t octet : bytes) {
        *out++ = kHex[octet >> 4];
        *out++ = kHex[octet & 15U];
    }
    return text;
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return fail(ErrorCode::bad_request, "odd number of hex digits");
    Bytes bytes(text.size() / 2);
    const auto* in = reinterpret_cast<const unsigned char*>(text.data());
    for (std::uint8_t& octet : bytes) {
        const unsigned high = kFromHex[*in++];
        const unsigned low = kFromHex[*in++];
        if (any_invalid(high | low)) return fail(ErrorCode::bad_request, "not hexadecimal");
        octet = static_cast<std::uint8_t>((high << 4) | low);
    }
    return bytes;
}

std::string to_base64(ByteView bytes) { return encode(bytes, kBase64, true); }

Result<Bytes> from_base64(std::string_view text) {
    // With the length a multiple of four, at most two '=' at the end are padding; any other '='
    // is not in the table.
    if (text.size() % 4 != 0) return fail(ErrorCode::bad_request, "not base64");
    for (int i = 0; i < 2 && text.ends_with('='); ++i)
        text.remove_suffix(1);
    Bytes bytes;
    if (!decode(text, kFromBase64, bytes)) return fail(ErrorCode::bad_request, "not base64");
    return bytes;
}

std::string to_base64url(ByteView bytes) { return encode(bytes, kBase64Url, false); }

Result<Bytes> from_base64url(std::string_view text) {
    Bytes bytes;
    if (!decode(text, kFromBase64Url, bytes)) {
        return fail(ErrorCode::bad_request, "not base64url");
    }
    return bytes;
}

bool equal_constant_time(ByteView a, ByteView b) {
    return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ndes
