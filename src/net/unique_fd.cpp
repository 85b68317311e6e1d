#include <godwit/net/unique_fd.hpp>

#include <unistd.h>

#include <cerrno>

namespace godwit::net {

void unique_fd::reset(int fd) noexcept {
  const int old = std::exchange(fd_, fd);
  if (old < 0) return;
  const int saved = errno;
  ::close(old);
  errno = saved;
}

}  // namespace godwit::net
