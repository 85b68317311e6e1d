#pragma once

#include "connection.hpp"
#include "durable_wait.hpp"
#include "mailbox.hpp"
#include "memory_sweep.hpp"
#include "pending.hpp"
#include "replay.hpp"
#include "routed_message.hpp"
#include "session_slot.hpp"
#include "spilled_bodies.hpp"
#include "sys_state.hpp"
#include "takeover_damper.hpp"
#include "tentative_entries.hpp"
#include "timers.hpp"

#include <godwit/base/seeded_bug.hpp>
#include <godwit/base/seeded_hash.hpp>
#include <godwit/base/work_list.hpp>
#include <godwit/broker/history.hpp>
#include <godwit/broker/shard.hpp>
#include <godwit/mqtt/decode.hpp>
#include <godwit/mqtt/encode.hpp>
#include <godwit/mqtt/topic.hpp>
#include <godwit/mqtt/version_policy.hpp>
#include <godwit/routing/retained_index.hpp>
#include <godwit/routing/router.hpp>
#include <godwit/routing/shared_groups.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <deque>
#include <queue>
#include <set>
#include <unordered_map>

namespace godwit::broker {

/// A session that has ended keeps its place for a while, but not its client id.
enum class session_kind : std::uint8_t { named, nameless };

/// What of a subscription routing has to know (on_subscribe.cpp).
[[nodiscard]] routing::subscription_options routed(const store::subscription_terms& t) noexcept;

/// The state of one shard and all that happens in it; the member functions are spread over one file
/// per subject. Handlers never end a connection or a session while a list of matches is walked:
/// they doom it, and `bury_doomed` ends it afterwards.
struct shard_engine {
  shard_engine(routing::shard_id id, const shard_options& o, const shard_ports& p);

  // ---- the turn (turn.cpp)
  void begin_turn(base::moment t);
  void end_turn();
  void on_timer(const timer_payload& due);
  [[nodiscard]] bool wants_turn() const noexcept;
  void stop();
  [[nodiscard]] bool stopped() const noexcept;
  void adopt(const shard_options& fresh);  ///< (adopt.cpp)
  void settle();  ///< until nothing is left to do in this turn but to write and post
  base::timer_token arm(base::steady_time at, timer_kind kind, std::uint32_t index,
                        std::uint32_t generation);

  // ---- what the store found (recovery.cpp)
  void restore(store::restored_session&& r, std::span<shard_engine* const> shards);
  void restore(store::restored_will&& w);
  void restore(const base::ref<const mqtt::message>& retained);

  // ---- the disk (disk.cpp)
  void submit_batch();
  /// The open batch makes or ends the persistent session of this client. Until it is durable, no
  /// CONNACK of the client may leave, whatever it says of the session.
  void note_unsettled(const std::string& client_id);
  /// None if what was written of the client's session is durable.
  [[nodiscard]] session::batch_number unsettled_batch(std::string_view client_id) const;
  void release_durable();
  [[nodiscard]] bool is_durable(const pending_operation& p, store::ticket durable) const noexcept;
  /// The ticket of an own batch: 0 if it is durable. The batch must have been submitted.
  [[nodiscard]] store::ticket ticket_of(session::batch_number batch) const noexcept;
  void wait_for(store::ticket t, durable_wait w);
  void wait_for(session::batch_number b, durable_wait w);
  void run(const durable_wait& w);

  // ---- bodies that lie in the store only (bodies.cpp)
  /// A message was added: if its client is away or memory full, its body goes once it is durable.
  void note_body(session_handle h, const session_slot& s, store::log_position position) {
    if (s.is_persistent() && (bodies_.is_over() || (bodies_.limit != 0 && !s.connection))) {
      to_spill_.push_back({h, position, records_.open_batch()});
    }
  }
  void spill_durable();
  void want_bodies(session_handle h, session_slot& s);
  void want_bodies_to_share(session_handle h, session_slot& s);
  void fetch(session_handle h, session_slot& s, session::message_log::page&& page);
  void take_bodies();
  void on_bodies(store::fetched&& answer);

  // ---- what the store can take (store_gate.cpp)
  void look_at_store();
  [[nodiscard]] bool has_store_changed() const noexcept;
  [[nodiscard]] bool is_disk_low() const noexcept { return store_state_ != store::condition::good; }
  [[nodiscard]] store_wait store_wait_of(const mqtt::message_fields& m);
  [[nodiscard]] bool may_become_durable(const mqtt::message_fields& m);
  void park_for_store(connection_handle h, connection& c, routed_message& m, mqtt::packet_id id,
                      store_wait what);
  void set_store_wait(connection_handle h, connection& c, store_wait what);
  void retry_for_store(connection_handle h, connection& c);
  void refuse_parked(const parked_publish& p, const session::close_reason& reason);
  void on_low_disk_hold(connection_handle h);

