#include "daemon/sd_notify.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>

namespace godwit::daemon {
namespace {

/// Plays the service manager: a datagram socket with a name.
class manager {
 public:
  explicit manager(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto length = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), static_cast<socklen_t>(length)),
              0);
  }
  ~manager() { ::close(fd_); }
  manager(const manager&) = delete;
  manager& operator=(const manager&) = delete;

  std::string receive() const {
    std::array<char, 512> text{};
    const auto n = ::recv(fd_, text.data(), text.size(), 0);
    return n < 0 ? "nothing came" : std::string(text.data(), static_cast<std::size_t>(n));
  }

 private:
  int fd_;
};

std::string unique_name() {
  return "godwit-notify-test-" + std::to_string(::getpid());
}

TEST(ServiceNotifier, TellsASocketInTheFileSystem) {
  const auto path = std::filesystem::temp_directory_path() / unique_name();
  const manager systemd{path.string()};
  const service_notifier notifier{path.string()};
  EXPECT_EQ(notifier.ready("Listening on 127.0.0.1:1883"), std::error_code{});
  EXPECT_EQ(systemd.receive(), "READY=1\nSTATUS=Listening on 127.0.0.1:1883");
  EXPECT_EQ(notifier.reloading(std::chrono::microseconds(123'456)), std::error_code{});
  EXPECT_EQ(systemd.receive(),
            "RELOADING=1\nMONOTONIC_USEC=123456\nSTATUS=Reading the configuration");
  EXPECT_EQ(notifier.stopping("Closing connections"), std::error_code{});
  EXPECT_EQ(systemd.receive(), "STOPPING=1\nSTATUS=Closing connections");
  std::filesystem::remove(path);
}

TEST(ServiceNotifier, TellsAnAbstractSocket) {
  const std::string name = "@" + unique_name();
  const manager systemd{name};
  EXPECT_EQ(service_notifier{name}.ready("x"), std::error_code{});
  EXPECT_EQ(systemd.receive(), "READY=1\nSTATUS=x");
}

TEST(ServiceNotifier, KeepsAStatusOnOneLine) {
  const std::string name = "@" + unique_name();
  const manager systemd{name};
  EXPECT_EQ(service_notifier{name}.ready("a\nMAINPID=1"), std::error_code{});
  EXPECT_EQ(systemd.receive(), "READY=1\nSTATUS=a MAINPID=1");
}

TEST(ServiceNotifier, WithoutAManagerDoesNothing) {
  EXPECT_EQ(service_notifier{""}.ready("x"), std::error_code{});
}

TEST(ServiceNotifier, ReportsAManagerThatIsNotThere) {
  EXPECT_TRUE(service_notifier{"/nonexistent/notify"}.ready("x"));
  EXPECT_TRUE(service_notifier{"vsock:2:1234"}.ready("x"));
  EXPECT_TRUE(service_notifier{"/" + std::string(200, 'x')}.ready("x"));
}

}  // namespace
}  // namespace godwit::daemon
