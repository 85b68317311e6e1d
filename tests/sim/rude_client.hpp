#pragma once

#include "link.hpp"

#include <functional>
#include <memory>
#include <string>

namespace godwit::sim {

/// A client that does what it must not. Nothing of it may be seen by others, and it may not stay
/// connected for long; no more is expected of the broker.
class rude_client {
 public:
  using dial = std::function<std::shared_ptr<link>(const std::string& name)>;
  rude_client(context& c, std::size_t number, dial connect);
  void act();
  void leave();

 private:
  [[nodiscard]] base::bytes anything();

  context& context_;
  std::string name_;
  dial dial_;
  std::shared_ptr<link> link_;
  std::size_t connections_ = 0;
};

}  // namespace godwit::sim
