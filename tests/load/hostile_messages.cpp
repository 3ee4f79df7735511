// hostile_messages: writes SCEP messages into a folder, one a file, for fault_hostile.sh.
//
//   good-N.der       one for each challenge of a file, subject CN=load-N
//   type-TEXT.der    PKCSReq with every messageType from 0 to 255 and in odd forms; the file name
//                    is its transaction ID, too
//   decrypt-NAME.der a message whose envelope cannot be opened or holds no request, each in another
//                    way, all with the same transaction ID and nonce
//   renewal.der      messageType 17, signed with a certificate that nobody here issued
//   held-N.der       PKCSReq that go to the policy module and are refused there
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/support/scep_client.h"

namespace {

using namespace ndes;
namespace fs = std::filesystem;

constexpr std::size_t kHeld = 40;

struct Device {
    EvpPkeyPtr key = test::make_rsa_key();
    Certificate signer = test::make_signer(key.get(), "CN=SCEP SIGNER");
};

class Workshop {
  public:
    Workshop(const fs::path& ra_file, fs::path folder)
        : folder_(std::move(folder)), ra_(load_certificates(ra_file).value()) {
        std::erase_if(ra_, [](const Certificate& certificate) {
            return !certificate.has_key_usage(KeyUsage::key_encipherment);
        });
        fs::create_directories(folder_);
    }

    void write_good(const std::string& challenges_file) {
        std::ifstream file(challenges_file);
        std::size_t number = 0;
        for (std::string challenge; std::getline(file, challenge); ++number) {
            const std::string index = std::to_string(number);
            write("good-" + index, message(csr("CN=load-" + index, challenge), "good-" + index));
        }
        if (number == 0) throw std::runtime_error("no challenge in " + challenges_file);
    }

    void write_types(const std::string& challenge) {
        std::vector<std::string> types{"",    "019",  "00019", "+19",   "19.",        "0x13",
                                       "1e1", "19;3", "-19",   "1 9",   "19 ",        " 19",
                                       "256", "275",  "1043",  "65555", "99999999999"};
        for (int number = 0; number <= 255; ++number)
            types.push_back(std::to_string(number));
        const Bytes content = csr("CN=types", challenge);
        for (const std::string& type : types) {
            const std::string name = "type-" + escaped(type);
            write(name, message(content, name, type));
        }
    }

    void write_undecryptable() {
        const Bytes request = csr("CN=secret", "no challenge");
        const Bytes good = test::make_envelope(request, ra_);
        write_one("padding", changed(good, good.size() - 17));
        write_one("first-block", changed(good, good.size() - 400));
        write_one("key", changed(good, key_of(good) + 100));
        write_one("key-too-large", filled(good, key_of(good), 256));
        write_one("recipient", test::make_envelope(request, {device_.signer}));
        write_one("empty", test::make_envelope(Bytes{}, ra_));
        write_one("no-request", test::make_envelope(Bytes(request.size(), 0x41), ra_));
        write_one("short-request", test::make_envelope(ByteView(request).first(100), ra_));
        write_one("signature", test::make_envelope(changed(request, request.size() - 1), ra_));
        write_one("other-structure", test::make_envelope(Bytes{0x30, 0x00}, ra_));
        write_one("cipher-3des", test::make_envelope(Bytes(64, 0x42), ra_, "DES-EDE3-CBC"));
    }

    void write_held() {
        for (std::size_t i = 0; i < kHeld; ++i) {
            const std::string name = "held-" + std::to_string(i);
            write(name, message(csr("CN=" + name, "wrong challenge " + name), name));
        }
    }

    void write_renewal() {
        write("renewal", message(csr("CN=SCEP SIGNER", ""), "renewal-by-nobody", "17"));
    }

  private:
    Bytes csr(const std::string& subject, const std::string& challenge) const {
        return test::make_csr(device_.key.get(), {.subject = subject, .challenge = challenge});
    }
    Bytes message(ByteView content, const std::string& transaction,
                  const std::string& type = "19") const {
        return test::make_message(content, device_.key.get(), device_.signer, ra_,
                                  {.message_type = type, .transaction_id = transaction});
    }
    void write_one(const std::string& name, const Bytes& envelope) const {
        write("decrypt-" + name,
              test::sign_envelope(envelope, device_.key.get(), device_.signer,
                                  {.transaction_id = "decrypt", .sender_nonce = Bytes(16, 0x5A)}));
    }
    void write(const std::string& name, const Bytes& octets) const {
        std::ofstream file(folder_ / (name + ".der"), std::ios::binary);
        file << as_text(octets);
        if (!file.flush()) throw std::runtime_error("cannot write " + name);
    }

    static Bytes changed(Bytes octets, std::size_t at) {
        octets.at(at) ^= 0x01;
        return octets;
    }
    static Bytes filled(Bytes octets, std::size_t at, std::size_t count) {
        for (std::size_t i = at; i < at + count; ++i)
            octets.at(i) = 0xFF;
        return octets;
    }
    // Place of the encrypted key of an RSA-2048 recipient.
    static std::size_t key_of(const Bytes& envelope) {
        constexpr std::array<std::uint8_t, 4> kHeader{0x04, 0x82, 0x01, 0x00};
        const auto found =
            std::search(envelope.begin(), envelope.end(), kHeader.begin(), kHeader.end());
        if (found == envelope.end()) throw std::runtime_error("no encrypted key of 256 octets");
        return static_cast<std::size_t>(found - envelope.begin()) + kHeader.size();
    }
    // A file name and transaction ID; RFC 8894 permits no '%' in a PrintableString, so '=' it is.
    static std::string escaped(const std::string& text) {
        std::string name;
        for (const char c : text) {
            const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
            name += plain ? std::string(1, c) : "=" + to_hex(as_bytes(std::string(1, c)));
        }
        return name;
    }

    fs::path folder_;
    std::vector<Certificate> ra_;
    Device device_;
};

int run_main(int argc, char** argv) {
    std::string ra;
    std::string challenges;
    std::string challenge;
    std::string out;
    CLI::App app("Writes SCEP messages, good and hostile");
    app.add_option("--ra", ra, "PEM file with the RA's certificates")->required();
    app.add_option("--challenges", challenges, "file, one challenge a line")->required();
    app.add_option("--challenge", challenge, "a good challenge for CN=types")->required();
    app.add_option("--out", out, "folder")->required();
    CLI11_PARSE(app, argc, argv);
    Workshop workshop(ra, out);
    workshop.write_good(challenges);
    workshop.write_types(challenge);
    workshop.write_undecryptable();
    workshop.write_held();
    workshop.write_renewal();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run_main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "hostile_messages: %s\n", error.what());
        return 1;
    }
}
