#pragma once

/// Bugs that are built into the test build on purpose, each in the place where somebody could have
/// made it, and switched on one at a time, to prove that the tests would find it (docs/testing.md).
///
/// `if (GODWIT_SEEDED_BUG(name)) ...` costs nothing where `GODWIT_SEEDED_BUGS` is not defined:
/// there it is the constant `false`. CMake defines it for the modules that have such places, and
/// refuses to do so in a release build.
#ifndef GODWIT_SEEDED_BUGS

#define GODWIT_SEEDED_BUG(name) false

#else

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#define GODWIT_SEEDED_BUG(name) (::godwit::base::seeded::is_on(::godwit::base::seeded::bug::name))

// name, area, what is wrong
#define GODWIT_SEEDED_BUG_LIST(X)                                                                  \
  X(qos2_publish_before_its_id, qos2, "a QoS 2 PUBLISH leaves before its packet id is durable")    \
  X(qos2_pubrel_before_pubrec, qos2, "PUBREL leaves before the PUBREC is durable")                 \
  X(qos2_received_not_recorded, qos2, "the id of a received QoS 2 PUBLISH is not recorded")        \
  X(qos2_received_not_restored, qos2, "QoS 2 ids that were received are forgotten at a restart")   \
  X(qos2_delivered_before_commit, qos2, "entries on other shards do not wait for the commit")      \
  X(qos2_commit_known_too_early, qos2, "a commit counts before its ticket is durable")             \
  X(qos2_own_commit_too_early, qos2, "own entries do not wait until their commit is durable")      \
  X(qos2_repetition_answered_at_once, qos2, "PUBREC for a repetition does not wait for the first") \
  X(qos2_pubcomp_before_record, qos2, "PUBCOMP leaves before the release of the id is durable")    \
  X(qos2_pubrec_lost_at_restart, qos2, "a restart sends PUBLISH again after its PUBREC")           \
  X(qos2_commit_out_of_turn, qos2, "a commit of one shard does not wait for an earlier one")       \
  X(receipt_ticket_ignored, qos2, "an answer does not wait for what other shards wrote")           \
  X(credit_of_forwards_lost, order, "credit of forwards does not come back")                       \
  X(backlog_backwards, order, "mail that waited for credit goes out newest first")                 \
  X(late_publish_overtaken, order, "a new connection overtakes a publish of the one before")       \
  X(parked_publish_lost, order, "a publish that waits for credit ends with its connection")        \
  X(parked_forgotten, order, "a publish that still cannot be routed is not tried again")           \
  X(reading_not_resumed, order, "a connection is not read again after its publish was routed")     \
  X(commit_not_passed_on, order, "members of groups on third shards are not told of commits")      \
  X(qos0_overtakes_the_log, order, "QoS 0 passes what waits in the session's log")                 \
  X(answer_overtakes, order, "PUBACK without a wait passes answers that wait")                     \
  X(retained_live_not_noted, retained, "what passes live during a replay is not remembered")       \
  X(retained_equal_replayed, retained, "what has passed live is replayed once more")               \
  X(retained_horizon_ignored, retained, "a replay brings what comes live, too")                    \
  X(retained_old_live_after_replay, retained, "an older live copy follows the replayed one")       \
  X(retained_routed_before_home, retained, "a retained message is routed before it is at home")    \
  X(retained_last_to_arrive_wins, retained, "the last to arrive is kept, not the newest")          \
  X(retained_cleared_forgotten, retained,                                                          \
    "an older message comes back after the topic was cleared")                                     \
  X(retained_clear_not_recorded, retained, "clearing a topic does not reach the disk")             \
  X(retained_disk_not_awaited, retained, "the answer does not wait for the retained message")      \
  X(retained_page_lost, retained, "the page after a full one is not asked for")                    \
  X(interest_prefix_not_chained, interest, "a prefix is entered under the hash of the empty one")  \
  X(interest_cache_stale, interest, "cached topics miss changes of other shards' interest")        \
  X(interest_change_not_announced, interest, "an exact filter does not move the generation")       \
  X(interest_depth_cleared_early, interest, "prefixes of a length end before the last of them")    \
  X(interest_empty_prefix_missed, interest, "filters that begin with a wildcard miss \"/x\"")      \
  X(interest_of_groups_missing, interest, "shared subscriptions are not entered")                  \
  X(will_not_at_takeover, wills, "no will when a new connection takes over")                       \
  X(will_kept_after_use, wills, "a will that was published stays with its session")                \
  X(will_record_kept, wills, "DISCONNECT does not remove the record of the will")                  \
  X(will_disconnect_overlooked, wills, "a takeover in the turn of a DISCONNECT sends the will")    \
  X(will_restored_in_spite, wills, "a client that comes back does not withdraw its old will")      \
  X(will_not_recorded, wills, "CONNACK does not wait for the record of the will")                  \
  X(takeover_half_done, wills, "a connection that waits for its CONNACK is not taken over")        \
  X(keep_alive_too_short, wills, "a connection ends after one keep alive interval")                \
  X(resume_without_dup, resume, "what goes out again has no DUP")                                  \
  X(resume_sends_nothing, resume, "what is in flight does not go out again")                       \
  X(window_too_wide, resume, "the in-flight window is one too wide")                               \
  X(packet_id_reused, resume, "any acknowledged id counts as the next free one")                   \
  X(packet_id_leaks, resume, "a message that moves to another member keeps its place")             \
  X(session_present_to_v31, resume, "a 3.1 client is told that its session is present")            \
  X(session_not_durable, resume, "CONNACK does not wait for the new session")                      \
  X(unsubscribe_not_recorded, resume, "an ended subscription comes back after a restart")          \
  X(expiry_not_cancelled, resume, "a session that was resumed expires")                            \
  X(share_ends_with_member, resume, "a shared message ends with its member's session")             \
  X(share_moves_after_sending, resume, "a QoS 2 message that was sent goes to another member")     \
  X(expiry_not_decreased, v5, "Message Expiry Interval is forwarded as it came")                   \
  X(expired_still_sent, v5, "an expired message is sent")                                          \
  X(receive_maximum_ignored, v5, "the client's Receive Maximum does not narrow the window")        \
  X(receive_maximum_not_at_resume, v5, "what goes out again ignores the Receive Maximum")          \
  X(will_delay_ignored, v5, "a will with a delay is sent at once")                                 \
  X(will_delay_not_cancelled, v5, "a client comes back in time, and its will is sent")             \
  X(will_outlives_session, v5, "the end of its session does not send a will that waits")           \
  X(alias_without_topic, v5, "an alias that changes hands is sent without its new topic")          \
  X(no_local_ignored, v5, "a client gets its own messages in spite of No Local")                   \
  X(retain_handling_ignored, v5, "every SUBSCRIBE brings retained messages")                       \
  X(as_published_ignored, v5, "RETAIN is cleared in spite of Retain As Published")                 \
  X(identifiers_not_restored, v5, "subscription identifiers are forgotten at a restart")           \
  X(session_expiry_not_recorded, v5, "a session's expiry is forgotten at a restart")               \
  X(quota_of_refused_kept, v5, "a refused message keeps its place in the window")

namespace godwit::base::seeded {

enum class area : std::uint8_t { qos2, order, retained, interest, wills, resume, v5 };

enum class bug : std::uint8_t {
  none,
#define GODWIT_SEEDED_BUG_NAME(name, of, text) name,
  GODWIT_SEEDED_BUG_LIST(GODWIT_SEEDED_BUG_NAME)
#undef GODWIT_SEEDED_BUG_NAME
};

struct description {
  bug which = bug::none;
  area of{};
  std::string_view name;
  std::string_view text;
};

inline constexpr auto all = std::to_array<description>({
#define GODWIT_SEEDED_BUG_ROW(name, of, text) {bug::name, area::of, #name, text},
    GODWIT_SEEDED_BUG_LIST(GODWIT_SEEDED_BUG_ROW)
#undef GODWIT_SEEDED_BUG_ROW
});

/// The one global of the code, and only of test builds: a bug has to be reachable from the depth of
/// any module, and a way for it through all constructors would change the very code under test.
/// Written by a test before the broker runs; any thread may read it.
inline std::atomic<bug> chosen{bug::none};

[[nodiscard]] inline bool is_on(bug b) noexcept {
  return chosen.load(std::memory_order_relaxed) == b;
}

}  // namespace godwit::base::seeded

#endif
