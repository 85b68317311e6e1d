#include "replace_file.hpp"

#include <godwit/net/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace godwit::daemon {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error{errno, std::generic_category(), what};
}

void write_all(int fd, const std::string& text, const std::string& path) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) fail(path);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
}

}  // namespace

void replace_file(const std::string& path, const std::string& text) {
  struct stat facts {};
  const bool is_there = ::stat(path.c_str(), &facts) == 0;
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const net::unique_fd fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!fd) fail(fresh);
  write_all(fd.value(), text, fresh);
  if (is_there) {
    const bool keeps_owner = ::fchown(fd.value(), facts.st_uid, facts.st_gid) == 0;
    const mode_t mode = facts.st_mode & 07777U;
    // Without the owner, a group must not see what it was meant to see in another group's name.
    if (::fchmod(fd.value(), keeps_owner ? mode : mode & 0700U) != 0) fail(fresh);
  }
  if (::fsync(fd.value()) != 0) fail(fresh);
  if (::rename(fresh.c_str(), path.c_str()) != 0) fail(path);
}

}  // namespace godwit::daemon
