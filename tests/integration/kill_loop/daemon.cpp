#include "daemon.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace godwit::kill_loop {
namespace {

constexpr std::size_t lines_kept = 60;

/// The child: only calls that are allowed after fork.
[[noreturn]] void become(const char* program, const char* config, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(log, STDERR_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::execl(program, program, "--config", config, static_cast<char*>(nullptr));
  ::_exit(127);
}

bool is_report(std::string_view line) {
  for (const std::string_view mark :
       {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer",
        "runtime error:", "assertion failed", "UndefinedBehaviorSanitizer"}) {
    if (line.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

daemon::daemon(bench::event_loop& loop, findings& found, std::string program,
               std::string config_path)
    : loop_{loop},
      found_{found},
      program_{std::move(program)},
      config_path_{std::move(config_path)} {
  // Sanitizers make the status non-zero; the log says what they found.
  ::setenv("ASAN_OPTIONS", "detect_leaks=1:exitcode=99", 0);
  ::setenv("UBSAN_OPTIONS", "print_stacktrace=1:exitcode=99", 0);
  ::setenv("TSAN_OPTIONS", "halt_on_error=0:exitcode=99:second_deadlock_stack=1", 0);
}

daemon::~daemon() {
  if (pid_ != 0) kill();
}

void daemon::start() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw bench::bench_error("pipe2 failed");
  started_ = bench::steady_clock::now();
  state_ = state::starting;
  pid_ = ::fork();
  if (pid_ < 0) throw bench::bench_error(std::string("fork: ") + std::strerror(errno));
  if (pid_ == 0) become(program_.c_str(), config_path_.c_str(), ends[1]);
  ::close(ends[1]);
  log_ = ends[0];
  ::fcntl(log_, F_SETFL, O_NONBLOCK);
  lines_.clear();
  partial_.clear();
  loop_.watch(log_, *this, EPOLLIN);
}

void daemon::kill() {
  const bool had_ended = state_ == state::ended;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  // What it said before is judged all the same.
  while (read_some()) {
  }
  close_log();
  if (had_ended || !WIFSIGNALED(status)) {
    found_.add(finding::bad_exit, "it had ended by itself:\n" + last_words());
  }
  pid_ = 0;
  state_ = state::none;
}

void daemon::terminate(bench::nanoseconds patience) {
  ::kill(pid_, SIGTERM);
  const bench::instant deadline = bench::steady_clock::now() + patience;
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (bench::steady_clock::now() > deadline) {
      found_.add(finding::bad_exit, "it does not stop:\n" + last_words());
      return kill();
    }
    loop_.turn(std::chrono::milliseconds{20});
  }
  while (read_some()) {
  }
  close_log();
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    found_.add(finding::bad_exit, "status " + std::to_string(status) + ":\n" + last_words());
  }
  pid_ = 0;
  state_ = state::none;
}

void daemon::on_events(std::uint32_t) {
  if (log_ >= 0) read_some();
}

bool daemon::read_some() {
  if (log_ < 0) return false;
  std::array<char, 16 * 1024> buffer;
  const ssize_t n = ::read(log_, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR;
  if (n == 0) {
    close_log();
    state_ = state::ended;
    return false;
  }
  partial_.append(buffer.data(), static_cast<std::size_t>(n));
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = partial_.find('\n', begin)) != std::string::npos;) {
    take_line(partial_.substr(begin, end - begin));
    begin = end + 1;
  }
  partial_.erase(0, begin);
  return true;
}

void daemon::take_line(const std::string& line) {
  constexpr std::string_view port_field = " port=";
  if (is_report(line)) found_.add(finding::bad_exit, line);
  const std::size_t port = line.find(port_field);
  if (line.find(" listener.open ") != std::string::npos && port != std::string::npos) {
    address_ = {};
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address_.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(line.substr(port + port_field.size()))));
  }
  if (line.find(" broker.ready ") != std::string::npos) {
    state_ = state::ready;
    start_time_ = bench::steady_clock::now() - started_;
  }
  lines_.push_back(line);
  if (lines_.size() > lines_kept) lines_.pop_front();
}

void daemon::close_log() {
  if (log_ >= 0) ::close(log_);
  log_ = -1;
}

std::string daemon::last_words() const {
  std::string text;
  for (const std::string& line : lines_) text += "    " + line + "\n";
  return text + "    " + partial_;
}

}  // namespace godwit::kill_loop
