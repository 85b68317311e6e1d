#include "balance_line.hpp"

namespace godwit::daemon {

void log_balance(observe::logger& log, const std::vector<observe::counters>& shards, ending how) {
  using observe::counter;
  std::vector<const observe::counters*> all;
  for (const observe::counters& one : shards) all.push_back(&one);
  const observe::totals t = observe::sum(all);
  const bool is_right = t.publish_balance() == 0 && t.copy_balance() == 0;
  log.write(
      is_right || how == ending::cut_short ? observe::log_level::info : observe::log_level::error,
      "broker.balance",
      {{"publishes", t[counter::publish_received]},
       {"refused", t.sum_of_refused()},
       {"no_subscriber", t[counter::publish_no_subscriber]},
       {"routed", t[counter::publish_routed]},
       {"publishes_missing", t.publish_balance()},
       {"copies", t[counter::copies_made]},
       {"delivered", t[counter::copies_delivered]},
       {"expired", t[counter::copies_expired]},
       {"dropped", t.sum_of_dropped()},
       {"ended", t[counter::copies_ended_with_session]},
       {"kept", t[counter::copies_in_log]},
       {"copies_missing", t.copy_balance()},
       {"cut_short", how == ending::cut_short}});
}

}  // namespace godwit::daemon
