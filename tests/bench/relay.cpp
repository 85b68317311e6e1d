#include "relay.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

namespace godwit::bench {
namespace {

std::string_view text(octet_view bytes) {
  return {std::bit_cast<const char*>(bytes.data()), bytes.size()};
}

/// The next level of a topic or filter, taken off its front.
std::string_view take_level(std::string_view& rest, bool& more) {
  const std::size_t slash = rest.find('/');
  more = slash != std::string_view::npos;
  const std::string_view level = rest.substr(0, slash);
  rest.remove_prefix(more ? slash + 1 : rest.size());
  return level;
}

bool matches(std::string_view filter, std::string_view topic) {
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter && more_topic) {
    const std::string_view want = take_level(filter, more_filter);
    if (want == "#") return true;
    if (const std::string_view is = take_level(topic, more_topic); want != "+" && want != is) {
      return false;
    }
  }
  return more_filter == more_topic;
}

std::string take_string(octet_view& body) {
  if (body.size() < 2) throw bench_error("relay: short packet");
  const std::size_t size = static_cast<std::size_t>(body[0] << 8 | body[1]);
  if (body.size() < 2 + size) throw bench_error("relay: short packet");
  const std::string result{text(body.subspan(2, size))};
  body = body.subspan(2 + size);
  return result;
}

}  // namespace

/// One client's connection at the relay.
class relay::peer final : public connection {
 public:
  explicit peer(relay& owner) : connection{owner.loop_}, owner_{owner} {}

  std::uint16_t next_id() {
    if (++last_id_ == 0) ++last_id_;
    return last_id_;
  }
  [[nodiscard]] std::uint8_t qos() const { return qos_; }
  [[nodiscard]] protocol version() const { return version_; }
  [[nodiscard]] const std::string& id() const { return id_; }

  std::vector<std::string> filters;

 private:
  void on_connected() override {}
  void on_closed(const std::string&) override { end(); }
  void on_packet(const packet_view& packet, instant now) override;
  void on_login(octet_view body);
  void on_subscribe(octet_view body);

  void end() {
    owner_.unsubscribe_all(*this);
    if (!clean_) owner_.away_[id_] = {std::move(filters), {}, version_};
    filters.clear();
    close();
  }

  relay& owner_;
  std::string id_;
  std::uint16_t last_id_ = 0;
  std::uint8_t qos_ = 0;
  protocol version_ = protocol::v311;
  bool clean_ = true;
};

class relay::listener final : public event_source {
 public:
  listener(relay& owner, int fd) : owner_{owner}, fd_{fd} {}
  ~listener() override { ::close(fd_); }
  void on_events(std::uint32_t) override { owner_.accept_all(fd_); }

 private:
  relay& owner_;
  int fd_;
};

void relay::peer::on_packet(const packet_view& packet, instant) {
  switch (packet.type()) {
    case packet_type::connect:
      return on_login(packet.body);
    case packet_type::subscribe:
      return on_subscribe(packet.body);
    case packet_type::publish: {
      const publish_view message = parse_publish(packet, version_);
      owner_.route(message, text(message.topic));
      if (message.qos == 0) return;
      return append_acknowledgement(output(),
                                    message.qos == 1 ? packet_type::puback : packet_type::pubrec,
                                    message.packet_id);
    }
    case packet_type::pubrel:
      return append_acknowledgement(output(), packet_type::pubcomp, parse_packet_id(packet));
    case packet_type::pubrec:
      return append_acknowledgement(output(), packet_type::pubrel, parse_packet_id(packet));
    case packet_type::pingreq:
      return append_bare(output(), packet_type::pingresp);
    case packet_type::disconnect:
      return end();
    default:
      return;  // PUBACK and PUBCOMP end what is not remembered
  }
}

void relay::peer::on_login(octet_view body) {
  take_string(body);
  if (body.size() < 4) throw bench_error("relay: short packet");
  version_ = static_cast<protocol>(body[0]);
  clean_ = (body[1] & 2) != 0;
  body = body.subspan(4);
  if (version_ == protocol::v5) body = past_properties(body);
  id_ = take_string(body);
  const auto stored = owner_.away_.find(id_);
  const bool present = !clean_ && stored != owner_.away_.end();
  octets& out = output();
  const std::uint8_t flags = present ? 1 : 0;
  if (version_ == protocol::v5) {
    out.insert(out.end(), {0x20, 3, flags, 0, 0});
  } else {
    out.insert(out.end(), {0x20, 2, flags, 0});
  }
  if (present) {
    for (const std::string& filter : stored->second.filters) owner_.subscribe(*this, filter);
    for (const octets& packet : stored->second.queue) {
      out.insert(out.end(), packet.begin(), packet.end());
    }
    qos_ = 1;
  }
  if (stored != owner_.away_.end()) owner_.away_.erase(stored);
}

void relay::peer::on_subscribe(octet_view body) {
  if (body.size() < 2) throw bench_error("relay: short packet");
  octets answer{0, body[0], body[1]};
  body = body.subspan(2);
  if (version_ == protocol::v5) {
    body = past_properties(body);
    answer.push_back(0);
  }
  std::vector<std::string> asked;
  while (!body.empty()) {
    asked.push_back(take_string(body));
    if (body.empty()) throw bench_error("relay: short packet");
    qos_ = body[0];
    answer.push_back(qos_);
    body = body.subspan(1);
    owner_.subscribe(*this, asked.back());
  }
  octets& out = output();
  const std::size_t size = answer.size() - 1;
  out.push_back(0x90);
  if (size > 127) out.push_back(static_cast<std::uint8_t>(0x80 | (size & 0x7f)));
  out.push_back(static_cast<std::uint8_t>(size > 127 ? size >> 7 : size));
  out.insert(out.end(), answer.begin() + 1, answer.end());
  for (const auto& [topic, payload] : owner_.retained_) {
    for (const std::string& filter : asked) {
      if (!matches(filter, topic)) continue;
      publish_view message;
      message.payload = payload;
      message.retain = true;
      owner_.deliver(*this, message, topic);
    }
  }
}

