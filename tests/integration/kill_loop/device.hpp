#pragma once

#include "bench/connection.hpp"
#include "dice.hpp"
#include "ledgers.hpp"
#include "outbox.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace godwit::kill_loop {

class device;

/// What kind of time it is for the clients.
enum class season : std::uint8_t {
  load,      ///< everyone lives as is its habit
  calm,      ///< everyone finishes what it has begun and comes online
  farewell,  ///< all sessions are deleted
};

/// How a connection ended.
enum class departure : std::uint8_t { disconnect, cut, by_broker };

/// Decides when a device comes and goes. One per device.
class habit {
 public:
  virtual ~habit() = default;
  /// Called some hundred times a second. `is_open`: the broker accepts connections.
  virtual void tick(device& d, bench::instant now, season s, bool is_open) = 0;
  virtual void on_up(device& d, bench::instant now) = 0;
  virtual void on_down(device& d, bench::instant now, departure how) = 0;
  /// In the calm: it has come to its end.
  [[nodiscard]] virtual bool is_at_rest(device& d) = 0;
};

struct device_plan {
  std::string client_id{};
  bench::protocol version = bench::protocol::v311;
  std::vector<std::string> filters{};  ///< what it wants to be subscribed to at first
  std::uint8_t qos = 2;                ///< of the subscriptions
  std::size_t window = 10;             ///< of what it publishes
  bool is_lazy = false;                ///< acknowledges with a delay, several at a time
};

/// One client with its half of the session: the window of what it sends, the ids of what it
/// receives, the filters it wants. Reconnects when its habit says so, and goes on where it was.
class device final : public bench::connection {
 public:
  enum class link : std::uint8_t { down, connecting, logging_in, up };

  device(bench::event_loop& loop, ledgers& all, device_plan plan, std::unique_ptr<habit> how,
         dice luck);

  // For its habit
  void connect(clean_session clean);
  void connect_with_will(clean_session clean, std::string topic, std::uint8_t qos);
  /// DISCONNECT and close.
  void disconnect();
  /// Close, without a word.
  void cut();
  [[nodiscard]] link at() const { return link_; }
  /// The filters that it wants to be subscribed to from now on.
  void want(std::vector<std::string> filters);
  [[nodiscard]] const device_plan& plan() const { return plan_; }
  [[nodiscard]] session_index session() const { return session_; }
  [[nodiscard]] session_book& book() { return all_.messages.session(session_); }
  [[nodiscard]] ledgers& all() { return all_; }
  [[nodiscard]] std::optional<will_id> will() const { return will_; }
  [[nodiscard]] dice& luck() { return luck_; }

  // For the run
  void tick(bench::instant now, season s, const std::optional<sockaddr_in>& server);
  [[nodiscard]] bool can_publish() const { return link_ == link::up && out_.has_room(); }
  void publish(const message& m) { out_.publish(output(), m); }
  /// Nothing that it began is unanswered.
  [[nodiscard]] bool is_finished() const { return out_.is_empty() && !operation_; }
  /// And its subscriptions are what it wants.
  [[nodiscard]] bool is_settled();
  /// It has none, and knows it.
  [[nodiscard]] bool has_no_session() { return book().exists() == session_book::existence::no; }
  /// In the calm: it will do nothing more by itself.
  [[nodiscard]] bool is_at_rest();

 private:
  struct operation {
    bench::packet_type type = bench::packet_type::subscribe;
    std::vector<std::string> filters{};
  };

  void on_connected() override;
  void on_packet(const bench::packet_view& packet, bench::instant now) override;
  void on_closed(const std::string& reason) override;

  void on_connack(const bench::packet_view& packet, bench::instant now);
  void on_publish(const bench::packet_view& packet);
  void on_pubrel(std::uint16_t packet_id);
  void on_operation_answered(const bench::packet_view& packet);
  void reset_session();
  void reconcile();
  void send_operation();
  void acknowledge(bench::packet_type type, std::uint16_t packet_id);
  void go_down(departure how);

  ledgers& all_;
  device_plan plan_;
  std::unique_ptr<habit> habit_;
  dice luck_;
  session_index session_;
  outbox out_;
  std::set<std::uint16_t> known_ids_;  // QoS 2, received and not released
  std::vector<std::string> wanted_;
  std::optional<operation> operation_;
  std::vector<std::pair<bench::packet_type, std::uint16_t>> held_answers_;
  link link_ = link::down;
  clean_session clean_ = clean_session::no;
  std::optional<will_id> will_;
  std::optional<will_id> last_will_;  // the newest that was stored
  std::string will_topic_;
  std::uint8_t will_qos_ = 1;
  bool has_connect_out_ = false;
  std::optional<sockaddr_in> server_;
};

}  // namespace godwit::kill_loop
