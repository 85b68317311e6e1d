#include "acceptor.hpp"

#include "client_socket.hpp"
#include "recording_log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>

namespace godwit::net {
namespace {

using observe::connection_refusal;
using test::client_socket;
using testing::Each;
using testing::ElementsAre;

class set_clock final : public base::clock {
 public:
  base::moment time;
  [[nodiscard]] base::moment now() const noexcept override { return time; }
};

/// Lets the process have so many files; the limit of before comes back at the end.
class file_limit_of {
 public:
  explicit file_limit_of(rlim_t files) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{.rlim_cur = files, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &lower);
  }
  ~file_limit_of() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  file_limit_of(const file_limit_of&) = delete;
  file_limit_of& operator=(const file_limit_of&) = delete;

 private:
  rlimit before_{};
};

/// Opens files until the next one would have this number.
std::vector<unique_fd> fill_files_up_to(int number) {
  std::vector<unique_fd> files;
  while (true) {
    unique_fd next{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    if (!next || next.value() >= number) return files;
    files.push_back(std::move(next));
  }
}

class Acceptor : public testing::Test {
 protected:
  static constexpr rlim_t files_max = 256;

  void listen(std::uint32_t files_reserved) {
    tune_.files_reserved = files_reserved;
    listener_options o;
    o.port = 0;
    o.rate = rate_;
    o.deny = deny_;
    listener_ = std::move(open_listeners(std::span{&o, 1}, 1, tune_).value().front());
    entrance_.emplace(entrance{*listener_, nullptr, listener_->rules});
    acceptor_.emplace(
        context_, std::move(listener_->sockets[0]), *entrance_, tune_, clock_, log_,
        [this](unique_fd s, connection_slot slot, broker::peer_info peer) {
          accepted_.push_back(std::move(s));
          slots_.push_back(std::move(slot));
          peers_.push_back(std::move(peer));
        },
        [this](observe::connection_refusal why) { refused_.push_back(why); });
  }
  void connect(int count) {
    for (int i = 0; i < count; ++i) clients_.emplace_back(listener_->port);
  }
  /// Runs what is ready until something is true.
  bool until(const std::function<bool()>& done) {
    const test::deadline limit;
    while (!done() && !limit.is_over()) context_.poll();
    return done();
  }
  void let_pass(std::chrono::milliseconds time) {
    clock_.time.steady += time;
    acceptor_->resume(clock_.time.steady);
  }

  shard_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> never_out_of_work_{
      context_.get_executor()};
  tuning tune_;
  connect_rate rate_;
  std::vector<std::string> deny_;
  set_clock clock_;
  test::recording_log log_;
  std::unique_ptr<listener> listener_;
  std::optional<entrance> entrance_;
  std::vector<client_socket> clients_;
  std::vector<unique_fd> accepted_;
  std::vector<connection_slot> slots_;
  std::vector<broker::peer_info> peers_;
  std::vector<observe::connection_refusal> refused_;
  std::optional<acceptor> acceptor_;
};

TEST_F(Acceptor, NamesThePeerAndTheListener) {
  listen(0);
  connect(1);
  ASSERT_TRUE(until([&] { return accepted_.size() == 1; }));
  EXPECT_EQ(peers_[0].address.substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(peers_[0].listener_name(), "default");
  EXPECT_EQ(listener_->slots.open(), 1U);
  EXPECT_NE(::fcntl(accepted_[0].value(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(accepted_[0].value(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(Acceptor, AcceptsAtMostItsShareInARow) {
  tune_.accepts_per_turn = 3;
  listen(0);
  connect(7);
  while (accepted_.empty()) context_.poll_one();
  EXPECT_EQ(accepted_.size(), 3U);
  EXPECT_TRUE(until([&] { return accepted_.size() == 7; }));
}

TEST_F(Acceptor, RestsWithoutSpinningWhenTheProcessIsOutOfFiles) {
  const file_limit_of few{files_max};
  listen(0);
  connect(3);
  std::vector<unique_fd> ballast = fill_files_up_to(static_cast<int>(files_max));
  // No matchers in here: the sanitizer needs a pipe to check their types.
  ASSERT_TRUE(until([&] { return acceptor_->next_due().has_value(); }));
  EXPECT_EQ(accepted_.size(), 0U);
  EXPECT_TRUE(acceptor_->next_due() == clock_.time.steady + std::chrono::milliseconds{100});
  EXPECT_EQ(context_.poll(), 0U) << "waits for time, not for the socket";
  for (int i = 0; i < 20; ++i) {
    let_pass(std::chrono::milliseconds{100});
    ASSERT_TRUE(until([&] { return acceptor_->next_due().has_value(); }));
  }
  ballast.clear();
  EXPECT_THAT(log_.events(), ElementsAre("listener.out_of_files"));
  let_pass(std::chrono::milliseconds{99});
  EXPECT_EQ(context_.poll(), 0U);
  let_pass(std::chrono::milliseconds{1});
  EXPECT_TRUE(until([&] { return accepted_.size() == 3; })) << "nobody was turned away";
}

TEST_F(Acceptor, KeepsTheLastFilesForOthersAndClosesNobody) {
  constexpr std::uint32_t reserved = 16;
  const file_limit_of few{files_max};
  listen(reserved);
  std::vector<unique_fd> ballast = fill_files_up_to(static_cast<int>(files_max - reserved) - 3);
  connect(5);
  ASSERT_TRUE(until([&] { return acceptor_->next_due().has_value(); }));
  EXPECT_LE(accepted_.size(), 3U);
  for (const unique_fd& one : accepted_) {
    EXPECT_LT(one.value(), static_cast<int>(files_max - reserved));
  }
  EXPECT_TRUE(unique_fd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}) << "there are files left";
  EXPECT_THAT(log_.events(), ElementsAre("listener.out_of_files"));
  ballast.clear();
  let_pass(std::chrono::milliseconds{100});
  EXPECT_TRUE(until([&] { return accepted_.size() == 5; })) << "nobody was turned away";
}

TEST_F(Acceptor, ClosesWhatComesTooFast) {
  rate_ = {.all_max = 100, .address_max = 2};
  listen(0);
  connect(7);
  ASSERT_TRUE(until([&] { return accepted_.size() + refused_.size() == 7; }));
  EXPECT_EQ(accepted_.size(), 2U);
  EXPECT_THAT(refused_, Each(connection_refusal::address_rate));
  EXPECT_EQ(listener_->slots.open(), 2U);
  EXPECT_THAT(log_.events(), ElementsAre("listener.too_fast")) << "one line for all of them";
  client_socket::end how{};
  EXPECT_EQ(clients_[6].receive_all(how), "");
  EXPECT_NE(how, client_socket::end::timed_out);
  clock_.time.steady += std::chrono::milliseconds{500};
  connect(2);
  ASSERT_TRUE(until([&] { return accepted_.size() + refused_.size() == 9; }));
  EXPECT_EQ(accepted_.size(), 3U);
}

TEST_F(Acceptor, LimitsAllAddressesTogether) {
  rate_ = {.all_max = 3};
  listen(0);
  connect(5);
  ASSERT_TRUE(until([&] { return accepted_.size() + refused_.size() == 5; }));
  EXPECT_EQ(accepted_.size(), 3U);
  EXPECT_THAT(refused_, Each(connection_refusal::listener_rate));
}

TEST_F(Acceptor, CountsWhomItsRulesKeepOut) {
  deny_ = {"127.0.0.1"};
  rate_ = {.address_max = 1};
  listen(0);
  connect(3);
  ASSERT_TRUE(until([&] { return refused_.size() == 3; }));
  EXPECT_THAT(refused_, Each(connection_refusal::address));
  EXPECT_THAT(log_.events(), ElementsAre("listener.refused"));
}

}  // namespace
}  // namespace godwit::net
