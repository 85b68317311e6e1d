#pragma once

#include <godwit/base/slab.hpp>
#include <godwit/base/work_list.hpp>
#include <godwit/broker/transport.hpp>
#include <godwit/net/connection_slots.hpp>
#include <godwit/net/handshake_queue.hpp>
#include <godwit/net/options.hpp>
#include <godwit/net/shard_context.hpp>
#include <godwit/net/shard_host.hpp>
#include <godwit/net/unique_fd.hpp>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace godwit::net {

/// A file descriptor that a `shard_context` watches; without a type-erased executor, which costs 40
/// bytes.
using descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

class lingering_sockets;
class stream;
struct opening;
struct stream_room;

/// What happens to connections on which something comes before MQTT. On the shard's thread, in a
/// turn.
class opening_events {
 public:
  virtual ~opening_events() = default;
  /// MQTT may begin, with what `how` has learned of the peer; what came behind the opening is
  /// reported next.
  virtual broker::connection_token on_opened(broker::transport_id id, opening& how) = 0;
  /// It ended before; `how.failure` says why.
  virtual void on_refused(const opening& how) = 0;
};

/// The connections of one shard over nonblocking stream sockets.
///
/// Waits for readiness, then reads once per turn into the one buffer of the shard, so an idle
/// connection owns no buffer, and no connection can fill a turn. Writes go straight to the system;
/// writability is waited for only after a short write. Everything on the shard's thread.
///
/// Where a listener asks for TLS and the like, a connection has a `stream` between its socket and
/// MQTT; it is unknown to the shard until it is open. Bytes that a stream has sealed count as sent
/// when the system has taken them.
///
/// Bytes that arrived before an error are delivered before the error is reported, also when a send
/// has met it already: a client's last PUBLISH and DISCONNECT count although it is gone.
/// An id is good until the end of the turn in which `close`, `detach` or `on_closed` made it stale;
/// calls until then do nothing.
class socket_transport final : public broker::transport {
 public:
  /// `events` gets what happens; it must have opened a turn before it touches this object.
  socket_transport(shard_context& context, transport_events& events, const tuning& tune);
  /// Before `open_later`; outlives this object.
  void report_openings_to(opening_events& openings) noexcept { openings_events_ = &openings; }
  ~socket_transport() override;
  socket_transport(const socket_transport&) = delete;
  socket_transport& operator=(const socket_transport&) = delete;

  // The port of the shard; in a turn.
  std::size_t send(broker::transport_id id, std::span<const base::bytes_view> pieces) override;
  void close(broker::transport_id id) override;
  void set_reading(broker::transport_id id, bool on) override;
  void read_once(broker::transport_id id) override;
  [[nodiscard]] std::unique_ptr<broker::detached_transport> detach(
      broker::transport_id id) override;
  [[nodiscard]] broker::transport_id attach(
      std::unique_ptr<broker::detached_transport> from_elsewhere, std::uint64_t token) override;
  [[nodiscard]] std::size_t memory_size() const noexcept override;

  // For the owner of the thread.
  /// It goes on by these, but for `read_bytes_max`. Times that have begun stay.
  void adopt(const tuning& fresh);
  /// Takes a nonblocking connected socket. Nothing is read before `start` (in the same turn).
  [[nodiscard]] broker::transport_id adopt(unique_fd socket, connection_slot slot);
  /// Begins to read and to report, under this token.
  void start(broker::transport_id id, broker::connection_token token);

  /// Takes a nonblocking connected socket on which something comes before MQTT. In a turn.
  void open_later(unique_fd socket, connection_slot slot, std::unique_ptr<opening> how);
  /// Ends all connections that are not open yet.
  void give_up_openings();

  void begin_turn(base::steady_time now) noexcept { now_ = now; }
  /// There are reads or reports that wait for no event.
  [[nodiscard]] bool wants_turn() const noexcept {
    return !pending_.empty() || !to_shake_hands_.empty();
  }
  /// Does them; in a turn.
  void run_pending();
  /// Ends a turn, or a round of events without one: waits for what is to be waited for.
  void end_turn();
  /// Closes connections that have lingered, or are opening, for long enough; in a turn.
  void expire(base::steady_time now);
  [[nodiscard]] std::optional<base::steady_time> next_due();

