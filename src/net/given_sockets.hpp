#pragma once

#include <godwit/base/result.hpp>
#include <godwit/net/given_socket.hpp>
#include <godwit/net/listener.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace godwit::net {

/// Where a listener is to be, for comparison with what was given.
struct listener_place {
  std::string name;
  std::string address;  ///< as in the log: "127.0.0.1:1883", "unix:/run/mqtt.sock"
  enum class port : std::uint8_t { fixed, any } which = port::fixed;
};

/// Which listener each socket is for, in the order of the listeners; nothing: it opens its own. A
/// socket goes to the listener of its name, or else to the one of its address, and must be at that
/// listener's address either way: what the configuration says of an address holds for the socket.
/// An error names a socket that nobody wants, that does not listen, or that is one too many.
[[nodiscard]] base::result<std::vector<unique_fd>, listen_error> assign_given(
    std::vector<given_socket> given, std::span<const listener_place> listeners);

/// Makes a given socket behave like one of the broker's own, and one for each shard of it: they all
/// wait for the same connections. On failure nothing, and `errno`.
[[nodiscard]] std::vector<unique_fd> share_given(unique_fd socket, std::size_t shards, int backlog,
                                                 const tuning& tune);

}  // namespace godwit::net
