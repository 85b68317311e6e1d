#pragma once

#include "device.hpp"
#include "dice.hpp"
#include "ledgers.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace godwit::kill_loop {

/// A device that publishes, and where.
struct author {
  device* from = nullptr;
  std::uint32_t number = 0;
  std::vector<std::uint32_t> topics{};  ///< for everybody's ears
  std::vector<std::uint32_t> kept{};    ///< nobody else publishes there; retained
};

/// The topics of a run: "load/<group>/<topic>" for messages, "keep/<publisher>/<topic>" for
/// retained ones. The first `load_topics` of all_topics() are the former.
[[nodiscard]] std::vector<std::string> all_topics();

/// Everyone that takes part. The same dice make the same cast.
class cast {
 public:
  cast(bench::event_loop& loop, ledgers& all, std::size_t clients, dice luck);

  [[nodiscard]] const std::vector<std::unique_ptr<device>>& devices() const { return devices_; }
  [[nodiscard]] const std::vector<author>& authors() const { return authors_; }
  /// "40 publishers, 60 online, ...".
  [[nodiscard]] std::string describe() const { return description_; }

 private:
  device& add(device_plan plan, std::unique_ptr<habit> how);
  void add_authors(std::size_t count);
  void add_subscribers(std::size_t online, std::size_t coming, std::size_t away);
  void add_members(std::size_t count);
  void add_changers(std::size_t count);
  void add_wills(std::size_t owners, std::size_t watchers);
  [[nodiscard]] std::vector<std::string> some_filters();

  bench::event_loop& loop_;
  ledgers& all_;
  dice luck_;
  std::vector<std::unique_ptr<device>> devices_;
  std::vector<author> authors_;
  std::string description_;
};

}  // namespace godwit::kill_loop