  // ---- connections (connections.cpp)
  connection_token open(transport_id id, peer_info peer);
  void on_bytes(connection_token token, base::bytes_view bytes);
  void on_writable(connection_token token);
  void on_closed(connection_token token, transport_end how);
  [[nodiscard]] connection* find(connection_token token) noexcept;
  void resume_input(connection_handle h);
  [[nodiscard]] std::size_t consume(connection_handle h, base::bytes_view bytes);
  enum class handled : std::uint8_t { yes, not_yet, ended };
  handled handle(connection_handle h, connection& c, const mqtt::frame& f);
  void fail(connection_handle h, const mqtt::protocol_error& error);
  void doom(connection_handle h, session::close_reason reason);
  void end_connection(connection_handle h, const session::close_reason& reason);
  void forget(connection_handle h);
  void bury_doomed();
  [[nodiscard]] bool is_held_back(const connection& c) const noexcept;
  void update_reading(connection_handle h, connection& c);
  void list_for_input(connection_handle h, connection& c);
  void go_on_reading(connection_handle h, connection& c);
  void on_paused_read(connection_handle h);
  void log_close(const connection& c, const session_slot* s, const session::close_reason& reason);

  // ---- DISCONNECT, both ways (on_disconnect.cpp)
  handled on_disconnect(connection_handle h, connection& c, const mqtt::frame& f);
  void say_goodbye(connection_handle h, connection& c, const session::close_reason& reason);

  // ---- output (output.cpp)
  [[nodiscard]] output_queue& output(connection_handle h, connection& c);
  [[nodiscard]] std::size_t unsent(const connection& c) const noexcept {
    return c.output ? c.output->size() : 0;
  }
  void send_answers(connection_handle h, connection& c);
  void answer_now(connection_handle h, connection& c, answer a);
  void flush_all();
  void flush(connection_handle h, connection& c);
  void time_stalled_reader(connection_handle h, connection& c);
  void count_sent(mqtt::packet_type type) noexcept;
  void write_answer(connection_handle h, connection& c, const answer& a);

  // ---- PUBLISH out (publish_out.cpp)
  enum class written : std::uint8_t { yes, too_large };
  written write_publish(connection_handle h, connection& c, const outgoing_copy& o);
  [[nodiscard]] mqtt::properties_view compose_properties(const outgoing_copy& o,
                                                         std::uint16_t alias);
  void deliver_now(session_slot& s, connection& c, routed_message& m, const copy_terms& how);
  void queue_unassured(session_handle h, session_slot& s, routed_message& m, const copy_terms& how);

  // ---- CONNECT (on_connect.cpp)
  void start_authentication(connection_handle h);
  void authenticated(connection_handle h, auth::verdict v);
  void admit(connection_handle h, connection& c, const mqtt::connect_view& p,
             std::string_view client_id, auth::verdict login);
  void refuse(connection_handle h, const mqtt::protocol_error& error,
              std::optional<observe::connect_refusal> counted = {});
  [[nodiscard]] bool may_take_over(connection_handle h, const connection& c, std::string_view id);
  void accepted(connection_handle h, connection& c);
  void on_moved(mail::connection&& m);
  [[nodiscard]] session_handle begin_session(const mqtt::connect_view& p,
                                             std::string_view client_id, auth::principal who,
                                             bool& waits);
  void resume_session(session_slot& s, const mqtt::connect_view& p, bool& waits);
  bool set_expiry(session_slot& s, std::uint32_t expiry_s, bool as_asked);
  [[nodiscard]] std::string make_client_id();

  // ---- enhanced authentication (on_auth.cpp)
  void start_exchange(connection_handle h, const auth::credentials& asked,
                      const mqtt::connect_view& p, std::size_t connect_size);
  handled on_auth(connection_handle h, connection& c, const mqtt::frame& f);
  handled on_login_packet(connection_handle h, connection& c, const mqtt::frame& f);
  void finish_exchange(connection_handle h);
  [[nodiscard]] bool reauthenticated(connection_handle h, connection& c, auth::verdict v);
  [[nodiscard]] bool write_auth(connection_handle h, connection& c, mqtt::reason_code code,
                                base::bytes_view data);

