#include "topic_hash.hpp"

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>
#include <godwit/routing/shared_groups.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace godwit::routing {

namespace {

struct member_hash {
  std::size_t operator()(const group_member& m) const noexcept {
    const std::uint64_t where = std::uint64_t{m.shard.value()} << 32 | m.subscriber.value();
    return topic_hash::mix(where ^ topic_hash::stir_a, m.session_epoch ^ topic_hash::stir_b);
  }
};

/// So many members are looked at for one message, so that large groups stay cheap.
constexpr std::size_t looks_max = 16;

/// The members of one group: the connected ones in front, each half with its own turn.
class member_ring {
 public:
  bool join(const group_member& member, const subscription_options& options) {
    if (const auto known = position_.find(member); known != position_.end()) {
      members_[known->second].who.options = options;
      return false;
    }
    position_.emplace(member, base::checked_cast<std::uint32_t>(members_.size()));
    members_.push_back({{member, options}, 0});
    set_connected(member, true);
    return true;
  }

  bool leave(const group_member& member) {
    if (!position_.contains(member)) return false;
    set_connected(member, false);
    exchange(position_.at(member), members_.size() - 1);
    members_.pop_back();
    position_.erase(member);
    return true;
  }

  void set_connected(const group_member& member, bool connected) {
    const auto known = position_.find(member);
    if (known == position_.end() || (known->second < connected_) == connected) return;
    if (connected) {
      exchange(known->second, connected_++);
    } else {
      exchange(known->second, --connected_);
    }
  }

  void set_load(const group_member& member, std::uint32_t messages) {
    const auto known = position_.find(member);
    if (known != position_.end()) members_[known->second].load = messages;
  }

  [[nodiscard]] std::optional<shared_groups::choice> pick(const std::optional<group_member>& except,
                                                          selection how) {
    if (members_.empty()) return std::nullopt;
    std::optional<std::size_t> at = how == selection::round_robin
                                        ? next_in(0, connected_, connected_turn_, except)
                                        : least_loaded(except);
    // Absent members that gave to each other would do so for ever.
    const bool is_given_back = except && position_.contains(*except);
    if (!at && !is_given_back) at = next_in(connected_, members_.size(), other_turn_, except);
    if (!at) at = position_.at(*except);
    ++members_[*at].load;
    return members_[*at].who;
  }

  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }

 private:
  void exchange(std::size_t a, std::size_t b) {
    std::swap(members_[a], members_[b]);
    position_.at(members_[a].who.member) = static_cast<std::uint32_t>(a);
    position_.at(members_[b].who.member) = static_cast<std::uint32_t>(b);
  }

  [[nodiscard]] std::optional<std::size_t> next_in(
      std::size_t begin, std::size_t end, std::size_t& turn,
      const std::optional<group_member>& except) const {
    const std::size_t count = end - begin;
    for (std::size_t tried = 0; tried < std::min<std::size_t>(count, 2); ++tried) {
      if (turn >= count) turn = 0;
      const std::size_t at = begin + turn++;
      if (!except || members_[at].who.member != *except) return at;
    }
    return std::nullopt;
  }

  /// Of the connected ones; among equals the first in turn.
  [[nodiscard]] std::optional<std::size_t> least_loaded(const std::optional<group_member>& except) {
    std::optional<std::size_t> best;
    const std::size_t looks = std::min(connected_, looks_max);
    for (std::size_t i = 0; i < looks; ++i) {
      const std::size_t at = (connected_turn_ + i) % connected_;
      if (except && members_[at].who.member == *except) continue;
      if (!best || members_[at].load < members_[*best].load) best = at;
    }
    if (best) connected_turn_ = *best + 1;
    return best;
  }

  struct one {
    shared_groups::choice who;
    std::uint32_t load = 0;
  };
  std::vector<one> members_;
  boost::unordered_flat_map<group_member, std::uint32_t, member_hash> position_;
  std::size_t connected_ = 0;
  std::size_t connected_turn_ = 0;
  std::size_t other_turn_ = 0;
};

}  // namespace

struct shared_groups::engine {
  explicit engine(selection s) : how{s} {}

