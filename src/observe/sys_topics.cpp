#include <godwit/observe/sys_topics.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace godwit::observe {
namespace {

constexpr std::size_t connect_type = 1;  // of a packet's first byte, upper four bits

std::array<std::uint64_t, load_averages::rates> counts_of(const totals& sums) noexcept {
  // In the order of `load_averages::rate`.
  return {sums[counter::packets_received],
          sums[counter::packets_sent],
          sums.sum_of_dropped(),
          sums.sum_of_publish_received(),
          sums.sum_of_publish_sent(),
          sums[counter::bytes_received],
          sums[counter::bytes_sent],
          sums[counter::connections_opened],
          sums.packets_received[connect_type]};
}

constexpr std::array<std::string_view, load_averages::rates> rate_topics{
    "messages/received", "messages/sent", "publish/dropped", "publish/received", "publish/sent",
    "bytes/received",    "bytes/sent",    "sockets",         "connections"};

constexpr std::array<std::string_view, load_averages::periods.size()> period_topics{"1min", "5min",
                                                                                    "15min"};

std::string with_two_decimals(double number) {
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number,
                                 std::chars_format::fixed, 2);
  return {digits.data(), end.ptr};
}

class topic_list {
 public:
  void add(std::string suffix, std::string value) {
    topics_.push_back({std::move(suffix), std::move(value)});
  }
  void add(std::string suffix, std::uint64_t value) {
    add(std::move(suffix), std::to_string(value));
  }
  void add(std::string suffix, std::int64_t value) {
    add(std::move(suffix), std::to_string(value));
  }
  [[nodiscard]] std::vector<sys_topic> take() && { return std::move(topics_); }

 private:
  std::vector<sys_topic> topics_;
};

void add_clients(topic_list& out, const sys_values& v) {
  const auto connected = v.sums.gauge(counter::clients_connected);
  const auto disconnected = v.sums.gauge(counter::sessions_persistent_offline);
  out.add("clients/total", connected + disconnected);
  out.add("clients/maximum", v.clients_maximum);
  out.add("clients/connected", connected);
  out.add("clients/active", connected);
  out.add("clients/disconnected", disconnected);
  out.add("clients/inactive", disconnected);
  out.add("clients/expired", v.sums[counter::sessions_expired]);
}

void add_traffic(topic_list& out, const sys_values& v) {
  const totals& sums = v.sums;
  out.add("messages/received", sums[counter::packets_received]);
  out.add("messages/sent", sums[counter::packets_sent]);
  out.add("publish/messages/received", sums.sum_of_publish_received());
  out.add("publish/messages/sent", sums.sum_of_publish_sent());
  out.add("publish/messages/dropped", sums.sum_of_dropped());
  out.add("publish/bytes/received", sums[counter::publish_bytes_received]);
  out.add("publish/bytes/sent", sums[counter::publish_bytes_sent]);
  out.add("bytes/received", sums[counter::bytes_received]);
  out.add("bytes/sent", sums[counter::bytes_sent]);
}

void add_holdings(topic_list& out, const sys_values& v) {
  const totals& sums = v.sums;
  out.add("messages/stored", sums.gauge(counter::stored_messages));
  out.add("store/messages/count", sums.gauge(counter::stored_messages));
  out.add("store/messages/bytes", sums.gauge(counter::stored_message_bytes));
  out.add("subscriptions/count", sums.gauge(counter::subscriptions));
  out.add("shared_subscriptions/count", sums.gauge(counter::shared_subscriptions));
  out.add("retained messages/count", sums.gauge(counter::retained_messages));
  if (v.memory == nullptr || !v.memory->current()) return;
  out.add("heap/current", *v.memory->current());
  out.add("heap/maximum", *v.memory->maximum());
}

void add_loads(topic_list& out, const load_averages& loads) {
  for (std::size_t rate = 0; rate < load_averages::rates; ++rate) {
    for (std::size_t period = 0; period < period_topics.size(); ++period) {
      std::string suffix{"load/"};
      suffix.append(rate_topics[rate]).append("/").append(period_topics[period]);
      const double average = loads.per_minute(static_cast<load_averages::rate>(rate), period);
      out.add(std::move(suffix), with_two_decimals(average));
    }
  }
}