  // ---- logins (logins.cpp)
  [[nodiscard]] auth::credentials credentials_of(const connection& c) const noexcept;
  void arm_login_expiry(connection_handle h, const auth::principal& who);
  void on_login_expiry(connection_handle h);
  void review();
  void arm_keep_alive(connection_handle h, connection& c);
  void on_deadline(connection_handle h);

  // ---- sessions (sessions.cpp)
  [[nodiscard]] session_handle find_session(std::string_view client_id) noexcept;
  [[nodiscard]] session_slot* find(session_handle h) noexcept { return sessions_.find(h); }
  session_handle create_session(std::string_view client_id, auth::principal owner,
                                mqtt::protocol_version v, store::session_number number,
                                session_kind kind = session_kind::named);
  void detach(session_handle h, session_slot& s, const session::close_reason& reason);
  void end_session(session_handle h, session_slot& s);
  void leave_groups(session_handle h, session_slot& s);
  void forget_some(session_handle h, session_slot& s);
  void forget_subscriptions();
  void erase_if_over(session_handle h);
  void continue_handover(session_handle h, session_slot& s);
  void tell_groups(session_handle h, const session_slot& s, bool connected);
  [[nodiscard]] std::uint32_t report_load(session_slot& s);
  void report_progress(session_handle h, session_slot& s);
  void leave_group(session_handle h, std::string_view share, pending_id pending);
  void release_held(session_slot& s);
  void list_for_pump(session_handle h, session_slot& s);
  void pump(session_handle h);
  void go_on_pumping(connection& c);
  [[nodiscard]] bool may_receive(const session_slot& s, std::string_view topic) const noexcept;
  void withhold(session_handle h, session_slot& s, const session::outgoing& o);
  void drop_too_large(session_handle h, session_slot& s);
  [[nodiscard]] session::message_log::pump_rules pump_rules(const session_slot& s) const noexcept;
  [[nodiscard]] routing::group_member member(session_handle h) const noexcept;

  // ---- PUBLISH in (on_publish.cpp)
  handled on_publish(connection_handle h, connection& c, const mqtt::frame& f);
  void start_publish(connection_handle h, connection& c, routed_message& m, mqtt::packet_id id);
  void route_publish(connection_handle h, connection* c, session_handle sh, routed_message& m,
                     mqtt::packet_id id, const disk_needs& needs);
  void route_unanswered(routed_message& m, const routing::resolution& r, session_handle publisher);
  void park(connection_handle h, connection& c, routed_message& m, mqtt::packet_id id,
            pending_id retaining, const disk_needs& needs);
  void release_parked(connection_handle h, connection& c, const session::close_reason& reason);
  void late_publish_done(session_handle h);
  void retry_parked();
  void unpark(connection_handle h, connection& c);
  void answer_publish(connection_handle h, connection& c, mqtt::qos quality, mqtt::packet_id id,
                      mqtt::reason_code code, const char* what = nullptr);
  [[nodiscard]] std::optional<mqtt::protocol_error> judge_publish(connection& c,
                                                                  const mqtt::publish_view& p,
                                                                  std::string_view& topic);
  [[nodiscard]] std::optional<std::uint32_t> expiry_of(const mqtt::properties_view& said,
                                                       std::string_view topic) const;
  handled deny_publish(connection_handle h, connection& c, const mqtt::publish_view& p,
                       std::string_view topic, const char* rule);

  // ---- how fast clients publish (publish_pace.cpp)
  void charge_publish(connection_handle h, connection& c, std::size_t size);
  [[nodiscard]] bool waits_for_memory(connection_handle h, connection& c);
  [[nodiscard]] observe::memory_level memory_level() const noexcept {
    return ports.memory == nullptr ? observe::memory_level::enough : ports.memory->level();
  }
  void on_publish_pace(connection_handle h);

