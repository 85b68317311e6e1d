#pragma once

#include "findings.hpp"
#include "session_book.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace godwit::kill_loop {

using message_id = std::uint64_t;
using session_index = std::size_t;

/// One message that somebody publishes.
struct message {
  std::uint32_t publisher = 0;
  std::uint32_t topic = 0;  ///< index into the topics of the run
  std::uint8_t qos = 1;     ///< 1 or 2
  bool retain = false;
  bool clears = false;       ///< empty: removes the topic's retained message
  unsigned sends = 0;        ///< how often PUBLISH went out
  bool unsure = false;       ///< its publisher's session was lost: it may be two messages now
  stamp first_sent = never;  ///< never: not sent yet
  stamp acked = never;       ///< PUBACK or PUBREC seen
};

/// What a session was sent.
struct arrival {
  std::string_view topic{};
  std::string_view payload{};
  std::uint8_t qos = 0;
  bool retain = false;
  bool dup = false;
  bool repeated = false;  ///< QoS 2, and the client has not released this packet id yet
};

/// Judges deliveries. It knows what clients sent and saw, nothing of the broker; what it cannot
/// know counts in the broker's favour. Wills and the state of retained messages have books of
/// their own.
class books {
 public:
  books(findings& found, std::vector<std::string> topics);

  /// The next moment.
  stamp mark() { return ++now_; }
  [[nodiscard]] stamp now() const { return now_; }
  void on_kill() { kills_.push_back(mark()); }
  [[nodiscard]] std::size_t kills_since(stamp s) const;

  session_index add_session(std::string client_id);
  [[nodiscard]] session_book& session(session_index s) { return sessions_[s].book; }
  [[nodiscard]] const std::string& client_id(session_index s) const { return sessions_[s].client; }
  /// It was deleted: its messages do not count any more. Call before its book is told.
  void on_session_over(session_index s);
  /// The broker has lost it: what is owed to it is lost. Call before its book is told.
  void on_session_lost(session_index s);

  [[nodiscard]] const std::vector<std::string>& topics() const { return topics_; }
  message_id new_message(message m);
  [[nodiscard]] const message& at(message_id m) const { return messages_[m - base_]; }
  [[nodiscard]] std::string payload_of(message_id m) const;
  void on_sent(message_id m);
  void on_acked(message_id m);
  void on_unsure(message_id m) { messages_[m - base_].unsure = true; }

  void on_arrival(session_index who, const arrival& a);

  /// Everything has been delivered that ever will be: what is missing is lost.
  void check_owed();
  /// Forgets all messages, so that memory stays bounded. None may be under way.
  void forget_messages();

  [[nodiscard]] std::uint64_t acked() const { return acked_; }
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }

 private:
  struct receipt {
    std::uint16_t all = 0;
    std::uint16_t fresh = 0;    // QoS 1 with DUP 0
    std::uint16_t exactly = 0;  // QoS 2, repetitions of a packet id aside
  };
  using stream = std::tuple<std::uint32_t, std::uint32_t, std::uint8_t>;  // publisher, topic, QoS
  struct session_state {
    std::string client;
    session_book book;
    std::unordered_map<message_id, receipt> got;
    std::map<stream, message_id> newest;
  };
  struct group_state {
    std::unordered_set<message_id> seen;
    std::unordered_map<message_id, session_index> exactly;
    bool has_leavers = false;
  };
  /// A session, or a whole group, that must have a topic's messages from a moment on.
  struct claim {
    session_index session = 0;
    const group_state* group = nullptr;
    std::uint8_t qos = 1;
    stamp since = 0;
  };

  [[nodiscard]] std::string name_of(message_id m) const;
  [[nodiscard]] bool is_known(session_index who, const arrival& a, message_id& m);
  [[nodiscard]] const subscription* reason_for(session_index who, message_id m, bool is_replay);
  void count(session_index who, message_id m, const arrival& a, const subscription& why);
  void check_order(session_index who, message_id m, const subscription& why);
  [[nodiscard]] std::vector<std::vector<claim>> claims_by_topic();
  void check_claim(const claim& c, message_id m);

  findings& found_;
  std::vector<std::string> topics_;
  stamp now_ = 0;
  std::vector<stamp> kills_;
  std::vector<session_state> sessions_;
  std::map<std::string, group_state> groups_;
  message_id base_ = 1;
  std::vector<message> messages_;
  std::uint64_t acked_ = 0;
  std::uint64_t deliveries_ = 0;
};

}  // namespace godwit::kill_loop
