#include <godwit/observe/memory_gauge.hpp>

namespace godwit::observe {
namespace {

/// Where the levels begin, in hundredths of the limit.
constexpr std::array<std::uint64_t, static_cast<std::size_t>(memory_level::count_)> begins{
    0, 80, 85, 90, 95};
constexpr std::uint64_t slack = 5;

}  // namespace

memory_level next_level(memory_level now, std::uint64_t in_use, std::uint64_t limit) noexcept {
  if (limit == 0) return memory_level::enough;
  std::size_t level = 0;
  for (std::size_t i = 1; i < begins.size(); ++i) {
    const bool is_on = i <= static_cast<std::size_t>(now);
    const std::uint64_t from = limit / 100 * (is_on ? begins[i] - slack : begins[i]);
    if (in_use >= from) level = i;
  }
  return static_cast<memory_level>(level);
}

std::string_view name(memory_kind k) noexcept {
  switch (k) {
    case memory_kind::connections:
      return "connections";
    case memory_kind::output:
      return "output";
    case memory_kind::sessions:
      return "sessions";
    case memory_kind::queues:
      return "queues";
    case memory_kind::retained:
      return "retained";
    case memory_kind::filters:
      return "filters";
    case memory_kind::messages:
      return "messages";
    case memory_kind::tls:
      return "tls";
    case memory_kind::store:
      return "store";
    case memory_kind::base:
      return "base";
    case memory_kind::allocator:
      return "allocator";
    case memory_kind::count_:
      break;
  }
  return "";
}

std::string_view name(memory_level l) noexcept {
  switch (l) {
    case memory_level::enough:
      return "enough";
    case memory_level::no_accepting:
      return "no_accepting";
    case memory_level::no_connects:
      return "no_connects";
    case memory_level::slow_publishers:
      return "slow_publishers";
    case memory_level::drop_unassured:
      return "drop_unassured";
    case memory_level::count_:
      break;
  }
  return "";
}

}  // namespace godwit::observe
