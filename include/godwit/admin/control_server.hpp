#pragma once

#include <godwit/admin/control_options.hpp>
#include <godwit/net/unique_fd.hpp>
#include <godwit/net/worker_pool.hpp>

#include <sys/types.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace godwit::admin {

/// A directory and a name in it as an address of a Unix socket; the open directory stands for the
/// path, which may be longer than an address. Throws std::system_error.
class socket_place {
 public:
  explicit socket_place(const std::string& path);
  /// What `bind`, `connect`, `chmod` and `unlink` take.
  [[nodiscard]] const std::string& short_path() const noexcept { return short_path_; }

 private:
  net::unique_fd directory_;
  std::string short_path_;
};

/// Who asks, and the way back to him.
class control_peer {
 public:
  control_peer(int fd, const std::atomic<bool>& stopping) noexcept;
  /// Sends one line. False: he is gone, or too slow.
  bool say(std::string_view line);
  /// The server ends: long work should, too.
  [[nodiscard]] bool is_stopping() const noexcept { return stopping_; }
  [[nodiscard]] uid_t user() const noexcept { return user_; }

 private:
  int fd_;
  const std::atomic<bool>& stopping_;
  uid_t user_ = 0;
};

/// Listens on a Unix socket for the broker's user and group (mode 0660). A connection sends one
/// line, gets lines back, and is closed. Its threads may wait for shards; shards never wait for
/// them.
class control_server {
 public:
  /// Serves one request, on one of the server's threads; several at the same time.
  using handler = std::function<void(std::string_view request, control_peer& peer)>;

  /// Takes the place of a socket that nobody listens on any more. Throws std::system_error.
  control_server(const control_options& o, handler serve);
  /// Waits for requests that are being served.
  ~control_server();
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;

 private:
  void accept_all();
  void serve_one(int fd);

  control_options options_;
  handler serve_;
  socket_place place_;
  net::unique_fd listening_;
  net::unique_fd ended_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::vector<int> listened_to_;  // their requests have not come yet
  net::worker_pool pool_;
  std::thread thread_;
};

/// Sends one request line to the server on `path` and hands each answer line to `take`, until the
/// server closes. False: nobody listens there. Throws std::system_error.
bool ask_control(const std::string& path, std::string_view request,
                 const std::function<void(std::string_view line)>& take);

}  // namespace godwit::admin
