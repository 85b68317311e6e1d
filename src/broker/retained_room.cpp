#include "engine.hpp"

#include <algorithm>

/// The limits of retained messages, which are the whole broker's: each shard counts its own and
/// adds up what all have counted, so that the limits may be exceeded by one message per shard.
/// (decisions/0009)

namespace godwit::broker {

/// For the message of a topic that has none yet. The broker's own topics are not limited.
bool shard_engine::has_room_to_retain(const mqtt::message& m) {
  const session::limits& l = options.limits;
  const bool limits_user =
      l.user_retained_bytes_max != 0 && ports.users != nullptr && !m.publisher_user().empty();
  if (l.retained_count_max == 0 && l.retained_bytes_max == 0 && !limits_user) return true;
  if (m.payload().empty() || m.topic().starts_with(observe::sys_prefix)) return true;
  const auto total = [this](observe::counter which) {
    std::uint64_t sum = 0;
    for (const observe::counters* shard : ports.all_counters) sum += (*shard)[which];
    return sum;
  };
  const char* key = nullptr;
  if (l.retained_count_max != 0 &&
      total(observe::counter::retained_of_clients) >= l.retained_count_max) {
    key = "retained.count_max";
  } else if (l.retained_bytes_max != 0 &&
             total(observe::counter::retained_bytes_of_clients) + m.content_size() >
                 l.retained_bytes_max) {
    key = "retained.bytes_max";
  } else if (limits_user && ports.users->retained(m.publisher_user()) + m.content_size() >
                                l.user_retained_bytes_max) {
    key = "users.retained_bytes_max";
  }
  if (key == nullptr) return true;
  ports.counters.add(observe::counter::retained_not_kept);
  if (const auto suppressed = retained_full_lines_.admit(now.steady)) {
    log(observe::log_level::warn, "retained.full",
        {{"topic", m.topic()}, {"key", std::string_view{key}}, {"suppressed", *suppressed}});
  }
  return false;
}

/// A message that could not be retained. Who can be told so is told, and it goes nowhere; from
/// anybody else it is delivered like any other message, and true is not returned.
bool shard_engine::refuse_retained(connection_handle h, connection* c, session_handle publisher,
                                   const mqtt::message& m, mqtt::packet_id id) {
  session_slot& s = sessions_.at(publisher);
  if (m.quality() == mqtt::qos::at_most_once || !mqtt::policy_for(s.version).has_reason_codes) {
    return false;
  }
  if (m.quality() == mqtt::qos::exactly_once) s.received.abandon(id);
  ports.counters.add(observe::refuse_reason::retain_refused);
  s.books.publish_settled();
  if (c != nullptr) {
    answer_publish(h, *c, m.quality(), id, mqtt::reason_code::quota_exceeded,
                   "no room for another retained message (retained.count_max, retained.bytes_max, "
                   "users.retained_bytes_max)");
  }
  return true;
}

}  // namespace godwit::broker
