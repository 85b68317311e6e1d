#pragma once

#include <godwit/admin/http_options.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace godwit::admin {

struct http_answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// A small HTTP/1.1 server for GET and HEAD, on a thread of its own. Nothing that it does waits for
/// a shard or makes one wait.
class http_server {
 public:
  /// Makes the answer for a path without its query. On the server's thread, one call at a time.
  using handler = std::function<http_answer(std::string_view path)>;

  /// Listens; serves from now on. Throws std::runtime_error with one line that says what is wrong
  /// and what would be right.
  http_server(const http_options& o, handler answer);
  /// Ends open connections and the thread.
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// The real one.
  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::admin
