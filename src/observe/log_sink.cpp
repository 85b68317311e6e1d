#include "journal_socket.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/observe/journal.hpp>

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace godwit::observe {
namespace {

constexpr int no_file = -1;

int open_log(const std::string& path) noexcept {
  constexpr mode_t readable_by_group = 0640;
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, readable_by_group);
}

/// What `line_writer` writes: a line with its end, or an entry for the journal.
std::string format_for(const log_options& options, const std::string& journal,
                       const log_event& event) {
  if (!journal.empty()) return format_journal_entry(event, options.format);
  return format_log_line(event, options.format, options.prefix) + '\n';
}

/// An entry's PRIORITY and MESSAGE as a line on standard error, which the journal understands too.
std::string line_of_entry(std::string_view entry) {
  constexpr std::string_view priority = "PRIORITY=";
  constexpr std::string_view message = "\nMESSAGE=";
  const auto begin = priority.size() + 1 + message.size();
  const std::string_view text = entry.substr(begin, entry.find('\n', begin) + 1 - begin);
  return '<' + std::string{entry.substr(priority.size(), 1)} + '>' + std::string{text};
}

/// Writes finished lines to a file or standard error, or entries to the journal, each with one
/// system call, so that nothing stays in a buffer when the process dies. Lives on the writer thread
/// of `async_log_sink`.
class line_writer final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  /// `journal`: its socket; empty: none.
  line_writer(const log_options& options, const std::string& journal)
      : options_{options}, journal_path_{journal} {
    if (!journal.empty()) {
      options_.file.clear();
      journal_.emplace(journal);
    }
    if (options_.file.empty()) {
      file_ = STDERR_FILENO;
      return;
    }
    file_ = open_log(options_.file);
    if (file_ == no_file) {
      throw std::system_error{errno, std::generic_category(), "log file " + options_.file};
    }
  }
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;
  ~line_writer() override { close_file(); }

  /// Any thread.
  void request_reopen() noexcept { reopen_requested_.store(true, std::memory_order_release); }
  /// Before the first line. The pool outlives its thread, on which all lines are written.
  void watch(spdlog::details::thread_pool& pool) noexcept { pool_ = &pool; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (reopen_requested_.exchange(false, std::memory_order_acquire)) reopen();
    report_lost_lines(message);
    deliver({message.payload.data(), message.payload.size()});
  }
  void flush_() override {}

 private:
  void reopen() noexcept {
    if (options_.file.empty()) return;
    const int fresh = open_log(options_.file);
    if (fresh == no_file) return;  // better the old file than none
    close_file();
    file_ = fresh;
  }

  void close_file() noexcept {
    if (file_ != no_file && !options_.file.empty()) ::close(file_);
    file_ = no_file;
  }

  void report_lost_lines(const spdlog::details::log_msg& next) {
    const std::uint64_t lost = pool_->overrun_counter() + failed_;
    if (lost == reported_) return;
    const log_field count{"lost", lost - std::exchange(reported_, lost)};
    const log_event event{.level = log_level::warn,
                          .time = std::chrono::floor<std::chrono::milliseconds>(next.time),
                          .event = "log.lines_lost",
                          .fields = {&count, 1}};
    deliver(format_for(options_, journal_path_, event));
  }

  void deliver(std::string_view text) {
    if (!journal_) {
      write_all(text);
    } else if (!journal_->send(text)) {
      write_all(line_of_entry(text));
    }
  }

  void write_all(std::string_view line) noexcept {
    while (!line.empty()) {
      const ssize_t written = ::write(file_, line.data(), line.size());
      if (written > 0) {
        line.remove_prefix(static_cast<std::size_t>(written));
      } else if (errno != EINTR) {
        ++failed_;  // disk full, reader gone: said when writing works again
        return;
      }
    }
  }

  log_options options_;
  const std::string journal_path_;
  std::optional<journal_socket> journal_;
  int file_ = no_file;
  std::atomic<bool> reopen_requested_{false};
  spdlog::details::thread_pool* pool_ = nullptr;
  std::uint64_t failed_ = 0;
  std::uint64_t reported_ = 0;
};

/// spdlog's bounded queue and its one thread between the callers and `line_writer`.
class async_log_sink final : public log_sink {
 public:
  explicit async_log_sink(const log_options& options, const std::string& journal = {})
      : options_{options},
        journal_{journal},
        writer_{std::make_shared<line_writer>(options, journal)},
        pool_{std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1)},
        queue_{std::make_shared<spdlog::async_logger>(
            "godwit", writer_, pool_, spdlog::async_overflow_policy::overrun_oldest)} {
    writer_->watch(*pool_);
    queue_->set_level(spdlog::level::trace);
  }

  void write(const log_event& event) noexcept override {
    try {
      const std::string line = format_for(options_, journal_, event);
      // The event's own time, for the report of lost lines.
      queue_->log(spdlog::log_clock::time_point{event.time.time_since_epoch()},
                  spdlog::source_loc{}, spdlog::level::info,
                  spdlog::string_view_t{line.data(), line.size()});
    } catch (...) {
      // Out of memory: the line is lost, the broker is not.
    }
  }

  void reopen() noexcept override { writer_->request_reopen(); }

 private:
  const log_options options_;
  const std::string journal_;
  std::shared_ptr<line_writer> writer_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;  // its destructor empties the queue
  std::shared_ptr<spdlog::async_logger> queue_;
};

}  // namespace

std::unique_ptr<log_sink> make_log_sink(const log_options& options) {
  GODWIT_ASSERT(options.queue_lines > 0);
  return std::make_unique<async_log_sink>(options);
}

std::unique_ptr<log_sink> make_journal_sink(const log_options& options, const std::string& socket) {
  GODWIT_ASSERT(options.queue_lines > 0 && !socket.empty());
  return std::make_unique<async_log_sink>(options, socket);
}

}  // namespace godwit::observe
