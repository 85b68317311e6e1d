#pragma once

#include "link.hpp"
#include "oracle.hpp"
#include "plan.hpp"

#include <godwit/mqtt/frame_reader.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::sim {

/// One scripted client that keeps to the standard: it keeps its own half of the session,
/// acknowledges in order, sends again what was not answered, and tells the oracle what it does and
/// sees. How fast, and when it goes away, is left to chance.
class persona {
 public:
  /// Makes a connection that some shard will accept.
  using dial = std::function<std::shared_ptr<link>(const std::string& name)>;

  persona(context& c, oracle& o, const persona_plan& p, std::size_t number, dial connect);

  /// Does something, or nothing.
  void act();
  /// What a good client does when nobody disturbs it: stays connected, answers everything.
  /// True if there was something to do.
  bool behave();
  /// Subscribes, publishes and pings no more; used while everything settles.
  bool connect(bool clean, bool with_will);
  void disconnect();
  void ping_if_due();
  /// A new connection while the old one may be alive. False: it would not be understood.
  bool take_over();
  /// Sends nothing until `speak_again`, whatever comes.
  void fall_silent() { is_silent_ = true; }
  void speak_again() { is_silent_ = false; }
  /// The network brought bytes from the broker.
  void on_bytes(const link& from, base::bytes_view bytes);
  /// Did the connection end? Call whenever that may be.
  void look();

  [[nodiscard]] bool is_up() const noexcept { return phase_ == phase::up; }
  [[nodiscard]] bool is_idle() const noexcept { return phase_ == phase::none; }
  [[nodiscard]] bool has_open_business() const noexcept;
  /// A QoS 0 PUBLISH may still wait to be routed, and the connection is not read meanwhile. Only an
  /// answer to something that was sent later shows that it is over.
  [[nodiscard]] bool may_be_held() const noexcept { return may_be_held_; }
  [[nodiscard]] const std::shared_ptr<link>& current() const noexcept { return link_; }
  [[nodiscard]] const persona_plan& what() const noexcept { return plan_; }
  [[nodiscard]] session_model& session() { return oracle_.session(number_); }
  [[nodiscard]] std::string open_business() const;
  /// A QoS 1 publish that must come through; for the end.
  void publish(const std::string& topic, mqtt::qos quality, bool retain, bool clear);

 private:
  enum class phase : std::uint8_t { none, connecting, up };
  enum class progress : std::uint8_t { published, received };
  struct outgoing {
    message_index message = 0;
    std::uint16_t id = 0;
    progress at = progress::published;
  };
  struct request {
    std::string filter{};
    mqtt::qos quality = mqtt::qos::at_most_once;
    bool is_subscribe = true;
    std::uint64_t number = 0;
    bool no_local = false;
    bool wants_retained = true;
  };
  struct answer {
    mqtt::packet_type type{};
    std::uint16_t id = 0;
    mqtt::reason_code code = mqtt::reason_code::success;
  };
  using ids = std::deque<std::uint16_t>;

  void note(const std::string& text);
  [[nodiscard]] bool may_connect(bool clean);
  void send_request(request r);
  void judge_close();
  void on_answer();
  void send(const base::bytes& packet);
  void drop_link();
  void start_session_over();
  void on_connection_end();
  [[nodiscard]] std::uint16_t free_id() const;
  void subscribe();
  void unsubscribe();
  void send_publish(const outgoing& o, bool dup);
  void resend_all();
  void answer_some(std::size_t count);
  void repeat_publish();
  void make_trouble();
  [[nodiscard]] mqtt::qos any_qos();

  // MQTT 5 (persona_v5.cpp)
  [[nodiscard]] bool is_v5() const noexcept { return plan_.version == mqtt::protocol_version::v5; }
  [[nodiscard]] base::bytes connect_properties(bool clean) const;
  [[nodiscard]] base::bytes will_properties() const;
  [[nodiscard]] base::bytes publish_properties(const published& m) const;
  [[nodiscard]] base::bytes subscribe_properties(std::string_view filter) const;
  [[nodiscard]] std::optional<std::string_view> topic_of(const mqtt::publish_view& p);
  void on_refusal(const mqtt::ack_view& p);
  [[nodiscard]] mqtt::reason_code any_answer();

  void on_packet(const mqtt::packet_view& p);
  void on_connack(const mqtt::connack_view& p);
  void on_publish(const mqtt::publish_view& p);
  void on_ack(const mqtt::ack_view& p);
  void on_suback(const mqtt::suback_view& p);
  void expect_in_order(ids& expected, std::uint16_t id, const char* what);
  outgoing* find_outgoing(std::uint16_t id);

  context& context_;
  oracle& oracle_;
  persona_plan plan_;
  std::size_t number_;
  dial dial_;

  // The client's half of the session
  std::deque<outgoing> outgoing_;
  std::map<std::uint16_t, message_index> received_ids_;  ///< QoS 2, until PUBREL
  std::uint16_t last_id_ = 0;

  // The connection
  std::shared_ptr<link> link_;
  std::size_t connections_ = 0;
  /// Given up before CONNACK, and the broker may still come to their CONNECT.
  struct ghost {
    std::shared_ptr<link> connection{};
    bool clean = false;
  };
  std::vector<ghost> ghosts_;
  phase phase_ = phase::none;
  bool clean_ = true;
  /// A clean session was asked for, so the old one is forgotten here; until the broker confirms it,
  /// nothing else will do.
  bool wants_clean_ = false;
  /// A session is present that a CONNECT given up may have made anew after the old one expired.
  bool is_unsure_ = false;
  session_model::existence expected_ = session_model::existence::unknown;
  base::bytes input_;
  stamp connected_ = 0;
  stamp asked_ = 0;  ///< when CONNECT was sent
  base::steady_time asked_at_{};
  std::uint16_t receive_maximum_ = 0;             ///< said on this connection; 0 = not said
  std::map<std::uint32_t, std::string> aliases_;  ///< that the broker gave on this connection
  bool got_goodbye_ = false;                      ///< DISCONNECT came; nothing may follow
  base::steady_time last_sent_{};
  base::steady_time last_alive_{};
  base::steady_time alive_before_{};  ///< the same of the connection before
  stamp last_connack_ = 0;
  std::optional<message_index> will_;
  std::vector<message_index> wills_left_;  ///< of the connections before
  bool disconnect_sent_ = false;
  bool was_all_answered_ = false;
  std::map<std::uint16_t, request> requests_;
  std::map<std::string, std::uint64_t> newest_request_;  ///< of a filter
  std::deque<answer> answers_;
  std::map<std::uint16_t, mqtt::qos> unacknowledged_;  ///< ids the broker has in flight to us
  ids expected_pubacks_;
  ids expected_pubrecs_;
  ids expected_pubcomps_;
  std::size_t pings_ = 0;
  bool may_be_held_ = false;
  bool is_silent_ = false;
  std::size_t answers_before_ = 0;  ///< to what was sent before the newest QoS 0 PUBLISH
};

}  // namespace godwit::sim