  // ---- routing (route.cpp)
  [[nodiscard]] bool may_route(const routing::resolution& r) const noexcept;
  void deliver_local(routed_message& m, const routing::resolution& r, mqtt::message_number commit,
                     session_handle publisher, delivery& d);
  [[nodiscard]] static bool is_publisher(session_handle h, const session_slot& s,
                                         const routed_message& m,
                                         session_handle publisher) noexcept;
  void deliver_to_publisher(session_handle h, session_slot& s, routed_message& m,
                            mqtt::message_number commit, delivery& d);
  void deliver_groups(routed_message& m, std::span<const routing::group_id> groups,
                      mqtt::message_number commit, pending_id pending, delivery& d);
  bool share_to_member(routed_message& m, mqtt::qos quality, routing::group_id group,
                       const std::optional<routing::group_member>& except,
                       mqtt::message_number commit, pending_id pending, delivery& d);
  void deliver_share(session_handle h, session_slot& s, routed_message& m,
                     const routing::subscription_options& o, std::string_view share,
                     mqtt::message_number commit, delivery& d);
  void deliver(session_handle h, session_slot& s, routed_message& m, copy_terms how, delivery& d);
  bool make_room(session_slot& s, std::size_t size);
  void count_dropped(session_slot& s, observe::drop_reason why, const session::tally& t,
                     bool was_in_log);
  void count_expired(session_slot& s, const session::tally& t);
  void hold_for_slow(const delivery& d, pending_id pending);
  /// A message of the broker itself: a will (then with its number), `$SYS`.
  void publish_own(base::ref<const mqtt::message> m, mqtt::message_number will,
                   session_handle publisher);
  void route_own(base::ref<const mqtt::message> m, mqtt::message_number will,
                 session_handle publisher);

  // ---- operations that wait (pending.cpp)
  [[nodiscard]] pending_id make_pending(pending_goal then);
  [[nodiscard]] pending_operation* find_pending(pending_id id) noexcept;
  void erase_pending(pending_id id);
  void part_done(pending_id id);
  void collected(pending_id id, pending_operation& p);
  void commit_in_order(session_handle h);
  void go_on(pending_id id, pending_operation& p);
  void complete(pending_id id);
  void write_commit(pending_operation& p);
  void announce_commit(const pending_operation& p);
  void reply_receipt(const pending_operation& p, const goal::receipt& to);
  void finish_handover(pending_operation& p, const goal::handover& to);
  void hold_tentative(mqtt::message_number commit, session_handle h, store::log_position position);
  void commit_tentative(mqtt::message_number commit);
  void on_commit_known(mqtt::message_number commit, store::ticket t);

  // ---- acknowledgements (on_acks.cpp)
  handled on_ack(connection_handle h, connection& c, const mqtt::frame& f);
  void took_acknowledgement(connection& c, session_slot& s);
  void on_retry(connection_handle h);
  void arm_retry(connection_handle h, connection& c);

  // ---- SUBSCRIBE and UNSUBSCRIBE (on_subscribe.cpp)
  handled on_subscribe(connection_handle h, connection& c, const mqtt::frame& f);
  handled on_unsubscribe(connection_handle h, connection& c, const mqtt::frame& f);
  template <class View>
  [[nodiscard]] bool may_begin(connection_handle h, const mqtt::result<View>& request);
  void begin_request(connection_handle h, connection& c, mqtt::packet_type type, mqtt::packet_id id,
                     std::size_t bytes);
  [[nodiscard]] bool goes_on(const partial_request& work, std::string_view filter) noexcept;
  handled end_turn_of_request(connection_handle h, connection& c);
  mqtt::reason_code unsubscribe(session_handle h, partial_request& work, const std::string& filter);
  /// What one filter of a SUBSCRIBE gets: a granted QoS, or a failure and why.
  struct filter_answer {
    mqtt::reason_code code = mqtt::reason_code::success;
    const char* what = nullptr;
  };
  [[nodiscard]] filter_answer subscribe(connection_handle c, session_handle h, session_slot& s,
                                        const mqtt::subscription_request& r,
                                        std::uint32_t identifier, bool is_repeated,
                                        pending_id pending, bool& wrote);
  [[nodiscard]] std::optional<filter_answer> judge_filter(
      connection_handle h, const session_slot& s, const mqtt::subscription_request& r,
      std::string_view filter, std::uint32_t identifier, mqtt::qos& quality_max);
  void join_group(session_handle h, const mqtt::filter_parts& parts,
                  const store::subscription_terms& terms, pending_id pending);

