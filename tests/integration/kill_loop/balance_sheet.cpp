#include "balance_sheet.hpp"

#include <array>
#include <cstdlib>

namespace godwit::kill_loop {
namespace {

constexpr std::string_view prefix = "$SYS/broker/godwit/";
constexpr std::chrono::milliseconds pause{300};

}  // namespace

void balance_sheet::start(const sockaddr_in& server) {
  readings_ = 0;
  incoming_.clear();
  values_.clear();
  open(server, 0);
}

void balance_sheet::stop() {
  if (!is_open()) return;
  bench::append_bare(output(), bench::packet_type::disconnect);
  flush();
  close();
}

void balance_sheet::on_connected() {
  bench::append_connect(output(), {.client_id = "balance-sheet"});
}

void balance_sheet::on_packet(const bench::packet_view& packet, bench::instant now) {
  if (packet.type() == bench::packet_type::connack) {
    const std::array filters{std::string{prefix} + "#"};
    bench::append_subscribe(output(), 1, filters, 0);
  }
  if (packet.type() != bench::packet_type::publish) return;
  const bench::publish_view p = parse_publish(packet);
  const std::string topic(p.topic.begin(), p.topic.end());
  const std::string payload(p.payload.begin(), p.payload.end());
  if (!topic.starts_with(prefix)) return;
  const std::string name = topic.substr(prefix.size());
  // What changed comes in one go, once a second: a pause ends a publication.
  if (now - last_arrival_ > pause && !incoming_.empty()) {
    values_ = incoming_;
    ++readings_;
  }
  last_arrival_ = now;
  incoming_[name] = std::strtoll(payload.c_str(), nullptr, 10);
}

std::int64_t balance_sheet::value(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? 0 : found->second;
}

std::int64_t balance_sheet::sum(std::string_view group) const {
  std::int64_t total = 0;
  for (const auto& [name, number] : values_) {
    if (name.starts_with(group)) total += number;
  }
  return total;
}

std::string balance_sheet::faults() const {
  if (!values_.contains("publish_received") || !values_.contains("copies_in_log")) {
    return "not published";
  }
  std::string text;
  const std::int64_t publishes =
      sum("publish_refused/") + value("publish_no_subscriber") + value("publish_routed");
  if (value("publish_received") != publishes) {
    text += std::to_string(value("publish_received")) + " publishes received, " +
            std::to_string(publishes) + " accounted for; ";
  }
  const std::int64_t copies = value("copies_delivered") + value("copies_expired") +
                              sum("copies_dropped/") + value("copies_ended_with_session") +
                              value("copies_in_log");
  if (value("copies_made") != copies) {
    text += std::to_string(value("copies_made")) + " copies made, " + std::to_string(copies) +
            " accounted for; ";
  }
  return text;
}

}  // namespace godwit::kill_loop
