#pragma once

#include <godwit/net/given_socket.hpp>

#include <vector>

namespace godwit::daemon {

/// The sockets that the service manager opened for this process, as sd_listen_fds(3) describes:
/// LISTEN_PID says that they are for it, LISTEN_FDS how many from `first` on there are, and
/// LISTEN_FDNAMES what they are called. The variables are taken out of the environment; programs
/// that the broker starts get none of the sockets. Throws std::runtime_error if the variables
/// promise what is not there.
[[nodiscard]] std::vector<net::given_socket> take_given_sockets(int first = 3);

}  // namespace godwit::daemon
