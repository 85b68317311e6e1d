#include "daemon/sd_notify.hpp"

#include "notify_manager.hpp"

#include <filesystem>

namespace godwit::daemon {
namespace {

TEST(ServiceNotifier, TellsASocketInTheFileSystem) {
  const auto path = std::filesystem::temp_directory_path() / test::unique_name();
  const test::manager systemd{path.string()};
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
  const std::string name = "@" + test::unique_name();
  const test::manager systemd{name};
  EXPECT_EQ(service_notifier{name}.ready("x"), std::error_code{});
  EXPECT_EQ(systemd.receive(), "READY=1\nSTATUS=x");
}

TEST(ServiceNotifier, KeepsAStatusOnOneLine) {
  const std::string name = "@" + test::unique_name();
  const test::manager systemd{name};
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
