#include <godwit/session/qos2_receiver.hpp>

namespace godwit::session {

bool qos2_receiver::begin(mqtt::packet_id id) {
  if (!ids_) ids_ = std::make_unique<std::unordered_map<std::uint16_t, state>>();
  return ids_->emplace(id.value(), state::committing).second;
}

void qos2_receiver::commit(mqtt::packet_id id) noexcept {
  if (!ids_) return;
  const auto found = ids_->find(id.value());
  if (found != ids_->end()) found->second = state::committed;
}

bool qos2_receiver::release(mqtt::packet_id id) noexcept {
  if (!ids_ || ids_->erase(id.value()) == 0) return false;
  if (ids_->empty()) ids_.reset();
  return true;
}

bool qos2_receiver::contains(mqtt::packet_id id) const noexcept {
  return ids_ && ids_->contains(id.value());
}

bool qos2_receiver::is_committing(mqtt::packet_id id) const noexcept {
  if (!ids_) return false;
  const auto found = ids_->find(id.value());
  return found != ids_->end() && found->second == state::committing;
}

void qos2_receiver::restore(const std::vector<mqtt::packet_id>& ids) {
  for (const mqtt::packet_id id : ids) {
    begin(id);
    commit(id);
  }
}

}  // namespace godwit::session
