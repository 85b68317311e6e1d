#pragma once

#include "control_desk.hpp"

#include <godwit/base/checked_cast.hpp>
#include <godwit/broker/shard.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>

/// What the files of `control_desk` share.

namespace godwit::daemon {

/// Runs `work(inspection&)` in a turn of a shard and waits for its result. `work` owns what it
/// uses: it may run after the wait has been given up.
template <class Work>
auto ask_shard(const control_world& world, routing::shard_id id, Work work) {
  using result = std::invoke_result_t<Work, broker::inspection&>;
  constexpr std::chrono::milliseconds step{100};
  constexpr int steps = 300;
  const auto promise = std::make_shared<std::promise<result>>();
  auto answer = promise->get_future();
  world.threads.run_on(id, [promise, work = std::move(work), &threads = world.threads, id] {
    broker::inspection shard = threads.shard(id).inspect();
    promise->set_value(work(shard));
  });
  for (int i = 0; i < steps && !world.has_ended(); ++i) {
    if (answer.wait_for(step) == std::future_status::ready) return answer.get();
  }
  throw control_refusal{control_refusal::kind::failed, "the broker did not answer, or is ending"};
}

/// Runs `work(inspection&)`, which changes durable state, and waits until the store has the change.
template <class Work>
auto change_shard(const control_world& world, routing::shard_id id, Work work) {
  using result = std::invoke_result_t<Work, broker::inspection&>;
  struct change {
    result value;
    session::batch_number batch;
  };
  constexpr std::chrono::milliseconds step{5};
  constexpr int steps = 2'000;
  change done = ask_shard(world, id, [work = std::move(work)](broker::inspection& shard) {
    result value = work(shard);
    return change{std::move(value), shard.last_change()};
  });
  for (int i = 0; i < steps; ++i) {
    if (ask_shard(world, id, [batch = done.batch](broker::inspection& shard) {
          return shard.is_durable(batch);
        })) {
      return std::move(done.value);
    }
    std::this_thread::sleep_for(step);
  }
  throw control_refusal{control_refusal::kind::failed,
                        "it is done, but the store has not written it yet"};
}

template <class F>
void for_each_shard(std::size_t shards, F&& f) {
  for (std::size_t i = 0; i < shards; ++i) {
    f(routing::shard_id{base::checked_cast<std::uint8_t>(i)});
  }
}

/// Sends one row; nobody goes on for an asker who is gone.
void say_row(admin::control_peer& peer, boost::json::object row);

/// A text that must be there.
[[nodiscard]] std::string text_of(const boost::json::object& a, std::string_view name);
[[nodiscard]] std::optional<std::string> optional_text_of(const boost::json::object& a,
                                                          std::string_view name);
[[nodiscard]] std::uint64_t number_of(const boost::json::object& a, std::string_view name,
                                      std::uint64_t usual);
[[nodiscard]] bool flag_of(const boost::json::object& a, std::string_view name);

}  // namespace godwit::daemon
