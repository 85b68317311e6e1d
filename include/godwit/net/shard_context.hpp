#pragma once

#include <boost/asio/io_context.hpp>

#include <mutex>

namespace godwit::net {

/// The io_context of one shard's thread, and the right to touch what belongs to the shard. The
/// thread has that right while it is awake; while it sleeps in the context another shard's thread
/// may take it for one turn. So every handler begins with `claim`.
class shard_context : public boost::asio::io_context {
 public:
  enum class helpers { none, some };
  /// Without `helpers` nobody but the thread uses the context's descriptors, and Asio's reactor
  /// takes no locks for them.
  explicit shard_context(helpers h = helpers::none)
      : boost::asio::io_context{h == helpers::none ? BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO
                                                   : BOOST_ASIO_CONCURRENCY_HINT_DEFAULT} {}
  ~shard_context() { give_up(); }
  shard_context(const shard_context&) = delete;
  shard_context& operator=(const shard_context&) = delete;

  // The shard's own thread

  /// Waits for one who helps. Nothing when the thread has the right already.
  void claim() {
    if (is_claimed_) return;
    running_.lock();
    is_claimed_ = true;
  }
  /// The last thing before it sleeps.
  void give_up() {
    if (!is_claimed_) return;
    is_claimed_ = false;
    running_.unlock();
  }

  // Another shard's thread

  /// Empty when the shard's thread, or somebody else, has the right.
  [[nodiscard]] std::unique_lock<std::mutex> try_claim() {
    return std::unique_lock{running_, std::try_to_lock};
  }

 private:
  std::mutex running_;
  bool is_claimed_ = false;  // by the shard's own thread, which alone looks at it
};

}  // namespace godwit::net
