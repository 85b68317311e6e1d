#include "random_batches.hpp"

#include <algorithm>

namespace godwit::test {

using mqtt::message_number;
using store::log_position;
using store::session_number;

store::batch random_batches::next() {
  store::batch b;
  const std::size_t count = 1 + random_.below(12);
  while (b.size() < count) add(b);
  return b;
}

void random_batches::restart() {
  waiting_commits_.clear();
}

void random_batches::add(store::batch& to) {
  switch (random_.below(12)) {
    case 0:
      return sessions_.size() < 6 ? open(to) : add_entries(to);
    case 1:
      return random_.below(6) == 0 ? end(to) : add_entries(to);
    case 2:
    case 3:
      return add_row(to);
    case 4:
    case 5:
    case 6:
      return add_entries(to);
    default:
      return add_to_entry(to);
  }
}

void random_batches::open(store::batch& to) {
  const std::uint64_t number = ++last_session_;
  store::session_opened r{session_number{number}, "client" + std::to_string(number), {}};
  if (random_.coin()) r.owner = "ann";
  if (random_.coin()) r.version = mqtt::protocol_version::v5;
  to.emplace_back(std::move(r));
  sessions_[number].next_position = random_.below(100);
}

void random_batches::end(store::batch& to) {
  auto* const s = pick();
  if (s == nullptr) return;
  to.emplace_back(store::session_ended{session_number{s->first}});
  std::erase_if(s->second.live, [&](std::uint64_t p) { return !s->second.shared.contains(p); });
  s->second.ended = true;
  if (s->second.live.empty() && random_.coin()) sessions_.erase(s->first);
}

void random_batches::add_entries(store::batch& to) {
  const auto m = message(random_.below(8) == 0 ? ++last_version_ : 0);
  const std::size_t fan_out = 1 + random_.below(3);
  const std::uint64_t commit = random_.below(4) == 0 ? m->number().value() : 0;
  for (std::size_t i = 0; i < fan_out; ++i) {
    auto* const s = pick();
    if (s == nullptr) return open(to);
    store::enqueued r;
    r.session = session_number{s->first};
    r.position = log_position{s->second.next_position++};
    r.message = m;
    r.quality = random_.coin() ? mqtt::qos::at_least_once : mqtt::qos::exactly_once;
    r.retain = random_.coin();
    r.commit = message_number{commit};
    if (random_.below(5) == 0) r.share = "$share/group/t";
    for (std::size_t n = random_.below(4) == 0 ? random_.below(4) : 0; n != 0; --n) {
      r.identifiers.push_back(static_cast<std::uint32_t>(random_.below(1U << 28U)));
    }
    if (!s->second.ended || !r.share.empty()) {
      s->second.live.push_back(r.position.value());
      if (!r.share.empty()) s->second.shared.insert(r.position.value());
    }
    to.emplace_back(std::move(r));
  }
  if (commit != 0) waiting_commits_.push_back(commit);
}

void random_batches::add_to_entry(store::batch& to) {
  auto* const s = pick();
  if (s == nullptr) return open(to);
  session& its = s->second;
  const session_number number{s->first};
  if (random_.below(6) == 0) {
    const auto id = static_cast<std::uint16_t>(1 + random_.below(5));
    if (random_.coin()) {
      to.emplace_back(
          store::qos2_received{number, mqtt::packet_id{id}, message_number{take_commit()}});
    } else {
      to.emplace_back(store::qos2_released{number, mqtt::packet_id{id}});
    }
    return;
  }
  if (its.live.empty()) return;
  // Mostly from the front, as acknowledgements come.
  const std::size_t at = random_.below(4) == 0 ? random_.below(its.live.size()) : 0;
  const log_position position{its.live[at]};
  switch (random_.below(5)) {
    case 0:
      to.emplace_back(store::sent{
          number, position, mqtt::packet_id{static_cast<std::uint16_t>(1 + random_.below(99))}});
      return;
    case 1:
      to.emplace_back(store::rec_received{number, position});
      return;
    default:
      to.emplace_back(store::removed{number, position,
                                     message_number{random_.below(4) == 0 ? take_commit() : 0}});
      its.live.erase(its.live.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void random_batches::add_row(store::batch& to) {
  const auto* const s = pick();
  const std::string name(1, static_cast<char>('a' + random_.below(6)));
  switch (random_.below(7)) {
    case 0:
      if (s != nullptr) {
        store::subscription_terms terms{.quality = static_cast<mqtt::qos>(random_.below(3))};
        if (random_.coin()) terms.identifier = static_cast<std::uint32_t>(random_.below(1U << 28U));
        terms.no_local = random_.below(4) == 0;
        terms.retain_as_published = random_.below(4) == 0;
        to.emplace_back(store::subscribed{session_number{s->first}, name + "/#", terms});
      }
      return;
    case 1:
      if (s != nullptr) {
        to.emplace_back(store::unsubscribed{session_number{s->first}, name + "/#"});
      }
      return;
    case 2:
      if (s != nullptr) {
        const std::chrono::milliseconds since{random_.coin() ? 0 : 1 + random_.below(999)};
        to.emplace_back(store::session_idle{session_number{s->first}, base::wall_time{since}});
        std::optional<std::uint32_t> after_s;
        if (random_.coin()) after_s = static_cast<std::uint32_t>(random_.next());
        to.emplace_back(store::session_expires{session_number{s->first}, after_s});
      }
      return;
    case 3: {
      const auto m = message();
      wills_.push_back(m->number().value());
      to.emplace_back(store::will_stored{
          name, m, 30, random_.coin() ? 0U : static_cast<std::uint32_t>(random_.next())});
      return;
    }
    case 4: {
      if (wills_.empty()) return;
      const std::size_t at = random_.below(wills_.size());
      to.emplace_back(
          store::will_removed{message_number{wills_[at]}, message_number{take_commit()}});
      wills_.erase(wills_.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    case 5: {
      const std::uint64_t version = random_.below(4) == 0 ? last_version_ / 2 : ++last_version_;
      to.emplace_back(store::retained{message(version, name)});
      return;
    }
    default:
      if (const std::uint64_t commit = take_commit()) {
        to.emplace_back(store::committed{message_number{commit}});
      }
  }
}

base::ref<const mqtt::message> random_batches::message(std::uint64_t version, std::string topic) {
  std::string payload(random_.below(5) == 0 ? 0 : random_.below(200), 'p');
  for (char& c : payload) c = static_cast<char>(random_.next());
  mqtt::message_fields f;
  f.number = message_number{++last_message_};
  f.topic = topic;
  f.payload = base::as_bytes(payload);
  f.quality = static_cast<mqtt::qos>(random_.below(3));
  f.retain = random_.coin();
  f.retain_version = version;
  f.arrival = base::wall_time{std::chrono::milliseconds{random_.below(1'000'000)}};
  if (random_.below(3) == 0) f.expiry_s = static_cast<std::uint32_t>(random_.below(1'000));
  if (random_.below(3) == 0) f.publisher = random_.next();
  if (random_.coin()) f.publisher_id = "phone";
  if (!f.publisher_id.empty() && random_.coin()) f.publisher_user = "ann";
  if (random_.below(3) == 0) f.properties = base::as_bytes("\x01\x01");
  return mqtt::message::make(f);
}

std::pair<const std::uint64_t, random_batches::session>* random_batches::pick() {
  if (sessions_.empty()) return nullptr;
  auto at = sessions_.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random_.below(sessions_.size())));
  return &*at;
}

std::uint64_t random_batches::take_commit() {
  if (waiting_commits_.empty() || random_.coin()) return 0;
  const std::size_t at = random_.below(waiting_commits_.size());
  const std::uint64_t commit = waiting_commits_[at];
  waiting_commits_.erase(waiting_commits_.begin() + static_cast<std::ptrdiff_t>(at));
  return commit;
}

}  // namespace godwit::test
