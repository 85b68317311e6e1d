#include "given_sockets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace godwit::daemon {
namespace {

std::string take(const char* variable) {
  const char* const value = std::getenv(variable);
  std::string out = value == nullptr ? "" : value;
  ::unsetenv(variable);
  return out;
}

int number_of(std::string_view text) {
  constexpr int most = 1'000;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0 || number > most) {
    throw std::runtime_error{"LISTEN_FDS=" + std::string{text} + " is no number of sockets"};
  }
  return number;
}

/// The next of the names between colons; those that are missing are "unknown".
std::string next_name(std::string_view& names) {
  const auto colon = names.find(':');
  std::string name{names.substr(0, colon)};
  names = colon == std::string_view::npos ? std::string_view{} : names.substr(colon + 1);
  return name.empty() ? "unknown" : name;
}

}  // namespace

std::vector<net::given_socket> take_given_sockets(int first) {
  const std::string whose = take("LISTEN_PID");
  const std::string count = take("LISTEN_FDS");
  const std::string names = take("LISTEN_FDNAMES");
  std::vector<net::given_socket> all;
  if (count.empty() || whose != std::to_string(::getpid())) return all;
  std::string_view left = names;
  const int end = first + number_of(count);
  for (int fd = first; fd < end; ++fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      throw std::runtime_error{"LISTEN_FDS=" + count + ", but descriptor " + std::to_string(fd) +
                               " is not open"};
    }
    all.push_back({net::unique_fd{fd}, next_name(left)});
  }
  return all;
}

}  // namespace godwit::daemon
