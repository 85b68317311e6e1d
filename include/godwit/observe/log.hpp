#pragma once

#include <godwit/base/clock.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace godwit::observe {

/// error: the operator must act; warn: may have to; info: life cycle; debug: packet types.
enum class log_level : std::uint8_t { error, warn, info, debug };

[[nodiscard]] std::string_view name(log_level level) noexcept;
/// The level of a name; nothing when there is no such level.
[[nodiscard]] std::optional<log_level> parse_log_level(std::string_view text) noexcept;

/// One named value of an event. Borrows text until the call that takes it returns. Text is escaped
/// when it is written; never hand in payloads, passwords or tokens.
struct log_field {
  using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  template <std::convertible_to<std::string_view> Text>
  log_field(std::string_view k, const Text& text) noexcept
      : key{k}, value{std::string_view{text}} {}
  template <std::signed_integral Number>
  log_field(std::string_view k, Number n) noexcept : key{k}, value{std::int64_t{n}} {}
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) log_field(std::string_view k, Number n)
  noexcept : key{k}, value{std::uint64_t{n}} {}
  log_field(std::string_view k, std::same_as<bool> auto b) noexcept : key{k}, value{b} {}
  log_field(std::string_view k, double number) noexcept : key{k}, value{number} {}

  std::string_view key;
  value_type value;
};

/// Something that happened, with its fields, e.g. "client.connected". Borrowed within a call.
struct log_event {
  log_level level = log_level::info;
  base::wall_time time;
  std::string_view event;
  std::span<const log_field> fields = {};
};

/// The port behind the logger. Called on any thread, at the same time too.
class log_sink {
 public:
  virtual ~log_sink() = default;
  /// Must not wait for a disk or a terminal.
  virtual void write(const log_event& event) noexcept = 0;
  /// After log rotation: close the destination and open it anew by its name.
  virtual void reopen() noexcept {}
};

enum class log_format : std::uint8_t { text, json };

/// Text without time and with journald's priority prefix, for text that systemd collects.
enum class log_prefix : std::uint8_t { time, journal };

struct log_options {
  log_level level = log_level::info;
  log_format format = log_format::text;
  /// A file's path; empty means standard error.
  std::string file;
  log_prefix prefix = log_prefix::time;
  /// Lines that may wait for a slow destination; beyond, the oldest are lost and counted.
  std::size_t queue_lines = 8192;
};

/// One line without its end.
/// text: `2026-11-23T07:40:00.123Z info client.connected client="x" keep_alive_s=60`
/// json: `{"time":"2026-11-23T07:40:00.123Z","level":"info","event":...,"client":"x",...}`
/// Text values are escaped and cut at 128 bytes (`base::escape_for_log`).
[[nodiscard]] std::string format_log_line(const log_event& event, log_format format,
                                          log_prefix prefix);

/// A sink that formats on the caller's thread and writes on one of its own. Destruction writes what
/// waits. Throws std::system_error when the file cannot be opened.
[[nodiscard]] std::unique_ptr<log_sink> make_log_sink(const log_options& options);

/// What the broker's parts log through. Thread-safe; costs one load when the level is off.
class logger {
 public:
  /// `clock` outlives the logger.
  logger(const base::clock& clock, std::unique_ptr<log_sink> sink, log_level level) noexcept;

  void error(std::string_view event, std::initializer_list<log_field> fields = {}) noexcept {
    write(log_level::error, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<log_field> fields = {}) noexcept {
    write(log_level::warn, event, fields);
  }
  void info(std::string_view event, std::initializer_list<log_field> fields = {}) noexcept {
    write(log_level::info, event, fields);
  }
  void debug(std::string_view event, std::initializer_list<log_field> fields = {}) noexcept {
    write(log_level::debug, event, fields);
  }
  void write(log_level level, std::string_view event,
             std::initializer_list<log_field> fields) noexcept;

  [[nodiscard]] bool is_enabled(log_level level) const noexcept {
    return level <= level_.load(std::memory_order_relaxed);
  }
  void set_level(log_level level) noexcept { level_.store(level, std::memory_order_relaxed); }

  /// After log rotation. The line that reports it is the first in the new file.
  void reopen() noexcept;

 private:
  const base::clock& clock_;
  std::unique_ptr<log_sink> sink_;
  std::atomic<log_level> level_;
};

/// Keeps one kind of event from flooding the log: a token bucket. For one thread.
class rate_limit {
 public:
  /// `burst` lines at once, then one per `interval`; both above zero.
  rate_limit(std::uint32_t burst, base::duration interval) noexcept;

  /// The line may be written: how many were suppressed before it. Nothing: suppress this one.
  [[nodiscard]] std::optional<std::uint64_t> admit(base::steady_time now) noexcept;

 private:
  base::duration interval_;
  base::duration burst_;
  /// How far the lines admitted so far are paid for; never further behind `now` than the burst.
  base::steady_time paid_until_;
  bool started_ = false;
  std::uint64_t suppressed_ = 0;
};

}  // namespace godwit::observe