  // ---- retained messages (retained.cpp)
  retained_where retain(const base::ref<const mqtt::message>& m);
  void count_retained(const mqtt::message& m, bool is_kept);
  void forget_cleared(std::uint64_t version);
  enum class replay_of : std::uint8_t { new_subscription, known_subscription };
  void start_replay(session_handle h, session_slot& s, std::string_view filter,
                    const store::subscription_terms& terms, replay_of what);
  void expect_expiry(const mqtt::message& m);
  void forget_expiry(const mqtt::message& m);
  void arm_retained_expiry();
  void drop_expired_retained();
  void settle_replay(replay_handle r);
  void set_stage(replay& p, replay::stage to);
  [[nodiscard]] bool is_superseded(const session_slot& s, const mqtt::message_fields& m) const;
  void ask_for_retained(session_handle h, const session_slot& s);
  [[nodiscard]] replay* next_to_ask(session_replays& all);
  [[nodiscard]] bool are_due(const session_replays& all) const noexcept;
  void list_replays(session_handle h, session_replays& all);
  void drop_unasked_replays(session_slot& s);
  void ask_page(replay_handle r, routing::shard_id from, std::optional<std::string> after);
  void on_page(replay_handle r, routing::shard_id from, mail::retained_page&& page);
  void continue_replays();
  void continue_replays(session_handle h);
  [[nodiscard]] session_replays* replays_of(session_handle h) noexcept;
  void end_replay(replay_handle r);
  void end_replay(session_handle h, std::string_view filter);
  void note_live(session_slot& s, const mqtt::message_fields& m);
  [[nodiscard]] bool has_room(const session_slot& s) const noexcept;
  [[nodiscard]] bool has_many_replays(const session_slot& s) const noexcept;
  [[nodiscard]] bool may_ask(const session_slot& s) const noexcept;

  // ---- room for retained messages (retained_room.cpp)
  [[nodiscard]] bool has_room_to_retain(const mqtt::message& m);
  [[nodiscard]] bool refuse_retained(connection_handle h, connection* c, session_handle publisher,
                                     const mqtt::message& m, mqtt::packet_id id);

  // ---- wills (wills.cpp)
  void store_will(session_slot& s, const mqtt::connect_view& p, const mqtt::will_view& w,
                  std::string_view topic);
  void drop_will(session_slot& s);
  void publish_will(session_handle h, session_slot& s);
  void delay_will(session_handle h, session_slot& s);
  void cancel_delayed_will(session_slot& s);
  void send_will(const mqtt::message& stored, session_handle publisher);
  void send_restored_will(std::string_view client_id, const mqtt::message& m);
  [[nodiscard]] bool may_send_will(const auth::principal& who, std::string_view client_id,
                                   const mqtt::message& m);
  void drop_restored_wills(std::string_view client_id);
  void publish_restored_wills();
  void end_restored_wills(std::string_view client_id);
  void arm_restored_wills();

  // ---- mail (mail_handlers.cpp)
  void run_mail();
  void take_in(pending_operation& op, const delivery& d) noexcept;
  void on_letter(routing::shard_id from, mail::publish&& m);
  void on_letter(routing::shard_id from, mail::retain&& m);
  void on_letter(routing::shard_id from, mail::retained_query&& m);
  void on_letter(routing::shard_id from, mail::group_join&& m);
  void on_letter(routing::shard_id from, mail::group_leave&& m);
  void on_letter(routing::shard_id from, mail::group_presence&& m);
  void on_letter(routing::shard_id from, mail::share_return&& m);
  void on_letter(routing::shard_id from, mail::connection&& m);
  void on_letter(routing::shard_id from, mail::share_deliver&& m);
  void on_letter(routing::shard_id from, mail::receipt&& m);
  void on_letter(routing::shard_id from, mail::commit&& m);
  void on_letter(routing::shard_id from, mail::retained_page&& m);
  void on_letter(routing::shard_id from, mail::group_answer&& m);
  void on_letter(routing::shard_id from, mail::share_answer&& m);
  void on_letter(routing::shard_id from, mail::credit&& m);
  void leave_here(std::string_view group, std::string_view filter,
                  const routing::group_member& member);
  void join_here(std::string_view group, std::string_view filter,
                 const routing::group_member& member, const routing::subscription_options& o);
  void return_share(pending_id pending, std::string_view share, mqtt::qos quality,
                    const base::ref<const mqtt::message>& m, const routing::group_member& from,
                    mqtt::message_number commit);
  void sweep_memory();
  // ---- for operators (sys_publisher.cpp, client_events.cpp; inspection.cpp asks and tells)
  void publish_sys();
  void note_client(history_entry entry);