  struct group {
    std::string_view name;  // into the key of `ids`
    std::string_view filter;
    member_ring members;
  };
  // Name and filter in one key, '/' between them: a group's name has none. [v5 MQTT-4.8.2-1]
  using id_map = std::map<std::string, group_id, std::less<>>;

  [[nodiscard]] static std::string key(std::string_view name, std::string_view filter) {
    std::string k;
    k.reserve(name.size() + 1 + filter.size());
    return k.append(name).append(1, '/').append(filter);
  }
  [[nodiscard]] group* find(group_id id) noexcept {
    const auto at = groups.find(id.value());
    return at == groups.end() ? nullptr : at->second.get();
  }
  [[nodiscard]] group_id new_id() {
    // Numbers come round after 2^32 groups; a message may still name a group that is gone.
    while (groups.contains(last_id)) ++last_id;
    return group_id{last_id++};
  }

  selection how;
  id_map ids;
  boost::unordered_flat_map<std::uint32_t, std::unique_ptr<group>> groups;
  std::uint32_t last_id = 0;
  std::size_t members = 0;
};

shared_groups::shared_groups(selection how) : engine_{std::make_unique<engine>(how)} {}

void shared_groups::select_by(selection how) noexcept {
  engine_->how = how;
}
shared_groups::~shared_groups() = default;

shared_groups::joined shared_groups::join(std::string_view group, std::string_view filter,
                                          const group_member& member,
                                          const subscription_options& options) {
  engine& e = *engine_;
  const auto [at, first] = e.ids.try_emplace(engine::key(group, filter));
  if (first) {
    at->second = e.new_id();
    const std::string_view key = at->first;
    auto fresh = std::make_unique<engine::group>();
    fresh->name = key.substr(0, group.size());
    fresh->filter = key.substr(group.size() + 1);
    e.groups.emplace(at->second.value(), std::move(fresh));
  }
  const bool added = e.find(at->second)->members.join(member, options);
  if (added) ++e.members;
  return {at->second, first, !added};
}

std::optional<shared_groups::left> shared_groups::leave(std::string_view group,
                                                        std::string_view filter,
                                                        const group_member& member) {
  engine& e = *engine_;
  const auto at = e.ids.find(engine::key(group, filter));
  if (at == e.ids.end()) return std::nullopt;
  const group_id id = at->second;
  member_ring& members = e.find(id)->members;
  if (!members.leave(member)) return std::nullopt;
  --e.members;
  if (members.size() > 0) return left{id, false};
  e.groups.erase(id.value());
  e.ids.erase(at);
  return left{id, true};
}

void shared_groups::set_connected(std::string_view group, std::string_view filter,
                                  const group_member& member, bool connected) {
  const std::optional<group_id> id = find(group, filter);
  if (id) engine_->find(*id)->members.set_connected(member, connected);
}

void shared_groups::set_load(std::string_view group, std::string_view filter,
                             const group_member& member, std::uint32_t messages) {
  if (engine_->how == selection::round_robin) return;
  const std::optional<group_id> id = find(group, filter);
  if (id) engine_->find(*id)->members.set_load(member, messages);
}

std::optional<shared_groups::choice> shared_groups::pick(
    group_id group, const std::optional<group_member>& except) {
  engine::group* const g = engine_->find(group);
  return g == nullptr ? std::nullopt : g->members.pick(except, engine_->how);
}

std::string_view shared_groups::name(group_id group) const noexcept {
  const engine::group* const g = engine_->find(group);
  return g == nullptr ? std::string_view{} : g->name;
}
std::string_view shared_groups::filter(group_id group) const noexcept {
  const engine::group* const g = engine_->find(group);
  return g == nullptr ? std::string_view{} : g->filter;
}
std::optional<group_id> shared_groups::find(std::string_view group, std::string_view filter) const {
  const auto at = engine_->ids.find(engine::key(group, filter));
  if (at == engine_->ids.end()) return std::nullopt;
  return at->second;
}
std::size_t shared_groups::size() const noexcept {
  return engine_->groups.size();
}
std::size_t shared_groups::member_count() const noexcept {
  return engine_->members;
}

}  // namespace godwit::routing
