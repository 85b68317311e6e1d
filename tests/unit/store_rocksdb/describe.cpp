#include "describe.hpp"

#include <godwit/base/escape.hpp>

#include <sstream>

namespace godwit::test {
namespace {

std::string text_of(const mqtt::message& m) {
  std::ostringstream out;
  out << '#' << m.number().value() << ' ' << m.topic() << ' ' << m.content_size() << ' '
      << base::escape_for_log(base::as_text(m.payload()), 4096) << ' '
      << base::escape_for_log(base::as_text(m.properties()), 4096) << " q"
      << static_cast<int>(m.quality()) << " r" << m.retain() << " v" << m.retain_version() << " a"
      << m.arrival().time_since_epoch().count() << " e"
      << (m.expiry_s() ? std::to_string(*m.expiry_s()) : "-") << " p" << m.publisher() << ' '
      << m.publisher_id() << ' ' << m.publisher_user();
  return out.str();
}

class describer final : public store::recovery_visitor {
 public:
  explicit describer(bodies b) : bodies_{b} {}
  void on_session(store::restored_session s) override {
    out_ << "session " << s.number.value() << ' ' << s.client_id << " of " << s.owner << " v"
         << static_cast<int>(s.version) << " idle "
         << (s.idle_since ? s.idle_since->time_since_epoch().count() : -1) << " ended " << s.ended
         << " next " << s.next_position.value() << " expires "
         << (s.expires_after_s ? std::to_string(*s.expires_after_s) : "-") << '\n';
    for (const auto& sub : s.subscriptions) {
      out_ << "  sub " << sub.filter << ' ' << static_cast<int>(sub.terms.quality) << " n"
           << sub.terms.no_local << " p" << sub.terms.retain_as_published << " i"
           << sub.terms.identifier << '\n';
    }
    for (const auto& e : s.entries) {
      out_ << "  entry " << e.position.value() << " q" << static_cast<int>(e.quality) << " r"
           << e.retain << " share " << e.share << " id " << e.id.value() << " rec " << e.received
           << " #" << e.summary.number.value() << ' ' << e.summary.content_size << " a"
           << e.summary.arrival.time_since_epoch().count() << " e"
           << (e.summary.expiry_s ? std::to_string(*e.summary.expiry_s) : "-");
      for (const std::uint32_t one : e.identifiers) out_ << " i" << one;
      if (bodies_ == bodies::with) out_ << " = " << (e.message ? text_of(*e.message) : "none");
      out_ << '\n';
    }
    for (const mqtt::packet_id id : s.qos2_received) out_ << "  qos2 " << id.value() << '\n';
  }
  void on_will(store::restored_will w) override {
    out_ << "will " << w.client_id << ' ' << w.keep_alive_s << " d" << w.delay_s << ' '
         << text_of(*w.message) << '\n';
  }
  void on_retained(base::ref<const mqtt::message> m) override {
    out_ << "retained " << text_of(*m) << '\n';
  }
  std::string with(const store::high_water& seen) {
    out_ << "seen " << seen.session_number << ' ' << seen.message_number << ' '
         << seen.retain_version << '\n';
    return out_.str();
  }

 private:
  bodies bodies_;
  std::ostringstream out_;
};

}  // namespace

std::string describe(store::store& s, bodies b) {
  describer d{b};
  const store::high_water seen = s.recover(d);
  return d.with(seen);
}

}  // namespace godwit::test
