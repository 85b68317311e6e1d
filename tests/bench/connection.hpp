#pragma once

#include "layer.hpp"
#include "wire.hpp"

#include <netinet/in.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::bench {

using steady_clock = std::chrono::steady_clock;
using instant = steady_clock::time_point;
using std::chrono::nanoseconds;

/// Something an event_loop watches. Must outlive its registration.
class event_source {
 public:
  event_source() = default;
  event_source(const event_source&) = delete;
  event_source& operator=(const event_source&) = delete;
  virtual ~event_source() = default;

  /// `events` as from epoll.
  virtual void on_events(std::uint32_t events) = 0;
};

class connection;

/// One thread's epoll: wait, read what is readable, then write everything that was queued in the
/// turn with one send per connection.
class event_loop {
 public:
  /// `how` its connections travel; `largest_packet` bounds what one of them may receive as a single
  /// packet, in octets.
  explicit event_loop(const layer_options& how = {}, std::size_t largest_packet = 64 * 1024);
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  /// Waits at most `timeout` (negative: none) and handles what there is.
  void turn(nanoseconds timeout);

  void watch(int fd, event_source& source, std::uint32_t events);
  void rewatch(int fd, event_source& source, std::uint32_t events);

 private:
  friend class connection;

  void flush();

  int epoll_;
  layer_maker layers_;
  octets scratch_;
  std::vector<connection*> dirty_;
};

/// One non-blocking TCP socket that speaks packets, maybe through a layer. Keeps octets of its own
/// only while it holds part of a packet or unsent output.
class connection : public event_source {
 public:
  explicit connection(event_loop& loop) : loop_{loop} {}
  ~connection() override;

  /// Starts to connect. `source` picks a loopback source address (127.0.0.1 + source) when the
  /// server is on loopback, so that one run may use more than one address's ports.
  void open(const sockaddr_in& server, std::uint32_t source);
  /// Takes over a connected socket.
  void adopt(int fd);
  void close();

  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// The kernel would not take everything; more output only grows the queue.
  [[nodiscard]] bool is_blocked() const { return blocked_; }
  [[nodiscard]] std::uint64_t received_octets() const { return received_; }

  /// Where to append packets; they leave at the end of the turn.
  [[nodiscard]] octets& output();
  /// Sends now what is queued.
  void flush();

  void on_events(std::uint32_t events) override;

 protected:
  /// Does it show the certificate of the run, if there is one?
  [[nodiscard]] virtual layer_maker::identity identity() const {
    return layer_maker::identity::hidden;
  }
  virtual void on_connected() = 0;
  virtual void on_packet(const packet_view& packet, instant now) = 0;
  /// The peer closed or the socket failed; the connection is closed already.
  virtual void on_closed(const std::string& reason) = 0;

  [[nodiscard]] event_loop& loop() { return loop_; }

 private:
  friend class event_loop;  // clears dirty_

  void begin();
  void on_readable();
  void on_layered(octet_view from_wire);
  std::size_t handle_packets(octet_view input, instant now);
  void fail(int error);

  event_loop& loop_;
  int fd_ = -1;
  bool connecting_ = false;
  bool blocked_ = false;
  bool dirty_ = false;
  std::unique_ptr<layer> layer_;
  bool is_layer_open_ = false;
  octets tail_;
  octets output_;  // packets
  octets wire_;    // with a layer: what goes out instead
  std::size_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace godwit::bench
