#pragma once

#include "link.hpp"

#include <godwit/mqtt/frame_reader.hpp>

#include <map>
#include <memory>
#include <string>

namespace godwit::sim {

/// A client for the end of a run: subscribes to everything, keeps what it is sent as retained, and
/// answers at once.
class plain_client {
 public:
  plain_client(context& c, std::shared_ptr<link> l);
  void on_bytes(const link& from, base::bytes_view bytes);
  void subscribe_to_all();
  /// An empty retained message at QoS 1.
  void clear(const std::string& topic);
  void disconnect();
  [[nodiscard]] const std::map<std::string, std::string>& retained() const { return retained_; }
  [[nodiscard]] std::size_t unanswered() const noexcept { return unanswered_; }

 private:
  void on_packet(const mqtt::packet_view& p);

  context& context_;
  std::shared_ptr<link> link_;
  base::bytes input_;
  std::map<std::string, std::string> retained_;
  std::size_t unanswered_ = 0;
  std::uint16_t last_id_ = 0;
};

}  // namespace godwit::sim
