#include "relay_host.hpp"

#include <pthread.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace godwit::test {

void relay_host::begin_turn(base::moment now) {
  if (in_turn_) ++outside_turn;
  in_turn_ = true;
  now_ = now.steady;
  ++turns;
}

broker::connection_token relay_host::open(broker::transport_id id, broker::peer_info peer) {
  in_turn();
  if (!peer.address.starts_with("127.0.0.1:") || peer.listener_name() != "default") ++outside_turn;
  ids_[++last_token_] = id;
  ++opened;
  return last_token_;
}

void relay_host::on_bytes(broker::connection_token token, base::bytes_view bytes) {
  in_turn();
  if (throws) throw std::runtime_error("broken on purpose");
  const std::string_view text = base::as_text(bytes);
  if (!text.starts_with('>')) {
    if (text.starts_with('!')) {
      broker::mail_batch batch;
      batch.letters.emplace_back(broker::mail::group_answer{});
      mail_.post(id_, next(), std::move(batch));
    }
    answer(ids_.at(token), text);
    return;
  }
  broker::mail::connection moving;
  moving.transport = transport_.detach(ids_.at(token));
  moving.input.assign(bytes.begin() + 1, bytes.end());
  ids_.erase(token);
  broker::mail_batch batch;
  batch.letters.emplace_back(std::move(moving));
  mail_.post(id_, next(), std::move(batch));
}

void relay_host::on_writable(broker::connection_token) {
  in_turn();
}

void relay_host::on_closed(broker::connection_token token, broker::transport_end) {
  in_turn();
  ids_.erase(token);
  ++closed;
}

void relay_host::on_mail(routing::shard_id, broker::mail_batch&& batch) {
  in_turn();
  for (broker::letter& l : batch.letters) {
    if (std::holds_alternative<broker::mail::group_answer>(l)) {
      count_letter();
      continue;
    }
    auto& arriving = std::get<broker::mail::connection>(l);
    const broker::transport_id id = transport_.attach(std::move(arriving.transport), ++last_token_);
    ids_[last_token_] = id;
    answer(id, base::as_text(arriving.input));
  }
}

void relay_host::count_letter() {
  std::array<char, 16> name{};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  if (name.data() != "godwit/" + std::to_string(id_.value())) ++stood_in_for;
  ++letters;
}

routing::shard_id relay_host::next() const noexcept {
  return routing::shard_id{static_cast<std::uint8_t>((id_.value() + 1U) % shards_)};
}

void relay_host::end_turn() {
  in_turn();
  const auto end = std::chrono::steady_clock::now() + turn_takes;
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
  in_turn_ = false;
  while (!due.empty() && due.front() <= now_) due.pop_front();
}

void relay_host::stop() {
  in_turn();
  for (const auto& [token, id] : ids_) transport_.close(id);
  ids_.clear();
  stop_called = true;
}

void relay_host::in_turn() noexcept {
  if (!in_turn_) ++outside_turn;
}

void relay_host::answer(broker::transport_id id, std::string_view text) {
  const std::string out = std::to_string(id_.value()) + ":" + std::string{text};
  const base::bytes_view piece = base::as_bytes(out);
  transport_.send(id, std::span{&piece, 1});
}

thread_bench::thread_bench(std::size_t shards, net::tuning tune, std::uint32_t connections_max)
    : mail{shards} {
  board_.on_ended = [this] { ++ended; };
  net::listener_options o;
  o.port = 0;
  o.connections_max = connections_max;
  listener_ = std::move(net::open_listeners(std::span{&o, 1}, shards, tune).value().front());
  for (std::size_t i = 0; i < shards; ++i) {
    const routing::shard_id id{static_cast<std::uint8_t>(i)};
    auto thread =
        std::make_unique<net::shard_thread>(id, tune, net::thread_ports{mail, clock, log, board_});
    auto host = std::make_unique<relay_host>(id, shards, thread->connections(), mail);
    hosts_.push_back(host.get());
    thread->set_host(std::move(host));
    thread->add_listener(*listener_, std::move(listener_->sockets[i]));
    threads_.push_back(std::move(thread));
  }
}

thread_bench::~thread_bench() {
  if (ended != 0) return;
  request_stop();
  request_stop();
  join();
}

void thread_bench::start() {
  for (const auto& t : threads_) t->start();
}

void thread_bench::request_stop() {
  ++board_.requests;
  mail.nudge_all();
}

void thread_bench::join() {
  for (const auto& t : threads_) t->join();
}

std::size_t thread_bench::total(std::atomic<std::size_t> relay_host::*what) const {
  std::size_t sum = 0;
  for (const relay_host* h : hosts_) sum += h->*what;
  return sum;
}

}  // namespace godwit::test
