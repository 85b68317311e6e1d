#pragma once

#include <godwit/admin/control_options.hpp>
#include <godwit/admin/http_options.hpp>
#include <godwit/auth/login_options.hpp>
#include <godwit/broker/shard_options.hpp>
#include <godwit/net/options.hpp>
#include <godwit/observe/log.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::config {

/// One listener of the file: what `net` opens, and what only the configuration decides.
struct listener {
  net::listener_options options;
  bool allow_anonymous_remote = false;  ///< asked for by name, as the address is not loopback
  /// "default" (every way that `authentication` sets up), "none", or ways with commas between.
  std::string authentication = "default";
};

/// Where the rights of clients are written; empty: nowhere. At most one of the two.
struct authorization_settings {
  std::string rule_file;
  std::string mosquitto_acl_file;
};

/// Whether durable state is on disk or only in memory.
enum class persistence : std::uint8_t { disk, none };
/// What an acknowledgement promises: the disk has the message, or the broker has received it.
enum class acknowledge : std::uint8_t { durable, received };

/// Where durable state is kept, and how.
struct store_settings {
  persistence kept = persistence::disk;
  acknowledge ack = acknowledge::durable;
  std::string directory;                         ///< empty = as the environment says
  std::uint64_t low_disk_bytes = 0;              ///< 0 = a share of the disk
  std::uint64_t waiting_bytes_max = 67'108'864;  ///< records that wait for the disk
  std::uint64_t queue_memory = 268'435'456;      ///< bodies kept in memory; 0 = no limit
};

/// Everything a configuration file says, with the defaults of what it leaves out. The defaults of
/// the members are the broker's; config/godwit.yaml shows them, and a test keeps the two equal.
struct configuration {
  std::vector<listener> listeners = default_listeners();
  std::string include;     ///< a directory with further files; empty once they are part of this
  std::size_t shards = 0;  ///< 0 = one per core
  std::uint32_t connections_max = 0;  ///< of the whole broker; 0 = none
  std::uint64_t memory_limit = 0;     ///< bytes; 0 = a share of what there is
  bool core_files = false;            ///< a crash may leave one: it holds messages and keys
  /// `shards`, `seed`, `connections_max` and `queue_memory_bytes` are set by whoever starts the
  /// broker.
  broker::shard_options broker;
  net::tuning net;
  auth::login_options login;
  authorization_settings rights;
  store_settings store;
  admin::http_options http;  ///< port 0: none
  admin::control_options control;
  observe::log_options log;

  /// The ways to log in at this listener. Names that are none, and ways that are not set up, are
  /// left out; `load` has told them.
  [[nodiscard]] auth::login_methods methods_of(const listener& l) const;

  /// 127.0.0.1 and, where the machine has it, ::1; port 1883.
  [[nodiscard]] static std::vector<listener> default_listeners();
};

}  // namespace godwit::config
