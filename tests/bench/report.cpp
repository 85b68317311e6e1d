#include "report.hpp"

#include <cmath>
#include <cstdint>
#include <cstdio>

namespace godwit::bench {
namespace {

double microseconds(std::chrono::nanoseconds value) {
  return static_cast<double>(value.count()) / 1000.0;
}

}  // namespace

void report::add(std::string_view key, std::string_view text) {
  // Only our own words come here; nothing needs escaping.
  fields_.emplace_back(key, "\"" + std::string{text} + "\"");
}

void report::add(std::string_view key, double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", std::isfinite(number) ? number : 0.0);
  fields_.emplace_back(key, text);
}

void report::add(std::string_view name, const histogram& latencies) {
  const std::string n{name};
  add(n + "_p50", microseconds(latencies.percentile(0.5)));
  add(n + "_p90", microseconds(latencies.percentile(0.9)));
  add(n + "_p99", microseconds(latencies.percentile(0.99)));
  add(n + "_max", microseconds(latencies.max()));
}

void report::add(const faults& found) {
  add("lost", found.lost);
  add("duplicated", found.duplicated);
  add("out_of_order", found.out_of_order);
  add("misrouted", found.misrouted);
  add("corrupted", found.corrupted);
}

void report::add_verdict(bool good) {
  good_ = good;
  fields_.emplace_back("ok", good ? "true" : "false");
}

std::string report::lines() const {
  std::string text;
  for (const auto& [key, value] : fields_) {
    std::string line = key;
    line.resize(std::max<std::size_t>(line.size() + 1, 34), ' ');
    text += line + value + "\n";
  }
  return text;
}

std::string report::json() const {
  std::string text = "{";
  for (const auto& [key, value] : fields_) {
    if (text.size() > 1) text += ", ";
    text += "\"" + key + "\": " + value;
  }
  return text + "}\n";
}

void stopwatch::start() {
  cpu_ = broker_.cpu().value_or(std::chrono::nanoseconds{0});
  own_cpu_ = process_probe::own_cpu();
  written_ = broker_.written_bytes().value_or(0);
  begin_ = std::chrono::steady_clock::now();
}

void stopwatch::stop() {
  elapsed_ = std::chrono::steady_clock::now() - begin_;
  cpu_ = broker_.cpu().value_or(std::chrono::nanoseconds{0}) - cpu_;
  own_cpu_ = process_probe::own_cpu() - own_cpu_;
  written_ = broker_.written_bytes().value_or(0) - written_;
}

double stopwatch::seconds() const {
  return std::chrono::duration<double>(elapsed_).count();
}

void stopwatch::add_to(report& into, std::string_view prefix, std::string_view unit,
                       std::uint64_t count) const {
  const auto units = static_cast<double>(count);
  const std::string p{prefix};
  const std::string u{unit};
  into.add(p + u + "s", count);
  into.add(p + "seconds", seconds());
  into.add(p + u + "s_per_s", units / seconds());
  if (broker_.cpu()) {
    into.add(p + "cpu_us_per_" + u, microseconds(cpu_) / units);
    into.add(p + "cpu_percent", 100 * microseconds(cpu_) / 1e6 / seconds());
  }
  if (broker_.written_bytes()) {
    into.add(p + "device_bytes_per_" + u, static_cast<double>(written_) / units);
  }
  into.add(p + "bench_cpu_us_per_" + u, microseconds(own_cpu_) / units);
}

void add_memory(report& into, std::string_view prefix, const process_probe& broker) {
  const auto memory = broker.memory();
  if (!memory) return;
  into.add(std::string{prefix} + "resident_bytes", memory->resident_bytes);
  into.add(std::string{prefix} + "anonymous_bytes", memory->anonymous_bytes);
}

void add_growth(report& into, std::string_view unit, const std::optional<process_memory>& before,
                const std::optional<process_memory>& after, std::size_t count) {
  if (!before || !after || count == 0) return;
  const auto per_unit = [count](std::uint64_t from, std::uint64_t to) {
    return (static_cast<double>(to) - static_cast<double>(from)) / static_cast<double>(count);
  };
  into.add("resident_bytes_per_" + std::string{unit},
           per_unit(before->resident_bytes, after->resident_bytes));
  into.add("anonymous_bytes_per_" + std::string{unit},
           per_unit(before->anonymous_bytes, after->anonymous_bytes));
}

}  // namespace godwit::bench
