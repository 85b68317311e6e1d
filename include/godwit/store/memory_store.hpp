#pragma once

#include <godwit/store/store.hpp>

#include <cstddef>
#include <memory>

namespace godwit::store {

/// Keeps durable state in memory: it outlives a broker in the same process, not the process.
/// Thread-safe.
class memory_store final : public store {
 public:
  /// `immediate`: a batch is durable when `submit` returns. `manual`: it waits for `commit`, which
  /// lets a test delay, crash and lose what is not durable.
  enum class mode : std::uint8_t { immediate, manual };
  explicit memory_store(mode m);
  ~memory_store() override;

  [[nodiscard]] ticket submit(batch&& records) override;
  [[nodiscard]] ticket durable() const noexcept override;
  void on_news(std::function<void()> announce) override;
  [[nodiscard]] condition state() const noexcept override;
  [[nodiscard]] bool has_room() const noexcept override;
  void fetch(fetch_request&& wanted) override;
  [[nodiscard]] std::vector<fetched> take_fetched(std::uint8_t shard) override;
  high_water recover(recovery_visitor& visitor) override;

  /// Makes the `count` oldest waiting batches durable and announces it (manual mode).
  void commit(std::size_t count);
  /// Batches that wait for `commit`.
  [[nodiscard]] std::size_t waiting() const noexcept;
  /// Answers the `count` oldest waiting fetches and announces it (manual mode).
  void answer_fetches(std::size_t count);
  [[nodiscard]] std::size_t waiting_fetches() const noexcept;
  /// Loses every batch that is not durable, and every fetch, as a power cut does.
  void crash();

  /// What a disk would make of it: `full` and `failed` keep `commit` from doing anything.
  void set_state(condition now);
  void set_room(bool has_room);
  /// `recover` leaves all bodies but those of the first `count` entries of a session in the store.
  void set_bodies_recovered(std::size_t count);

  /// What is durable, for tests: all zero after everyone has left and expired.
  struct contents {
    std::size_t sessions = 0;
    std::size_t entries = 0;
    std::size_t subscriptions = 0;
    std::size_t qos2_ids = 0;
    std::size_t wills = 0;
    std::size_t retained = 0;
    std::size_t undecided = 0;  ///< tentative entries without their commit
  };
  [[nodiscard]] contents count() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace godwit::store