relay::relay(std::uint16_t port, faults_wanted wanted)
    : loop_{layer_options{}, 1024 * 1024}, wanted_{wanted} {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  listener_ = std::make_unique<listener>(*this, fd);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, std::bit_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd, 1024) != 0 ||
      ::getsockname(fd, std::bit_cast<sockaddr*>(&address), &size) != 0) {
    throw bench_error(std::string("relay: listen: ") + std::strerror(errno));
  }
  port_ = ntohs(address.sin_port);
  loop_.watch(fd, *listener_, EPOLLIN);
}

relay::~relay() = default;

void relay::run(const std::atomic<bool>& stop) {
  while (!stop) {
    loop_.turn(std::chrono::milliseconds{20});
    for (const auto& p : peers_) {
      if (wanted_.kind != mischief::chatter || p->filters.empty()) continue;
      append_bare(p->output(), packet_type::pingresp);
    }
    std::erase_if(peers_, [](const auto& p) { return !p->is_open(); });
  }
}

void relay::accept_all(int fd) {
  while (true) {
    const int accepted = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    peers_.push_back(std::make_unique<peer>(*this));
    peers_.back()->adopt(accepted);
  }
}

void relay::subscribe(peer& who, const std::string& filter) {
  who.filters.push_back(filter);
  if (filter.find_first_of("+#") != std::string::npos) {
    wildcards_.emplace_back(filter, &who);
  } else {
    exact_[filter].push_back(&who);
  }
}

void relay::unsubscribe_all(peer& who) {
  std::erase_if(wildcards_, [&who](const auto& entry) { return entry.second == &who; });
  for (const std::string& filter : who.filters) {
    const auto found = exact_.find(filter);
    if (found == exact_.end()) continue;
    std::erase(found->second, &who);
    if (found->second.empty()) exact_.erase(found);
  }
}

void relay::route(const publish_view& message, std::string_view topic) {
  if (message.retain) {
    if (message.payload.empty()) {
      retained_.erase(std::string{topic});
    } else {
      retained_[std::string{topic}].assign(message.payload.begin(), message.payload.end());
    }
  }
  if (const auto found = exact_.find(topic); found != exact_.end()) {
    for (peer* to : found->second) deliver(*to, message, topic);
  }
  for (const auto& [filter, to] : wildcards_) {
    if (matches(filter, topic)) deliver(*to, message, topic);
  }
  for (auto& [id, session] : away_) {
    for (const std::string& filter : session.filters) {
      if (!matches(filter, topic)) continue;
      const auto number = static_cast<std::uint16_t>(session.queue.size() % 0xffff + 1);
      append_publish(session.queue.emplace_back(), {.topic = topic,
                                                    .payload = message.payload,
                                                    .packet_id = number,
                                                    .qos = message.qos,
                                                    .version = session.version});
    }
  }
}

void relay::deliver(peer& to, const publish_view& message, std::string_view topic) {
  ++deliveries_;
  const bool spoiled =
      wanted_.kind == mischief::stall ? deliveries_ >= wanted_.at : deliveries_ == wanted_.at;
  const bool wanted = wanted_.kind != mischief::none && wanted_.kind != mischief::chatter;
  if (wanted && spoiled) return spoil(to, message, topic);
  emit(to, message, topic);
  if (!held_ || held_->to != &to || held_->topic != topic) return;
  held_->message.payload = held_->payload;
  emit(to, held_->message, topic);
  held_.reset();
}

void relay::spoil(peer& to, const publish_view& message, std::string_view topic) {
  octets payload{message.payload.begin(), message.payload.end()};
  switch (wanted_.kind) {
    case mischief::duplicate:
      emit(to, message, topic);
      return emit(to, message, topic);
    case mischief::swap:
      held_ = {.to = &to, .topic = std::string{topic}, .payload = payload, .message = message};
      return;
    case mischief::corrupt: {
      payload.back() ^= 1;
      publish_view changed = message;
      changed.payload = payload;
      return emit(to, changed, topic);
    }
    case mischief::misroute: {
      const auto wrong = std::find_if(peers_.begin(), peers_.end(), [&to](const auto& p) {
        return p.get() != &to && !p->filters.empty();
      });
      if (wrong != peers_.end()) emit(**wrong, message, topic);
      return;
    }
    case mischief::none:
    case mischief::chatter:
    case mischief::stall:
    case mischief::drop:
      return;
  }
}

void relay::emit(peer& to, const publish_view& message, std::string_view topic) {
  const std::uint8_t qos = std::min(message.qos, to.qos());
  append_publish(to.output(), {.topic = topic,
                               .payload = message.payload,
                               .packet_id = qos == 0 ? std::uint16_t{0} : to.next_id(),
                               .qos = qos,
                               .retain = message.retain ? retain_flag::set : retain_flag::clear,
                               .version = to.version()});
}

}  // namespace godwit::bench
