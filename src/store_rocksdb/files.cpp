#include "files.hpp"

#include "codec.hpp"
#include "crc32c.hpp"

#include <godwit/store_rocksdb/damage.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace godwit::store_rocksdb {
namespace {

constexpr std::uint8_t watermark_format = 1;
constexpr std::uint32_t watermark_magic = 0x4757'574D;  // "GWWM"
constexpr std::size_t watermark_size = 17;
constexpr mode_t private_file = 0600;

}  // namespace

file_handle::file_handle(file_handle&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_handle::~file_handle() {
  if (fd_ >= 0) ::close(fd_);
}

std::error_code last_error() noexcept {
  return {errno, std::system_category()};
}

file_handle lock_store(const std::string& path) {
  file_handle file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file)};
  if (!file) throw open_failed{open_error::io, path + ": " + last_error().message()};
  if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    const ssize_t size = ::pread(file.fd(), text.data(), text.size() - 1, 0);
    std::string pid{text.data(), size > 0 ? static_cast<std::size_t>(size) : 0U};
    while (!pid.empty() && pid.back() == '\n') pid.pop_back();
    throw open_failed{open_error::in_use,
                      path + ": the store is in use by process " + (pid.empty() ? "?" : pid)};
  }
  const std::string pid = std::to_string(::getpid()) + '\n';
  if (::ftruncate(file.fd(), 0) != 0 || ::pwrite(file.fd(), pid.data(), pid.size(), 0) < 0) {
    // On a full disk the pid is lacking; the lock holds all the same.
    errno = 0;
  }
  return file;
}

std::error_code watermark_file::open(const std::string& path) {
  file_ = file_handle{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file)};
  return file_ ? std::error_code{} : last_error();
}

std::optional<std::uint64_t> watermark_file::read(const std::string& path) {
  const file_handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, watermark_size> bytes{};
  if (!file || ::pread(file.fd(), bytes.data(), bytes.size(), 0) != ssize_t{watermark_size}) {
    return std::nullopt;
  }
  const std::string_view all{bytes.data(), bytes.size()};
  byte_reader from{all};
  const bool is_ours = from.integer<std::uint8_t>() == watermark_format &&
                       from.integer<std::uint32_t>() == watermark_magic;
  const auto chunk = from.integer<std::uint64_t>();
  if (!is_ours || from.integer<std::uint32_t>() != crc32c(all.substr(0, watermark_size - 4))) {
    return std::nullopt;
  }
  return chunk;
}

std::error_code watermark_file::write(std::uint64_t chunk) noexcept {
  std::array<char, watermark_size> bytes;
  char* at = put_integer(bytes.data(), watermark_format);
  at = put_integer(at, watermark_magic);
  at = put_integer(at, chunk);
  put_integer(at, crc32c({bytes.data(), watermark_size - 4}));
  const ssize_t written = ::pwrite(file_.fd(), bytes.data(), bytes.size(), 0);
  return written == ssize_t{watermark_size} ? std::error_code{} : last_error();
}

std::error_code watermark_file::sync() noexcept {
  return ::fdatasync(file_.fd()) == 0 ? std::error_code{} : last_error();
}

bool ballast_file::exists() const noexcept {
  struct stat s {};
  return ::stat(path_.c_str(), &s) == 0;
}

bool ballast_file::make() noexcept {
  if (bytes_ == 0) return true;
  const file_handle file{::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, private_file)};
  if (!file) return false;
  if (::posix_fallocate(file.fd(), 0, static_cast<off_t>(bytes_)) == 0) return true;
  give_up();
  return false;
}

void ballast_file::give_up() noexcept {
  ::unlink(path_.c_str());
}

internal_options::disk_space space_of(const std::string& directory) noexcept {
  struct statvfs s {};
  if (::statvfs(directory.c_str(), &s) != 0) return {};
  return {.free = std::uint64_t{s.f_bavail} * s.f_frsize,
          .size = std::uint64_t{s.f_blocks} * s.f_frsize};
}

std::string fresh_uuid() {
  const file_handle file{::open("/proc/sys/kernel/random/uuid", O_RDONLY | O_CLOEXEC)};
  std::array<char, 36> text{};
  if (!file || ::read(file.fd(), text.data(), text.size()) != ssize_t{36}) {
    throw open_failed{open_error::io, "/proc/sys/kernel/random/uuid: cannot be read"};
  }
  return {text.data(), text.size()};
}

std::error_code sync_file(const std::string& path) noexcept {
  const file_handle file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  return file && ::fsync(file.fd()) == 0 ? std::error_code{} : last_error();
}

void sync_directory(const std::string& path) noexcept {
  const file_handle d{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (d) std::ignore = ::fsync(d.fd());
}

}  // namespace godwit::store_rocksdb
