#include "body_reader.hpp"

#include <chrono>
#include <utility>

namespace godwit::daemon {
namespace {

/// Who asks; there are fewer shards.
constexpr std::uint8_t operators = 0xff;
constexpr std::chrono::seconds patience{5};

}  // namespace

std::vector<base::ref<const mqtt::message>> body_reader::read(
    std::vector<mqtt::message_number> numbers) {
  const std::size_t count = numbers.size();
  if (count == 0) return {};
  const std::scoped_lock alone{one_at_a_time_};
  const std::uint64_t id = ++last_;
  from_.fetch({operators, id, std::move(numbers)});
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::unique_lock guard{lock_};
  for (bool is_in_time = true; is_in_time;) {
    const std::uint64_t seen = looks_;
    guard.unlock();
    for (store::fetched& answer : from_.take_fetched(operators)) {  // older ones came too late
      if (answer.id == id) return std::move(answer.messages);
    }
    guard.lock();
    is_in_time = news_.wait_until(guard, deadline, [&] { return looks_ != seen; });
  }
  return std::vector<base::ref<const mqtt::message>>(count);
}

void body_reader::look() noexcept {
  {
    const std::scoped_lock guard{lock_};
    ++looks_;
  }
  news_.notify_all();
}

}  // namespace godwit::daemon
