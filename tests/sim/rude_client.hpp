#pragma once

#include "link.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace godwit::sim {

/// A client that does what it must not, on up to three connections with one client id. Nothing of
/// it may be seen by others, and it may not stay connected for long; no more is expected of the
/// broker.
class rude_client {
 public:
  using dial = std::function<std::shared_ptr<link>(const std::string& name)>;
  rude_client(context& c, std::size_t number, dial connect);
  void act();
  void leave();

 private:
  static constexpr std::size_t connections_max = 3;

  void call();
  void misbehave(link& l);
  [[nodiscard]] base::bytes connect_packet(mqtt::protocol_version v);
  [[nodiscard]] base::bytes anything();
  [[nodiscard]] base::bytes mqtt5_packet();

  context& context_;
  std::string name_;
  dial dial_;
  std::vector<std::shared_ptr<link>> links_;
  std::size_t connections_ = 0;
};

}  // namespace godwit::sim
