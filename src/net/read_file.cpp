#include <godwit/net/read_file.hpp>
#include <godwit/net/unique_fd.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

namespace godwit::net {
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

}  // namespace

base::result<file_text, file_failure> read_file(const std::string& path, std::size_t bytes_max) {
  const unique_fd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
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

std::optional<std::string> exposure_of(const file_text& file, secrecy how) {
  if (file.is_writable_by_others) {
    return "can be changed by others; let it belong to root or to godwitd's user, and run: "
           "chmod go-w";
  }
  if (how == secrecy::secret && file.is_readable_by_others) {
    return "holds secrets and can be read by others; run: chmod o-r, and let its group be one of "
           "godwitd's";
  }
  return std::nullopt;
}

}  // namespace godwit::net
