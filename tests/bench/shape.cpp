#include "shape.hpp"

#include <algorithm>

namespace godwit::bench {
namespace {

std::size_t or_default(std::size_t value, std::size_t otherwise) {
  return value != 0 ? value : otherwise;
}

shape fan_in(const options& from) {
  shape s;
  s.publishers = or_default(from.publishers, 50);
  const std::size_t receivers = or_default(from.subscribers, 5);
  s.filters.resize(receivers);
  for (std::size_t p = 0; p < s.publishers; ++p) {
    const std::size_t r = p % receivers;
    const std::string topic = "bench/" + std::to_string(r) + "/" + std::to_string(p);
    s.plan.streams.push_back({.topic = topic,
                              .publisher = static_cast<std::uint32_t>(p),
                              .receiver = static_cast<std::uint32_t>(r)});
    if (!from.wildcard) s.filters[r].push_back(topic);
  }
  for (std::size_t r = 0; from.wildcard && r < receivers; ++r) {
    s.filters[r].push_back("bench/" + std::to_string(r) + "/#");
  }
  return s;
}

shape pairs(const options& from) {
  shape s;
  s.publishers = or_default(from.publishers, 50);
  for (std::size_t p = 0; p < s.publishers; ++p) {
    const auto index = static_cast<std::uint32_t>(p);
    const std::string topic = "bench/pair/" + std::to_string(p);
    s.plan.streams.push_back({.topic = topic, .publisher = index, .receiver = index});
    s.filters.push_back({topic});
  }
  return s;
}

shape fan_out(const options& from) {
  shape s;
  s.publishers = 1;
  s.plan.to = audience::everyone;
  s.plan.streams.push_back({.topic = "bench/all", .publisher = 0, .receiver = 0});
  s.filters.assign(or_default(from.subscribers, 1000), {"bench/all"});
  return s;
}

/// Filters of which exactly one matches each topic: the last level is unique to it, and so is the
/// pair of the first two.
shape many_filters(const options& from) {
  shape s;
  s.publishers = or_default(from.publishers, 10);
  const std::size_t receivers = or_default(from.subscribers, 20);
  const std::size_t count = or_default(from.count, 200'000);
  s.filters.resize(receivers);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string site = "s" + std::to_string(i / 1000);
    const std::string unit = "u" + std::to_string(i % 1000);
    const std::string kind = "k" + std::to_string(i % 7);
    const std::string value = "v" + std::to_string(i);
    const std::size_t r = i * receivers / count;
    const std::string topic = site + "/" + unit + "/" + kind + "/" + value;
    s.plan.streams.push_back({.topic = topic,
                              .publisher = static_cast<std::uint32_t>(i % s.publishers),
                              .receiver = static_cast<std::uint32_t>(r)});
    std::string filter = topic;
    if (i / 7 % 10 == 7) filter = "+/" + unit + "/" + kind + "/" + value;
    if (i / 7 % 10 == 8) filter = site + "/" + unit + "/" + kind + "/#";
    if (i / 7 % 10 == 9) filter = site + "/+/" + kind + "/" + value;
    s.filters[r].push_back(filter);
  }
  return s;
}

}  // namespace

shape make_shape(const options& from) {
  shape s = from.scenario == "fan-in"                                  ? fan_in(from)
            : from.scenario == "pairs" || from.scenario == "telemetry" ? pairs(from)
            : from.scenario == "fan-out"                               ? fan_out(from)
                                                                       : many_filters(from);
  const bool many = s.plan.to == audience::everyone;
  s.plan.receivers = s.filters.size();
  s.plan.payload_octets = from.payload_octets;
  s.plan.qos = from.qos;
  s.plan.under_way_max = or_default(from.under_way_max, many ? 4 : 2000);
  if (from.rate > 0) return s;
  if (from.qos == 0 || many) {
    const std::size_t share = s.plan.under_way_max / s.publishers;
    s.batch_min = s.batch_max =
        from.batch != 0 ? from.batch : std::clamp<std::size_t>(share, 1, 40);
  } else {
    s.batch_max = from.window;  // the broker's acknowledgements set the pace
  }
  return s;
}

}  // namespace godwit::bench
