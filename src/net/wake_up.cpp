#include "wake_up.hpp"

#include <boost/asio/buffer.hpp>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <tuple>

namespace godwit::net {

wake_up::wake_up(shard_context& context) : bell_{context} {
  unique_fd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!fd) throw std::system_error(errno, std::system_category(), "eventfd");
  bell_.assign(fd.value());
  static_cast<void>(fd.release());
  wait();
}

void wake_up::ring() noexcept {
  const std::uint64_t one = 1;
  std::ignore = ::write(bell_.native_handle(), &one, sizeof one);  // fails only if it rings anyway
}

void wake_up::wait() {
  bell_.async_read_some(boost::asio::buffer(&rings_, sizeof rings_),
                        [this](const boost::system::error_code& error, std::size_t /*size*/) {
                          if (!error) wait();
                        });
}

}  // namespace godwit::net
