#pragma once

#include "support/memory_transport.hpp"
#include "support/packets.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace godwit::test {

/// What the copies of a `test_client` share.
struct client_state {
  std::shared_ptr<memory_wire> wire{};
  std::function<void()> run{};  ///< the world, until it is quiet
  std::size_t shard = 0;
  bool stalled = false;

  base::bytes received{};
  std::size_t parsed = 0;                  ///< of `received`
  std::deque<const base::bytes*> inbox{};  ///< packets that were not taken yet
  std::list<base::bytes> packets{};        ///< every packet; views point into them
  const base::bytes* last = nullptr;

  protocol_version version = v311;
  bool version_known = false;
  std::string client_id{};
  std::uint16_t last_id = 0;

  /// Reads what the broker sent, as long as the client does read.
  void read();
};

}  // namespace godwit::test
