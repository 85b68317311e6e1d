#include "engine.hpp"

#include <godwit/store/condition_name.hpp>

#include <array>

namespace godwit::broker {

/// Shard 0 publishes the broker's `$SYS` topics, retained; those that did not change stay as they
/// are.
void shard_engine::publish_sys() {
  const observe::totals sums = observe::sum(ports.all_counters);
  sys_.loads->update(sums, now.steady);
  std::array<std::string_view, session::close_causes> closes;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    closes[i] = session::name(static_cast<session::close_cause>(i));
  }
  const auto clients =
      static_cast<std::uint64_t>(sums.gauge(observe::counter::clients_connected) +
                                 sums.gauge(observe::counter::sessions_persistent_offline));
  sys_.clients_maximum = std::max(sys_.clients_maximum, clients);
  const observe::sys_values values{.sums = sums,
                                   .loads = *sys_.loads,
                                   .version = GODWIT_VERSION,
                                   .uptime = now.steady - started_,
                                   .clients_maximum = sys_.clients_maximum,
                                   .memory = ports.memory,
                                   .close_names = closes,
                                   .shards = ports.all_counters,
                                   .store_state = name(ports.durable_store.state())};
  for (const observe::sys_topic& t : observe::sys_topics(values)) {
    std::string& last = sys_.published[t.suffix];
    if (last == t.value) continue;
    last = t.value;
    const std::string topic = std::string{observe::sys_prefix} + t.suffix;
    mqtt::message_fields f;
    f.number = next_number();
    f.topic = topic;
    f.payload = base::as_bytes(t.value);
    f.retain = true;
    f.retain_version = ports.numbers.retain_version();
    f.arrival = now.wall;
    publish_own(mqtt::message::make(f), {}, {});
  }
  sys_.due = arm(now.steady + options.sys_interval, timer_kind::sys_topics, 0, 0);
}

}  // namespace godwit::broker
