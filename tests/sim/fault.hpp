#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace godwit::sim {

// name, what happens
#define GODWIT_SIM_FAULTS(X)                                                           \
  X(one_byte_fragment, "the network passes one byte")                                  \
  X(fragment, "the network passes a part of what waits")                               \
  X(coalescing, "several packets of a client arrive as one piece")                     \
  X(latency, "nothing passes on a connection for a while")                             \
  X(reordering, "a connection passes another one whose bytes are older")               \
  X(network_reset, "the network cuts a connection")                                    \
  X(reset_inside_packet, "a connection is cut with half a packet read")                \
  X(half_close, "a client ends its side without DISCONNECT")                           \
  X(stalled_reader, "a client stops reading")                                          \
  X(short_write, "the way to a client is full")                                        \
  X(takeover, "a client connects while its old connection stands")                     \
  X(connect_given_up, "a client gives a CONNECT up before the answer")                 \
  X(racing_connects, "a CONNECT is sent while an older one is still under way")        \
  X(flapping, "a client connects again and again")                                     \
  X(silence, "a keep alive runs out")                                                  \
  X(client_reset, "a client cuts its connection")                                      \
  X(hasty_disconnect, "DISCONNECT with answers outstanding")                           \
  X(repeated_publish, "a 3.1 client repeats a PUBLISH on a live connection")           \
  X(crowd, "more than 15 clients")                                                     \
  X(malformed_packet, "rude: a packet that cannot be")                                 \
  X(packet_of_a_server, "rude: a packet that only servers send")                       \
  X(unknown_acknowledgement, "rude: an acknowledgement of nothing")                    \
  X(noise, "rude: random bytes")                                                       \
  X(packet_before_connect, "rude: something else before CONNECT")                      \
  X(second_connect, "rude: CONNECT twice")                                             \
  X(level_5_connect, "rude: a CONNECT of MQTT 5")                                      \
  X(mqtt5_packet, "rude: packets in the form of MQTT 5")                               \
  X(shared_client_id, "rude: several connections with one client id")                  \
  X(late_commit, "time passes while batches wait for the disk")                        \
  X(partial_commit, "only some of the waiting batches become durable")                 \
  X(crash_losing_batches, "a crash loses what is not durable")                         \
  X(torn_crash, "a crash: the first of the waiting batches survive, nobody was told")  \
  X(store_failure, "the store fails for good, then the broker is restarted")           \
  X(store_without_room, "the store asks for patience")                                 \
  X(disk_low, "the disk is low")                                                       \
  X(disk_full, "the disk is full")                                                     \
  X(memory_short, "memory is short, to any level")                                     \
  X(late_bodies, "bodies of queued messages come late")                                \
  X(bodies_left_on_disk, "a restart brings back few bodies or none")                   \
  X(graceful_restart, "the broker stops and starts again")                             \
  X(other_shard_count, "a restart with another number of shards")                      \
  X(turn_for_nothing, "a turn without a reason")                                       \
  X(turn_without_network, "a turn that does not see its connections")                  \
  X(mail_left_over, "a turn that takes only part of its mail")                         \
  X(slow_mail, "the mail of one pair of shards is late")                               \
  X(long_pause, "so much time passes that keep alive and readers run out")             \
  X(cut_while_moving, "a connection is cut between two shards")                        \
  X(closed_while_moving, "a client closes while its connection is between two shards") \
  X(superseded_while_moving, "a client connects anew while the old one moves")

/// What a run may do to the broker, one counter each.
enum class fault : std::uint8_t {
#define GODWIT_SIM_FAULT_NAME(name, text) name,
  GODWIT_SIM_FAULTS(GODWIT_SIM_FAULT_NAME)
#undef GODWIT_SIM_FAULT_NAME
};

struct fault_text {
  std::string_view name;
  std::string_view text;
};
inline constexpr auto fault_texts = std::to_array<fault_text>({
#define GODWIT_SIM_FAULT_ROW(name, text) {#name, text},
    GODWIT_SIM_FAULTS(GODWIT_SIM_FAULT_ROW)
#undef GODWIT_SIM_FAULT_ROW
});
inline constexpr std::size_t fault_kinds = fault_texts.size();

/// How often each kind happened.
struct fault_counts {
  std::array<std::uint64_t, fault_kinds> of{};

  void add(fault f) noexcept { ++of[static_cast<std::size_t>(f)]; }
  void add(const fault_counts& more) noexcept {
    for (std::size_t i = 0; i < fault_kinds; ++i) of[i] += more.of[i];
  }
  [[nodiscard]] std::size_t kinds() const noexcept {
    std::size_t n = 0;
    for (const std::uint64_t count : of) n += count != 0 ? 1 : 0;
    return n;
  }
};

}  // namespace godwit::sim
