#pragma once

#include <godwit/routing/subscription.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace godwit::routing {

/// A member of a shared group: a session, wherever its home shard is. `session_epoch` tells a
/// session from a later one in the same slot.
struct group_member {
  shard_id shard{};
  subscriber_id subscriber{};
  std::uint32_t session_epoch = 0;
  friend bool operator==(const group_member&, const group_member&) = default;
};

/// How a group picks the member that gets a message.
enum class selection : std::uint8_t {
  round_robin,
  /// Of the next few in turn, the one with the least on its way, as far as the group knows.
  least_loaded,
};

/// The shared groups (group name + filter) whose home is this shard, with their members. One
/// thread.
class shared_groups {
 public:
  explicit shared_groups(selection how = selection::round_robin);
  ~shared_groups();
  shared_groups(const shared_groups&) = delete;
  shared_groups& operator=(const shared_groups&) = delete;

  /// For all picks from now on.
  void select_by(selection how) noexcept;

  struct joined {
    group_id group{};
    bool first_member = false;  ///< The group has just come to life: tell the router.
    bool replaced = false;      ///< The member was there already; its options are the new ones.
  };
  joined join(std::string_view group, std::string_view filter, const group_member& member,
              const subscription_options& options);

  struct left {
    group_id group{};
    bool last_member = false;  ///< The group is gone: tell the router.
  };
  /// Nothing if it was not a member.
  std::optional<left> leave(std::string_view group, std::string_view filter,
                            const group_member& member);

  /// Connected members are preferred: the shard of a member says when that changes. Unknown members
  /// are ignored. Members count as connected when they join.
  void set_connected(std::string_view group, std::string_view filter, const group_member& member,
                     bool connected);

  /// What a member has on its way, said by its shard; each pick counts one more. Unknown members
  /// are ignored; with `round_robin` it does not matter.
  void set_load(std::string_view group, std::string_view filter, const group_member& member,
                std::uint32_t messages);

  struct choice {
    group_member member;
    subscription_options options;
  };
  /// The next member in turn, or the least loaded of the next ones: a connected one if there is
  /// any, else any. A member `except` gives the message back: another connected one gets it, or it
  /// comes out again. One that is no member any more excludes nobody. Nothing if the group has no
  /// member.
  [[nodiscard]] std::optional<choice> pick(
      group_id group, const std::optional<group_member>& except = std::nullopt);

  [[nodiscard]] std::string_view name(group_id group) const noexcept;    ///< group name
  [[nodiscard]] std::string_view filter(group_id group) const noexcept;  ///< empty if gone
  [[nodiscard]] std::optional<group_id> find(std::string_view group, std::string_view filter) const;
  [[nodiscard]] std::size_t size() const noexcept;          ///< groups
  [[nodiscard]] std::size_t member_count() const noexcept;  ///< over all groups

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::routing
