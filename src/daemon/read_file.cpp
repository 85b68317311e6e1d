#include "read_file.hpp"

#include <godwit/net/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

namespace godwit::daemon {
namespace {

std::string message_of(int error) {
  return std::error_code{error, std::generic_category()}.message();
}

bool is_own_group(gid_t group) {
  if (group == ::getegid()) return true;
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  if (count < 0) return false;
  groups.resize(static_cast<std::size_t>(count));
  return std::ranges::find(groups, group) != groups.end();
}

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

base::result<file_text, file_failure> read_file(const std::string& path, std::size_t bytes_max) {
  const net::unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd) return file_failure{"cannot be opened: " + message_of(errno)};
  struct stat facts {};
  if (::fstat(fd.value(), &facts) != 0) return file_failure{"cannot be read: " + message_of(errno)};
  if (!S_ISREG(facts.st_mode)) return file_failure{"is not a file"};
  file_text out;
  const mode_t mode = facts.st_mode;
  const bool is_foreign_group = !is_own_group(facts.st_gid);
  out.is_readable_by_others =
      (mode & S_IROTH) != 0 || ((mode & S_IRGRP) != 0 && is_foreign_group && facts.st_gid != 0);
  out.is_writable_by_others =
      (mode & (S_IWOTH | S_IWGRP)) != 0 || (facts.st_uid != 0 && facts.st_uid != ::geteuid());
  // One more byte than there should be shows the end; a file that grows meanwhile needs more.
  out.text.resize(std::min(static_cast<std::size_t>(facts.st_size), bytes_max) + 1);
  std::size_t size = 0;
  while (size <= bytes_max) {
    if (size == out.text.size()) out.text.resize(std::min(size * 2, bytes_max + 1));
    const ssize_t n = ::read(fd.value(), out.text.data() + size, out.text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_failure{"cannot be read: " + message_of(errno)};
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size > bytes_max) {
    return file_failure{"is longer than " + std::to_string(bytes_max) +
                        " bytes, the most that is read"};
  }
  out.text.resize(size);
  out.text.shrink_to_fit();
  return out;
}

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
