#include "retained_probe.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace godwit::kill_loop {
namespace {

// A message to itself: what is live comes after what is replayed.
constexpr std::string_view marker_topic = "keep/marker";
constexpr std::chrono::seconds patience{10};

}  // namespace

void retained_probe::start(const sockaddr_in& server) {
  stage_ = stage::connecting;
  values_.clear();
  marked_.reset();
  open(server, 0);
}

void retained_probe::stop() {
  close();
  stage_ = stage::done;
}

void retained_probe::on_connected() {
  bench::append_connect(output(), {.client_id = "retained-probe"});
}

void retained_probe::on_packet(const bench::packet_view& packet, bench::instant now) {
  if (packet.type() == bench::packet_type::connack) {
    floors_ = all_.retained.floors();
    const std::array filters{std::string{"keep/#"}};
    bench::append_subscribe(output(), 1, filters, 1);
    stage_ = stage::asking;
  } else if (packet.type() == bench::packet_type::suback) {
    bench::append_publish(output(), {.topic = marker_topic, .payload = {}});
    stage_ = stage::listening;
  } else if (packet.type() == bench::packet_type::publish) {
    const bench::publish_view p = parse_publish(packet);
    if (p.qos == 1) {
      bench::append_acknowledgement(output(), bench::packet_type::puback, p.packet_id);
    }
    if (std::ranges::equal(p.topic, marker_topic)) {
      marked_ = now;
    } else {
      take(p);
    }
  }
}

void retained_probe::take(const bench::publish_view& p) {
  const std::string topic(p.topic.begin(), p.topic.end());
  const auto& topics = all_.messages.topics();
  const auto index = static_cast<std::uint32_t>(std::ranges::find(topics, topic) - topics.begin());
  if (p.payload.empty()) {
    values_.erase(index);  // cleared while we look
    return;
  }
  const std::string digits(p.payload.begin() + 1, p.payload.end());
  values_[index] = std::strtoull(digits.c_str(), nullptr, 10);
}

bool retained_probe::has_all() const {
  return std::ranges::all_of(floors_, [&](const auto& f) {
    return values_.contains(f.first) || !all_.retained.must_exist(f.first, f.second);
  });
}

bool retained_probe::is_done(bench::instant now) {
  if (stage_ == stage::done) return true;
  if (!marked_ || (!has_all() && now - *marked_ < patience)) return false;
  judge();
  bench::append_bare(output(), bench::packet_type::disconnect);
  flush();
  close();
  stage_ = stage::done;
  return true;
}

void retained_probe::judge() {
  for (const auto& [topic, at_least] : floors_) {
    const auto found = values_.find(topic);
    std::optional<message_id> value;
    if (found != values_.end()) value = found->second;
    if (all_.retained.is_right(topic, at_least, value)) continue;
    all_.found.add(finding::retained_lost,
                   all_.messages.topics()[topic] + ": " +
                       (value ? "m" + std::to_string(*value) : std::string{"nothing"}) +
                       " is there, acknowledged is m" +
                       std::to_string(at_least.last_acked.value_or(0)));
  }
}

}  // namespace godwit::kill_loop
