#pragma once

#include <godwit/net/shard_host.hpp>

namespace godwit::net {

/// Makes `broker::shard` what a `shard_thread` drives.
class broker_host final : public shard_host {
 public:
  broker_host(routing::shard_id id, const broker::shard_options& o, const broker::shard_ports& p)
      : counters_{p.counters}, store_{p.durable_store}, shard_{id, o, p} {}
  [[nodiscard]] broker::shard& shard() noexcept { return shard_; }

  void begin_turn(base::moment now) override { shard_.begin_turn(now); }
  [[nodiscard]] broker::connection_token open(broker::transport_id id,
                                              broker::peer_info peer) override {
    return shard_.open(id, std::move(peer));
  }
  void on_bytes(broker::connection_token token, base::bytes_view bytes) override {
    shard_.on_bytes(token, bytes);
  }
  void on_writable(broker::connection_token token) override { shard_.on_writable(token); }
  void on_closed(broker::connection_token token, broker::transport_end how) override {
    shard_.on_closed(token, how);
  }
  void on_mail(routing::shard_id from, broker::mail_batch&& batch) override {
    shard_.on_mail(from, std::move(batch));
  }
  void end_turn() override { shard_.end_turn(); }
  void hold_commits() noexcept override { store_.hold(); }
  void release_commits() noexcept override { store_.release(); }
  [[nodiscard]] bool wants_turn() const noexcept override { return shard_.wants_turn(); }
  [[nodiscard]] std::optional<base::steady_time> next_due() const override {
    return shard_.next_due();
  }
  void count_turn(base::duration took) noexcept override {
    counters_.record_turn(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  }
  void count_refused(observe::connection_refusal why) noexcept override { counters_.add(why); }
  void count(observe::counter what) noexcept override { counters_.add(what); }
  void stop() override { shard_.stop(); }
  [[nodiscard]] bool stopped() const noexcept override { return shard_.stopped(); }

 private:
  observe::counters& counters_;
  store::store& store_;
  broker::shard shard_;
};

}  // namespace godwit::net
