#pragma once

#include <godwit/net/unique_fd.hpp>

#include <string>

namespace godwit::net {

/// A listening socket that whoever started the process opened for it.
struct given_socket {
  unique_fd socket;
  std::string name;  ///< as its giver calls it: a listener's name, or anything else
};

}  // namespace godwit::net
