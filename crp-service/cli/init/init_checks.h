// What each answer of crpctl init must be. Each check tells what is wrong, without naming the
// question; files are looked at as far as one alone can be judged. Any thread.
#pragma once

#include <optional>
#include <string>

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"

namespace ndes::crp::cli {

Result<void> check_any(const InitAnswers&, const std::string& text);
Result<void> check_pki(const InitAnswers& answers, const std::string& text);
Result<void> check_absolute(const InitAnswers&, const std::string& text);
Result<void> check_absolute_folder(const InitAnswers&, const std::string& text);  // made if need be
Result<void> check_public_url(const InitAnswers&, const std::string& text);
Result<void> check_web_url(const InitAnswers&, const std::string& text);
Result<void> check_host(const InitAnswers&, const std::string& text);
Result<void> check_user(const InitAnswers&, const std::string& text);
// Also refuses one that an earlier question has.
Result<void> check_listen(const InitAnswers& answers, const std::string& text);
Result<void> check_readable(const InitAnswers&, const std::string& text);
Result<void> check_certificates(const InitAnswers&, const std::string& text);  // PEM, in force now
Result<void> check_key(const InitAnswers&, const std::string& text);
Result<void> check_ca_name(const InitAnswers&, const std::string& text);
Result<void> check_days(const InitAnswers&, const std::string& text);
Result<void> check_certificate_days(const InitAnswers& answers, const std::string& text);
Result<void> check_command(const InitAnswers&, const std::string& text);
Result<void> check_conninfo(const InitAnswers&, const std::string& text);
Result<void> check_name(const InitAnswers&, const std::string& text);
Result<void> check_subject(const InitAnswers&, const std::string& text);

// "https://scep.example.org/x/" → host "scep.example.org", port 443, path "/x/".
struct PublicUrl {
    std::string base;  // scheme and authority
    std::string host;
    std::uint16_t port = 0;
    std::string path;  // "" or beginning with '/'
};
Result<PublicUrl> parse_public_url(const std::string& text);

// What devices are told: with the path that NDES has, when the answer has none.
std::string scep_url(const InitAnswers& answers);
// Below which ndesd answers: the folder of scep_url's path.
std::string scep_path(const InitAnswers& answers);

// ndesd itself, as a client on its host reaches it: scep_url, unless something else has to serve
// that (TLS, or another port than ndesd's) and forward it.
std::string local_scep_url(const InitAnswers& answers);

// Where nothing but ndesd can serve the public URL, its port; else a place for a reverse proxy.
std::optional<std::string> scep_listen_for(const InitAnswers& answers);

}  // namespace ndes::crp::cli
