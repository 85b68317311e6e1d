#include <godwit/base/assert.hpp>
#include <godwit/observe/log.hpp>

#include <utility>

namespace godwit::observe {

std::string_view name(log_level level) noexcept {
  switch (level) {
    case log_level::error:
      return "error";
    case log_level::warn:
      return "warn";
    case log_level::info:
      return "info";
    case log_level::debug:
      return "debug";
  }
  return {};
}

std::optional<log_level> parse_log_level(std::string_view text) noexcept {
  for (const auto level : {log_level::error, log_level::warn, log_level::info, log_level::debug}) {
    if (name(level) == text) return level;
  }
  return std::nullopt;
}

logger::logger(const base::clock& clock, std::unique_ptr<log_sink> sink, log_level level) noexcept
    : clock_{clock}, sink_{std::move(sink)}, level_{level} {
  GODWIT_ASSERT(sink_ != nullptr);
}

void logger::write(log_level level, std::string_view event,
                   std::initializer_list<log_field> fields) noexcept {
  if (!is_enabled(level)) return;
  sink_->write({level, clock_.now().wall, event, {fields.begin(), fields.size()}});
}

void logger::reopen() noexcept {
  sink_->reopen();
  info("log.reopened");
}

rate_limit::rate_limit(std::uint32_t burst, base::duration interval) noexcept
    : interval_{interval}, burst_{interval * burst} {
  GODWIT_ASSERT(burst > 0 && interval > base::duration::zero());
}

std::optional<std::uint64_t> rate_limit::admit(base::steady_time now) noexcept {
  if (!started_ || now - paid_until_ > burst_) paid_until_ = now - burst_;
  started_ = true;
  if (paid_until_ + interval_ > now) {
    ++suppressed_;
    return std::nullopt;
  }
  paid_until_ += interval_;
  return std::exchange(suppressed_, 0U);
}

}  // namespace godwit::observe