  // ---- helpers
  [[nodiscard]] static std::uint64_t token_of(connection_handle h) noexcept {
    return (std::uint64_t{h.generation} << 32) | h.index;
  }
  [[nodiscard]] static connection_handle handle_of(connection_token t) noexcept {
    return {static_cast<std::uint32_t>(t), static_cast<std::uint32_t>(t >> 32)};
  }
  [[nodiscard]] mqtt::message_number next_number();
  [[nodiscard]] base::wall_time oldest_allowed() const noexcept;
  void log(observe::log_level level, std::string_view event,
           std::initializer_list<observe::log_field> fields);
  /// What clients can cause as often as they like: a few lines a second, and a count of the rest.
  void log_refusal(std::string_view event, std::initializer_list<observe::log_field> fields,
                   observe::log_level level = observe::log_level::info);
  [[nodiscard]] routing::shard_mask bit(routing::shard_id s) const noexcept {
    return routing::shard_mask{1} << s.value();
  }

  routing::shard_id self;
  shard_options options;
  shard_ports ports;
  base::moment now;
  session::body_budget bodies_;  ///< the logs point to it
  base::slab<connection> connections_;
  base::slab<session_slot> sessions_;
  boost::unordered_flat_map<std::string_view, session_handle, base::seeded_string_hash>
      by_client_id_{0, {options.hash_seed()}};
  takeover_damper takeovers_;
  base::slab<pending_operation> pending_;
  base::slab<replay> replays_;
  base::timer_wheel<timer_payload> timers_;
  routing::router router_;
  routing::retained_index retained_;
  routing::shared_groups groups_;
  mailbox mailbox_;
  session::recorder records_;
  std::unordered_map<std::string, session::batch_number> unsettled_;  ///< by client id
  std::deque<std::pair<session::batch_number, std::string>> unsettled_order_;
  session::batch_number durable_batch_;    ///< none until the first is
  std::deque<submitted_batch> submitted_;  ///< not durable yet
  std::priority_queue<ticket_wait, std::vector<ticket_wait>, std::greater<>> durable_waits_;
  std::vector<durable_wait> open_batch_waits_;
  /// Where to; their ticket is the open batch's.
  std::vector<std::pair<routing::shard_id, letter>> unsubmitted_replies_;
  std::uint64_t wait_order_ = 0;
  base::ring<spill_note> to_spill_;  ///< in the order of their batches
  base::slab<body_page> pages_;
  store::condition store_state_ = store::condition::good;  ///< at the start of the turn
  bool store_has_room_ = true;                             ///< the same

  std::unordered_map<std::uint64_t, tentative_entries> tentative_;
  std::vector<doomed> doomed_;
  base::work_list<session_handle> to_pump_;
  std::vector<session_handle> to_hand_over_;
  std::deque<session_handle> to_forget_;  ///< ended, but routing still knows their subscriptions
  base::work_list<connection_handle> to_flush_;
  base::work_list<connection_handle> backlog_;
  std::vector<connection_handle> parked_;
  replay_index replay_of_{options.hash_seed()};
  std::vector<session_handle> waiting_replays_;  ///< sessions of such
  std::vector<std::unique_ptr<output_queue>> spare_outputs_;
  std::vector<session::outgoing> outgoing_;
  std::vector<unsendable> too_large_;  ///< of the session being pumped
  std::vector<base::bytes_view> pieces_;
  std::unordered_map<std::string, std::vector<restored_will>> restored_wills_;  ///< by client id
  base::timer_token restored_wills_due_;
  base::steady_time restored_wills_at_{};
  /// Retained messages at home here that expire, soonest first.
  std::set<std::pair<base::wall_time, std::string>> retained_expiries_;
  base::timer_token retained_expiry_due_;
  base::wall_time retained_expiry_at_{};
  sys_state sys_;
  std::uint64_t retained_newest_ = 0, forget_below_ = 0;
  base::steady_time forget_at_{};
  shared_wires wires_;
  base::bytes forwardable_;  ///< of the PUBLISH being taken in
  base::bytes composed_;     ///< properties of the PUBLISH being sent

  std::uint32_t budget_ = 0;
  std::uint64_t number_next_ = 0, number_end_ = 0, ids_made_ = 0;
  std::size_t sessions_connected_ = 0;
  base::steady_time started_{};
  std::uint64_t letters_counted_ = 0;
  observe::rate_limit refusals_{50, std::chrono::milliseconds{100}};
  observe::rate_limit retained_full_lines_{1, std::chrono::seconds{10}};
  bool is_started_ = false, is_stopping_ = false, is_draining_ = false;
  connection_history history_;
  memory_sweep sweep_;
  std::unordered_set<std::string> over_quota_;  ///< users that have too much in their sessions
};

}  // namespace godwit::broker
