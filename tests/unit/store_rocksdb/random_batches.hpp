#pragma once

#include <godwit/store/records.hpp>

#include <support/random_source.hpp>

#include <map>
#include <set>
#include <vector>

namespace godwit::test {

/// What a broker might submit: every kind of record, in a possible order.
class random_batches {
 public:
  explicit random_batches(std::uint64_t seed) : random_{seed} {}

  [[nodiscard]] store::batch next();
  /// The broker starts again: what was tentative is lost.
  void restart();

 private:
  struct session {
    std::uint64_t next_position = 1;
    std::vector<std::uint64_t> live;
    std::set<std::uint64_t> shared;
    std::set<std::uint16_t> ids;
    bool ended = false;
  };

  void add(store::batch& to);
  void add_entries(store::batch& to);
  void add_to_entry(store::batch& to);
  void open(store::batch& to);
  void end(store::batch& to);
  void add_row(store::batch& to);
  [[nodiscard]] base::ref<const mqtt::message> message(std::uint64_t version = 0,
                                                       std::string topic = "t");
  [[nodiscard]] std::pair<const std::uint64_t, session>* pick();
  [[nodiscard]] std::uint64_t take_commit();

  random_source random_;
  std::map<std::uint64_t, session> sessions_;
  std::vector<std::uint64_t> waiting_commits_;
  std::vector<std::uint64_t> wills_;
  std::uint64_t last_session_ = 0;
  std::uint64_t last_message_ = 0;
  std::uint64_t last_version_ = 0;
};

}  // namespace godwit::test
