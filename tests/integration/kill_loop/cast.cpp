#include "cast.hpp"

#include "habits.hpp"

#include <array>
#include <utility>

namespace godwit::kill_loop {
namespace {

constexpr std::uint32_t load_groups = 24;
constexpr std::uint32_t topics_per_group = 4;
constexpr std::uint32_t load_topics = load_groups * topics_per_group;
constexpr std::uint32_t keepers = 12;
constexpr std::uint32_t kept_per_keeper = 4;
constexpr std::uint32_t share_groups = 4;

std::string load_group(std::uint64_t group) {
  return "load/g" + std::to_string(group);
}

}  // namespace

std::vector<std::string> all_topics() {
  std::vector<std::string> topics;
  for (std::uint32_t i = 0; i < load_topics; ++i) {
    topics.push_back(load_group(i / topics_per_group) + "/t" +
                     std::to_string(i % topics_per_group));
  }
  for (std::uint32_t i = 0; i < keepers * kept_per_keeper; ++i) {
    topics.push_back("keep/p" + std::to_string(i / kept_per_keeper) + "/t" +
                     std::to_string(i % kept_per_keeper));
  }
  return topics;
}

cast::cast(bench::event_loop& loop, ledgers& all, std::size_t clients, dice luck)
    : loop_{loop}, all_{all}, luck_{luck} {
  const auto part = [clients](std::size_t percent) { return clients * percent / 100; };
  const std::size_t watchers = 4;
  const std::size_t members = std::max<std::size_t>(part(8), share_groups * 2);
  const std::size_t changers = part(6);
  const std::size_t owners = part(6);
  const std::size_t writers = part(20);
  const std::size_t coming = part(20);
  const std::size_t away = part(15);
  const std::size_t online =
      clients - watchers - members - changers - owners - writers - coming - away;
  add_wills(owners, watchers);
  add_authors(writers);
  add_subscribers(online, coming, away);
  add_members(members);
  add_changers(changers);
  description_ = std::to_string(writers) + " publishers, " + std::to_string(online) +
                 " subscribers online, " + std::to_string(coming) + " coming and going, " +
                 std::to_string(away) + " away, " + std::to_string(members) +
                 " members of shared groups, " + std::to_string(changers) +
                 " making and deleting sessions, " + std::to_string(owners) + " with wills, " +
                 std::to_string(watchers) + " watching them";
}

device& cast::add(device_plan plan, std::unique_ptr<habit> how) {
  devices_.push_back(
      std::make_unique<device>(loop_, all_, std::move(plan), std::move(how), luck_.fork()));
  return *devices_.back();
}

void cast::add_authors(std::size_t count) {
  static constexpr std::array<std::size_t, 4> windows{1, 5, 20, 50};
  for (std::uint32_t i = 0; i < count; ++i) {
    device_plan plan{.client_id = "pub-" + std::to_string(i),
                     .version = luck_.chance(15) ? bench::protocol::v31 : bench::protocol::v311,
                     .window = windows[luck_.below(windows.size())]};
    device& d = add(std::move(plan), luck_.chance(75) ? stay_online() : come_and_go());
    author a{.from = &d, .number = i};
    for (int t = 0; t < 3; ++t) {
      a.topics.push_back(static_cast<std::uint32_t>(luck_.below(load_topics)));
    }
    for (std::uint32_t t = 0; i < keepers && t < kept_per_keeper; ++t) {
      a.kept.push_back(load_topics + i * kept_per_keeper + t);
    }
    authors_.push_back(std::move(a));
  }
}

/// One to three, none of which overlap.
std::vector<std::string> cast::some_filters() {
  const std::uint64_t first = luck_.below(load_groups);
  std::vector<std::string> filters{
      load_group(first) + (luck_.chance(50) ? "/+" : "/t" + std::to_string(luck_.below(4)))};
  if (luck_.chance(50)) {
    filters.push_back(load_group((first + 1 + luck_.below(load_groups - 1)) % load_groups) + "/t" +
                      std::to_string(luck_.below(4)));
  }
  if (luck_.chance(15)) filters.emplace_back("keep/#");
  return filters;
}

void cast::add_subscribers(std::size_t online, std::size_t coming, std::size_t away) {
  for (std::size_t i = 0; i < online + coming + away; ++i) {
    device_plan plan{.client_id = "sub-" + std::to_string(i),
                     .version = luck_.chance(15) ? bench::protocol::v31 : bench::protocol::v311,
                     .filters = some_filters(),
                     .qos = luck_.chance(60) ? std::uint8_t{2} : std::uint8_t{1},
                     .is_lazy = luck_.chance(30)};
    add(std::move(plan), i < online            ? stay_online()
                         : i < online + coming ? come_and_go()
                                               : stay_away());
  }
}

void cast::add_members(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t group = i % share_groups;
    device_plan plan{
        .client_id = "member-" + std::to_string(i),
        .filters = {"$share/s" + std::to_string(group) + "/" + load_group(group * 5) + "/+"},
        .qos = group % 2 == 0 ? std::uint8_t{2} : std::uint8_t{1},
        .is_lazy = luck_.chance(30)};
    add(std::move(plan), i < count / 2 ? stay_online() : come_and_go());
  }
}

void cast::add_changers(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_member = i % 3 == 0;
    std::vector<std::string> choice;
    for (std::uint32_t g = 0; g < load_groups; g += 3) choice.push_back(load_group(g) + "/+");
    // A group of leavers: what one leaves behind goes to another.
    if (is_member) choice = {"$share/leavers/load/g1/+"};
    device_plan plan{.client_id = "changer-" + std::to_string(i),
                     .filters = {choice.front()},
                     .qos = is_member ? std::uint8_t{1} : std::uint8_t{2}};
    add(std::move(plan), make_and_delete(std::move(choice)));
  }
  add({.client_id = "remainer", .filters = {"$share/leavers/load/g1/+"}, .qos = 1}, come_and_go());
}

void cast::add_wills(std::size_t owners, std::size_t watchers) {
  for (std::size_t i = 0; i < watchers; ++i) {
    device& d = add({.client_id = "watcher-" + std::to_string(i), .filters = {"will/+"}, .qos = 2},
                    i % 2 == 0 ? stay_online() : come_and_go());
    all_.wills.add_watcher(d.session());
  }
  for (std::size_t i = 0; i < owners; ++i) {
    add({.client_id = "owner-" + std::to_string(i)}, leave_wills("will/o" + std::to_string(i)));
  }
}

}  // namespace godwit::kill_loop
