#include "support/captured_log.hpp"

#include <algorithm>

namespace godwit::test {
namespace {

std::string as_text(const observe::log_field::value_type& value) {
  struct {
    std::string operator()(std::string_view v) const { return std::string{v}; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(std::uint64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return std::to_string(v); }
  } convert;
  return std::visit(convert, value);
}

}  // namespace

std::string_view logged_event::field(std::string_view key) const {
  const auto at =
      std::ranges::find(fields, key, [](const auto& f) { return std::string_view{f.first}; });
  return at == fields.end() ? std::string_view{} : std::string_view{at->second};
}

std::string logged_event::text() const {
  std::string all{observe::name(level)};
  all += ' ' + name;
  for (const auto& [key, value] : fields) all += ' ' + key + '=' + value;
  return all;
}

void captured_log::write(const observe::log_event& event) noexcept {
  logged_event e{.level = event.level, .time = event.time, .name = std::string{event.event}};
  for (const observe::log_field& f : event.fields) {
    e.fields.emplace_back(std::string{f.key}, as_text(f.value));
  }
  events_.push_back(std::move(e));
}

std::size_t captured_log::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(events_, [&](const logged_event& e) { return e.name == name; }));
}

const logged_event* captured_log::last(std::string_view name) const {
  for (auto at = events_.rbegin(); at != events_.rend(); ++at) {
    if (at->name == name) return &*at;
  }
  return nullptr;
}

std::string captured_log::text() const {
  std::string all;
  for (const logged_event& e : events_) all += e.text() + '\n';
  return all;
}

}  // namespace godwit::test
