#pragma once

#include "link.hpp"
#include "session_model.hpp"

#include <godwit/mqtt/packets.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace godwit::sim {

/// One message that somebody published, or a will that was left.
struct published {
  std::string topic{};
  std::string payload{};
  mqtt::qos quality = mqtt::qos::at_most_once;
  bool retain = false;
  bool is_will = false;
  std::size_t publisher = 0;    ///< one session of one client
  unsigned sends = 0;           ///< how often PUBLISH went out
  bool is_unsure = false;       ///< sent again in what may be another session: another message then
  stamp first_sent = never;     ///< a will: when its CONNECT was sent
  base::steady_time sent_at{};  ///< the same, in time
  stamp acked = never;          ///< PUBACK, or PUBREC, seen by the publisher
  stamp forbidden_since = never;  ///< a will that DISCONNECT withdrew
  stamp due_since = never;        ///< a will that must be published
  stamp withdrawn_since = never;  ///< a will whose client came back after the broker's restart
  std::shared_ptr<const link> left_by{};  ///< a will: the connection that it belongs to
  std::size_t persona = 0;                ///< whose it is
  // MQTT 5
  std::uint32_t expiry_s = 0;    ///< 0 = none; such a message is not owed to anybody
  base::steady_time acked_at{};  ///< with `acked`
  std::uint32_t delay_s = 0;     ///< of a will
  bool ends_early = false;       ///< a will whose session may have ended before its delay
  base::steady_time ended_at{};  ///< a will with a delay: when its connection ended
  stamp ended = never;           ///< the same
  stamp back_in_time = never;    ///< its client came back before the delay had passed
};

/// Judges what clients receive. It knows what clients sent and saw, nothing of the broker, and
/// keeps plain lists. Whatever it cannot know counts in the broker's favour.
class oracle {
 public:
  oracle(context& c, std::size_t personas, std::size_t inflight_max);

  [[nodiscard]] session_model& session(std::size_t persona) { return sessions_.at(persona); }

  // What clients do
  message_index new_message(published m);
  [[nodiscard]] published& message(message_index m) { return messages_.at(m); }
  void on_sent(message_index m);
  void on_acked(message_index m);
  void on_crash();
  void on_restart();
  /// The broker says that the connection which left this will ended, in a turn that began then.
  void on_end(message_index will, std::string_view reason, stamp turn_began);
  /// The client has a new connection: a will that met the broker's end is not published any more.
  void withdraw(const std::vector<message_index>& wills);
  /// The broker says that this client is connected.
  void on_connected(std::string_view client);
  /// The client asks for a new session: what waited for its delay comes at once.
  void on_clean_start(std::size_t persona);
  [[nodiscard]] stamp last_crash() const { return crashes_.empty() ? 0 : crashes_.back(); }

  // What clients see
  struct arrival {
    const mqtt::publish_view& publish;
    stamp connected = 0;             ///< CONNACK of this connection
    bool id_known = false;           ///< QoS 2: the client has this id already
    bool shared = false;             ///< the client is only a member of shared groups
    std::size_t unacknowledged = 0;  ///< by this client, this one included
    std::size_t receive_maximum = 65'535;
    base::steady_time asked_at{};  ///< when CONNECT was sent
    bool is_v5 = false;
    bool gives_identifiers = false;  ///< and so must find them
  };
  /// The message if it is one that is known.
  std::optional<message_index> on_publish(std::size_t persona, const arrival& a);

  // The end: everything has been delivered that ever will be
  void check_delivered();
  void check_groups();
  void check_wills();
  /// What a new subscriber of "#" was sent as retained, by topic.
  void check_retained(const std::map<std::string, std::string>& replayed);

  [[nodiscard]] std::size_t deliveries() const noexcept { return deliveries_; }
  [[nodiscard]] std::vector<std::string> retained_topics() const;

 private:
  struct group_receipt {
    std::size_t persona = 0;
    unsigned epoch = 0;
    mqtt::qos quality{};
  };

  [[nodiscard]] bool may_match(std::size_t persona, const published& m) const;
  void check_expiry(std::size_t persona, message_index m, const arrival& a) const;
  void check_identifiers(std::size_t persona, message_index m, const arrival& a) const;
  void check_delay(const std::string& who, message_index m) const;
  [[nodiscard]] bool is_first_way(std::size_t persona, const published& m) const;
  [[nodiscard]] bool certainly_before(const published& a, const published& b) const;
  [[nodiscard]] bool is_superseded(const published& m, stamp at) const;
  [[nodiscard]] std::size_t crashes_since(stamp s) const;
  void check_will(const std::string& who, message_index m) const;
  void check_live_against_replay(std::size_t persona, message_index m) const;
  [[nodiscard]] bool has_one_subscription(const session_model& s, const published& m) const;
  [[nodiscard]] std::string name_of(message_index m) const;
  void check_qos(std::size_t persona, message_index m, mqtt::qos got);
  void on_live(std::size_t persona, message_index m, const arrival& a);
  void on_replay(std::size_t persona, message_index m, const arrival& a);
  void on_shared(std::size_t persona, message_index m, mqtt::qos got);
  void check_group(const std::string& filter);
  [[nodiscard]] bool handed_on_for_a_reason(const std::string& filter, message_index m) const;

  context& context_;
  std::size_t inflight_max_;
  std::vector<session_model> sessions_;
  std::vector<published> messages_;
  std::map<std::string, message_index> by_payload_;
  std::vector<stamp> crashes_;
  std::vector<stamp> restarts_;  ///< crashes among them
  base::steady_time restarted_at_{};
  std::map<std::string, std::map<message_index, std::vector<group_receipt>>> groups_;
  std::size_t deliveries_ = 0;
};

}  // namespace godwit::sim
