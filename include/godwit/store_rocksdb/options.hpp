#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace godwit::store_rocksdb {

/// When `durable()` grows: after the disk has confirmed the batch, or as soon as it was taken (then
/// an acknowledgement means "received", and a crash may lose what was acknowledged).
enum class announce : std::uint8_t { synced, submitted };

/// What to do with a store whose middle is damaged.
enum class on_damage : std::uint8_t {
  refuse,      ///< `open` throws with an exact report
  quarantine,  ///< the damaged store is moved aside whole; what can be read starts a new one
};

/// When and how much the journal is cleaned. The journal is cleaned from its oldest end once it
/// is larger than `live_factor` times what is live in it plus `start_bytes`, where the entries of
/// messages for many sessions count as much as others, though they are shorter on disk.
struct garbage_options {
  std::uint64_t start_bytes = 48U << 20U;
  std::uint32_t live_factor = 3;
  /// Old journal that one commit looks through at most, or four times what it writes if that is
  /// more. Bounds the pause.
  std::size_t step_bytes = 1U << 20U;
};

struct options {
  /// Made if it is not there; its parent must be.
  std::string directory;
  announce announce_when = announce::synced;
  on_damage damage = on_damage::refuse;
  /// Records that may wait for the disk before `has_room()` says no; yes again at half of it.
  std::size_t queue_bytes_max = 64U << 20U;
  /// What one commit takes at most; a single batch may be larger.
  std::size_t group_bytes_max = 4U << 20U;
  /// Bodies of queued messages that `recover` loads, in bytes of topic, properties and payload. The
  /// first entries of each session come first; the others are left for `fetch`.
  std::size_t recover_body_bytes = 256U << 20U;
  /// Free bytes on the disk below which `state()` is low_disk. None: 5 % of it, 1 GiB at most. The
  /// ballast comes on top.
  std::optional<std::uint64_t> low_disk_bytes;
  /// A file that is given up when the disk is full, so that acknowledgements get through.
  std::uint64_t ballast_bytes = 64U << 20U;
  /// How often the free space is looked at.
  std::chrono::milliseconds disk_check_every{1'000};
  garbage_options garbage;
  /// Of the engine below; tests use small ones. The journal and each kind of row have such a
  /// buffer, and while one is written to a file a second.
  std::size_t write_buffer_bytes = 4U << 20U;
  std::size_t wal_bytes_max = 32U << 20U;
};

}  // namespace godwit::store_rocksdb
