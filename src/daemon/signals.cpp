#include "signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>

namespace godwit::daemon {

namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : numbers) sigaddset(&set, number);
  return set;
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

signals::signals() {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  if (::sigaction(SIGPIPE, &ignore, nullptr) != 0) fail("sigaction");
  const sigset_t taken = set_of({SIGTERM, SIGINT, SIGHUP});
  if (::pthread_sigmask(SIG_BLOCK, &taken, nullptr) != 0) fail("pthread_sigmask");
  signal_fd_.reset(::signalfd(-1, &taken, SFD_CLOEXEC));
  if (!signal_fd_) fail("signalfd");
  wake_fd_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!wake_fd_) fail("eventfd");
}

signals::event signals::wait(std::chrono::milliseconds most) {
  std::array<pollfd, 2> ready{{{signal_fd_.value(), POLLIN, 0}, {wake_fd_.value(), POLLIN, 0}}};
  const int patience = most.count() < 0 ? -1 : static_cast<int>(most.count());
  for (;;) {
    const int found = ::poll(ready.data(), ready.size(), patience);
    if (found == 0) return event::timeout;
    if (found > 0) break;
    if (errno != EINTR) fail("poll");
  }
  if (ready[1].revents != 0) {
    std::uint64_t wakes = 0;
    if (::read(wake_fd_.value(), &wakes, sizeof wakes) != sizeof wakes) fail("eventfd");
    return event::woken;
  }
  signalfd_siginfo info{};
  if (::read(signal_fd_.value(), &info, sizeof info) != sizeof info) fail("signalfd");
  return info.ssi_signo == SIGHUP ? event::reload : event::stop;
}

void signals::wake() noexcept {
  constexpr std::uint64_t one = 1;
  // It fails only when the counter is full, and then `wait` is awake anyway.
  [[maybe_unused]] const auto written = ::write(wake_fd_.value(), &one, sizeof one);
}

void signals::end_at_next() {
  const sigset_t stop = set_of({SIGTERM, SIGINT});
  if (::pthread_sigmask(SIG_UNBLOCK, &stop, nullptr) != 0) fail("pthread_sigmask");
}

}  // namespace godwit::daemon