/// The balance sheet and what explains it.
void add_own(topic_list& out, const sys_values& v) {
  const totals& sums = v.sums;
  for (std::size_t i = 0; i < sums.values.size(); ++i) {
    const auto c = static_cast<counter>(i);
    out.add("godwit/" + std::string{name(c)}, sums.gauge(c));
  }
  for (std::size_t i = 0; i < sums.connections_refused.size(); ++i) {
    const auto reason = static_cast<connection_refusal>(i);
    out.add("godwit/connection_refused/" + std::string{name(reason)}, sums[reason]);
  }
  for (std::size_t i = 0; i < sums.refused.size(); ++i) {
    const auto reason = static_cast<refuse_reason>(i);
    out.add("godwit/publish_refused/" + std::string{name(reason)}, sums[reason]);
  }
  for (std::size_t i = 0; i < sums.dropped.size(); ++i) {
    const auto reason = static_cast<drop_reason>(i);
    out.add("godwit/copies_dropped/" + std::string{name(reason)}, sums[reason]);
  }
  for (std::size_t i = 0; i < sums.connects_refused.size(); ++i) {
    const auto reason = static_cast<connect_refusal>(i);
    out.add("godwit/connect_refused/" + std::string{name(reason)}, sums[reason]);
  }
  for (std::size_t i = 0; i < sums.subscribes_refused.size(); ++i) {
    const auto reason = static_cast<subscribe_refusal>(i);
    out.add("godwit/subscribe_refused/" + std::string{name(reason)}, sums[reason]);
  }
  for (std::size_t i = 0; i < sums.logins_accepted.size(); ++i) {
    const std::string method{name(static_cast<login_method>(i))};
    out.add("godwit/logins_accepted/" + method, sums.logins_accepted[i]);
    out.add("godwit/logins_refused/" + method, sums.logins_refused[i]);
  }
  for (std::size_t qos = 0; qos < qos_levels; ++qos) {
    out.add("godwit/publish_received/qos" + std::to_string(qos), sums.publish_received[qos]);
    out.add("godwit/publish_sent/qos" + std::to_string(qos), sums.publish_sent[qos]);
  }
  for (std::size_t i = 0; i < std::min(v.close_names.size(), sums.closes.size()); ++i) {
    if (v.close_names[i].empty()) continue;
    out.add("godwit/closes/" + std::string{v.close_names[i]}, sums.closes[i]);
  }
  if (!v.store_state.empty()) out.add("godwit/store/state", std::string{v.store_state});
}

void add_memory(topic_list& out, const sys_values& v) {
  if (v.memory == nullptr) return;
  for (std::size_t i = 0; i < memory_kinds; ++i) {
    const auto kind = static_cast<memory_kind>(i);
    out.add("godwit/memory/" + std::string{name(kind)}, v.sums[kind] + (*v.memory)[kind]);
  }
  out.add("godwit/memory/limit", v.memory->limit());
  out.add("godwit/memory/level", std::string{name(v.memory->level())});
}

/// How the load falls on the shards.
void add_shards(topic_list& out, const sys_values& v) {
  for (std::size_t i = 0; i < v.shards.size(); ++i) {
    const totals own = sum(v.shards.subspan(i, 1));
    const std::string branch = "godwit/shards/" + std::to_string(i) + "/";
    for (const counter c :
         {counter::packets_received, counter::packets_sent, counter::turns, counter::busy_us}) {
      out.add(branch + std::string{name(c)}, own[c]);
    }
    out.add(branch + "clients_connected", own.gauge(counter::clients_connected));
  }
}

}  // namespace

void load_averages::update(const totals& sums, base::steady_time now) noexcept {
  using seconds = std::chrono::duration<double>;
  const double elapsed_s = seconds{now - last_}.count();
  if (elapsed_s <= 0) return;
  const auto counts = counts_of(sums);
  for (std::size_t i = 0; i < rates; ++i) {
    const auto counted = static_cast<double>(counts[i] - seen_[i]);
    const double current = counted * 60.0 / elapsed_s;
    for (std::size_t period = 0; period < periods.size(); ++period) {
      const double kept = std::exp(-elapsed_s / seconds{periods[period]}.count());
      averages_[i][period] = current + kept * (averages_[i][period] - current);
    }
  }
  seen_ = counts;
  last_ = now;
}

std::vector<sys_topic> sys_topics(const sys_values& values) {
  topic_list out;
  const auto uptime_s = std::chrono::duration_cast<std::chrono::seconds>(values.uptime).count();
  out.add("version", "godwit version " + std::string{values.version});
  out.add("uptime", std::to_string(uptime_s) + " seconds");
  add_clients(out, values);
  add_traffic(out, values);
  add_holdings(out, values);
  add_loads(out, values.loads);
  add_own(out, values);
  add_memory(out, values);
  add_shards(out, values);
  return std::move(out).take();
}

}  // namespace godwit::observe
