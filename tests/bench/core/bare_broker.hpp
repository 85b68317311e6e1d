#pragma once

#include <godwit/broker/shard.hpp>
#include <godwit/store/memory_store.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::bench {

/// Takes all bytes at once, counts them, and keeps none.
class counting_transport : public broker::transport {
 public:
  std::size_t send(broker::transport_id id, std::span<const base::bytes_view> pieces) override;
  void close(broker::transport_id) override {}
  void set_reading(broker::transport_id, bool) override {}
  void read_once(broker::transport_id) override {}
  std::unique_ptr<broker::detached_transport> detach(broker::transport_id) override;
  broker::transport_id attach(std::unique_ptr<broker::detached_transport> connection,
                              std::uint64_t token) override;

  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return bytes_sent_; }

 private:
  std::uint64_t bytes_sent_ = 0;
};

class no_log final : public observe::log_sink {
 public:
  void write(const observe::log_event&) noexcept override {}
};

/// One shard with the store in memory and nothing around it: no socket, no thread, no copy of what
/// it sends. What it costs and what it holds is the broker's alone.
class bare_broker {
 public:
  explicit bare_broker(broker::shard_options options = {});
  ~bare_broker();
  bare_broker(const bare_broker&) = delete;
  bare_broker& operator=(const bare_broker&) = delete;

  /// A connection that has sent CONNECT (3.1.1) and got its answer.
  broker::connection_token connect(std::string_view client_id, bool clean);
  /// FIN from a client.
  void leave(broker::connection_token client);
  /// One turn with these bytes of one client.
  void feed(broker::connection_token from, base::bytes_view bytes);
  void pass(base::duration d) { now_.steady += d; }

  [[nodiscard]] broker::shard& shard() noexcept { return *shard_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return transport_.bytes_sent(); }

 private:
  struct ports;
  void settle();

  counting_transport transport_;
  std::unique_ptr<ports> ports_;
  std::unique_ptr<broker::shard> shard_;
  base::moment now_{base::steady_time{std::chrono::hours{1'000}},
                    base::wall_time{std::chrono::hours{500'000}}};
  std::uint32_t connections_ = 0;
};

}  // namespace godwit::bench
