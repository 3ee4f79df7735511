// Api: the one door of the REST API: caller → route → role → content type → handler, in this
// order, so that who is not on the caller list learns nothing, not even which paths exist; save
// that a path of an adapter that is switched on tells what its caller has to show. Nothing is
// recorded while the clock is far behind what was recorded before.
// Any thread.
#pragma once

#include "common/clock.h"
#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "crp-service/http/clock_floor.h"
#include "crp-service/http/commit_watch.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/problem.h"
#include "crp-service/http/rejections.h"
#include "crp-service/http/routes.h"
#include "crp-service/metrics/crp_metrics.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

class Api {
  public:
    // The references outlive the API, `metrics` and `clock_floor` as well; both may be null.
    Api(const CurrentParts& parts, Store& store, const Clock& clock, Random& random, Log& log,
        CrpMetrics* metrics = nullptr, ClockFloor* clock_floor = nullptr)
        : parts_(parts),
          store_(store),
          clock_(clock),
          random_(random),
          log_(log),
          metrics_(metrics),
          clock_floor_(clock_floor),
          rejections_(store, log, clock) {}

    // The transport's handler.
    http::Response handle(const http::Request& request, const http::Peer& peer);

    // The transport's word for a request that it refused itself: a problem like any other.
    http::Response refuse_unread(const http::Response& plain, const http::Request& request,
                                 const http::Peer& peer);

    // Whether calls that write succeed; for the self-check.
    const CommitWatch& commits() const { return commits_; }

  private:
    bool is_clock_set_back() const;
    // What a known caller gets.
    Answer answer(const http::Request& request, const http::Peer& peer, const LiveParts& parts,
                  const CallerRule& caller, RouteMatch match);
    // Logs, audits and answers.
    http::Response reject(const Problem& problem, const http::Request& request,
                          const http::Peer& peer, std::string_view caller);
    // `route`: what the path led to, for the metrics.
    http::Response respond(const http::Request& request, const http::Peer& peer,
                           const Route*& route);

    const CurrentParts& parts_;
    Store& store_;
    const Clock& clock_;
    Random& random_;
    Log& log_;
    CrpMetrics* metrics_;
    ClockFloor* clock_floor_;
    Rejections rejections_;
    CommitWatch commits_;
};

}  // namespace ndes::crp
