#pragma once

#include "context.hpp"

#include <godwit/mqtt/types.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace godwit::sim {

using message_index = std::size_t;

/// One filter of one session. What the client cannot know is kept as a possibility: from the moment
/// SUBSCRIBE is sent the subscription may exist, from the SUBACK on it does.
struct filter_model {
  struct span {
    stamp from = 0;
    stamp to = never;
    mqtt::qos low = mqtt::qos::exactly_once;  ///< of all that were asked for
    mqtt::qos high = mqtt::qos::at_most_once;
    bool may_be_local = false;     ///< some SUBSCRIBE was without No Local
    bool may_be_no_local = false;  ///< some was with it
  };
  std::vector<span> spans{};  ///< when it may have existed
  stamp certain_since = never;
  std::size_t quiet_subscribes = 0;  ///< SUBSCRIBEs that asked for no retained messages
  std::vector<stamp> subscribes{};   ///< when the others were sent: a replay each

  struct asked {
    mqtt::qos quality = mqtt::qos::at_most_once;
    bool no_local = false;
    bool wants_retained = true;
  };
  void on_subscribe_sent(stamp now, const asked& a);
  void on_suback(stamp now, const asked& a, bool others_waiting);
  void on_unsubscribe_sent() { certain_since = never; }
  void on_gone(stamp now);
};

/// What the client of one client id may know about its session.
struct session_model {
  enum class existence : std::uint8_t { no, yes, unknown };
  existence exists = existence::no;
  bool persistent = false;   ///< of the newest CONNECT
  unsigned epoch = 0;        ///< counts sessions that are surely different
  stamp may_have_ended = 0;  ///< newest moment when the session may have come to its end
  std::map<std::string, filter_model> filters{};

  /// Deliveries of this epoch.
  struct receipt {
    unsigned fresh = 0;  ///< with DUP 0
    unsigned all = 0;
    unsigned at_qos_0 = 0;
    unsigned at_qos_2 = 0;
    stamp first = never;
  };
  std::map<message_index, receipt> live{};
  std::map<message_index, unsigned> replayed{};
  using order_key = std::tuple<std::size_t, std::string, mqtt::qos, mqtt::qos>;
  std::map<order_key, message_index> newest{};
  std::map<std::string, std::set<message_index>> retained_seen{};  ///< by topic

  void on_connection_lost(stamp now);
  /// The session that was there is surely gone.
  void on_new_session(stamp now);
};

/// The naive way.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);
/// "$share/group/filter" -> "filter".
[[nodiscard]] std::string_view plain_filter(std::string_view filter);

}  // namespace godwit::sim