  /// Connections, those included that open, without those that linger.
  [[nodiscard]] std::size_t size() const noexcept { return connections_.size(); }
  /// Connections that were ended here and wait for their peer's end.
  [[nodiscard]] std::size_t lingering() const noexcept;
  /// Connections that are not open yet.
  [[nodiscard]] std::size_t opening_count() const noexcept { return openings_; }
  /// Bytes of this class for one more connection; Asio's own come on top.
  [[nodiscard]] static std::size_t bytes_per_connection() noexcept;

 private:
  struct stream_deleter {
    void operator()(stream* s) const noexcept;
  };
  struct connection {
    explicit connection(shard_context& context, connection_slot s)
        : socket{context}, slot{std::move(s)} {}
    descriptor socket;
    broker::connection_token token = 0;
    connection_slot slot;
    std::unique_ptr<stream, stream_deleter> sealed;  ///< nothing: bytes of MQTT are on the wire
    bool reading : 1 = false;                        ///< the shard wants bytes
    bool read_once : 1 = false;                      ///< it wants some although it does not
    bool ended : 1 = false;       ///< gone for the shard; erased at the end of the turn
    bool failed : 1 = false;      ///< a send met an error; nothing is waited for any more
    bool error_seen : 1 = false;  ///< paused: there is an error, or urgent bytes, behind the unread
    bool read_armed : 1 = false;  ///< these three: an operation of Asio is under way
    bool write_armed : 1 = false;
    bool error_armed : 1 = false;
    bool to_arm : 1 = false;    ///< is in `to_arm_`
    bool pending : 1 = false;   ///< is in `pending_`
    bool queued : 1 = false;    ///< is in `to_shake_hands_`: it waits for us, not for its peer
    bool answered : 1 = false;  ///< before that its bytes may be a CONNECT, with a password
  };
  using handle = base::slab<connection>::handle_type;
  enum class readiness : std::uint8_t { readable, writable, error };
  struct on_ready;

  [[nodiscard]] static std::uint32_t index_of(broker::transport_id id) noexcept;
  [[nodiscard]] connection& at(broker::transport_id id) noexcept;
  handle add(unique_fd socket, connection_slot slot);
  void ready(handle h, readiness what);
  void receive(handle h, connection& c);
  void look_at_paused(handle h, connection& c, readiness what);
  void end(handle h, connection& c, broker::transport_end how);
  void make_pending(handle h, connection& c);

  // Connections with a stream: sealed_transport.cpp
  struct detached_socket;
  [[nodiscard]] stream_room& room();
  std::size_t send_sealed(handle h, connection& c, std::span<const base::bytes_view> pieces);
  void receive_sealed(handle h, connection& c);
  void push(handle h, connection& c);
  void push_rest(handle h, connection& c);
  void end_sealed(connection& c);
  void refuse(handle h, connection& c, std::string why);
  [[nodiscard]] connection* oldest_opening();
  [[nodiscard]] connection* oldest_that_waits_for_its_peer();
  void shake_hands();
  void take_sealed(handle h, connection& c);
  void arm_later(handle h, connection& c);
  void arm(handle h, connection& c);
  void wait(handle h, connection& c, readiness what);

  shard_context& context_;
  transport_events& events_;
  base::steady_time now_{};
  std::unique_ptr<std::byte[]> scratch_;
  std::size_t scratch_size_;
  std::unique_ptr<stream_room> room_;  // outlives the streams; made when the first one is
  base::slab<connection> connections_;
  std::unique_ptr<lingering_sockets> lingering_;
  std::vector<handle> to_arm_;              // wait for them when the turn ends
  base::work_list<handle> pending_;         // something to do in the next turn
  handshake_queue<handle> to_shake_hands_;  // something came, and it costs a signature
  std::vector<handle> ended_;               // erase when the turn ends
  opening_events* openings_events_ = nullptr;
  std::deque<handle> opening_order_;  // by deadline; those that are over are among them
  std::size_t openings_ = 0;
  std::size_t openings_queued_ = 0;  // of these
  std::size_t openings_max_;
  base::duration opening_time_max_;
  std::size_t expensive_per_turn_;
  std::size_t expensive_left_;
};

}  // namespace godwit::net
