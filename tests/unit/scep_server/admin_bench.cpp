#include "tests/unit/scep_server/admin_bench.h"

#include <stdexcept>

namespace ndes::test {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text + " " + result.error().detail);
    return std::move(*result);
}

}  // namespace

AdminBench::AdminBench(Lab& around, FakePolicy* module)
    : lab(around),
      journal(must(scep::Journal::open(lab.config.journal.path, true, lab.clock))),
      seal(must(scep::ChallengeSeal::load(lab.config.journal.key_file, system_random()))),
      cache(module != nullptr ? nullptr
                              : must(scep::make_password_policy(
                                    lab.profile().mscep, "",
                                    {journal->passwords(), seal, system_random(), log}))),
      policy(module != nullptr ? static_cast<scep::Policy&>(*module) : *cache) {
    lab.profile().policy.none = module == nullptr;
}

void AdminBench::caller(const std::string& name, std::vector<std::string> enroll,
                        bool administrator, bool approve) {
    const std::size_t number = 20 + certificates.size();
    const Certificate certificate = make_signer(rsa_key_number(number), "CN=" + name);
    certificates.emplace(name, certificate);
    config.callers.push_back(
        {name, {certificate.spki_sha256()}, std::move(enroll), administrator, approve});
}

http::Peer AdminBench::peer_of(const std::string& name) {
    http::Peer peer;
    peer.address = "192.0.2.9";
    const auto found = certificates.find(name);
    if (found != certificates.end())
        peer.certificate = std::make_shared<const Certificate>(found->second);
    return peer;
}

http::Response AdminBench::get_as(const std::string& name, const std::string& query,
                                  const std::string& path) {
    return call("GET", path + (query.empty() ? "" : "?" + query), peer_of(name));
}

http::Response AdminBench::call(const std::string& method, const std::string& target,
                                const http::Peer& peer, const std::string& body,
                                const std::string& authorization) {
    if (!endpoint) {
        desk = std::make_unique<scep::PendingDesk>(scep::PendingDeskParts{
            *journal, [](const std::string&) -> const scep::Issuance* { return nullptr; }, log});
        api = std::make_unique<scep::PendingApi>(*desk);
        revocation = std::make_unique<scep::RevocationDesk>(*journal, log, lab.clock);
        issued = std::make_unique<scep::IssuedApi>(*revocation);
        notifies = std::make_unique<scep::NotifyApi>(
            scep::NotifyApiParts{journal->notifies(), [this] { ++wakes; }, log});
        login = std::make_unique<scep::AdminLogin>(config, passwords, log, lab.clock);
        endpoint = std::make_unique<scep::AdminEndpoint>(
            std::vector<scep::AdminProfile>{
                {lab.profile(), policy, [this] { return std::vector{lab.ca}; }}},
            *login, *api, *issued, *notifies, log);
    }
    http::Request request;
    request.method = method;
    request.target = target;
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.body = body;
    if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
    return endpoint->handle(request, peer);
}

}  // namespace ndes::test
