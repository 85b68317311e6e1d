#include "session_book.hpp"

#include <utility>

namespace godwit::kill_loop {
namespace {

/// Cuts the first level off `text`; false when there was none left.
bool next_level(std::string_view& text, bool& at_end, std::string_view& level) {
  if (at_end) return false;
  const std::size_t slash = text.find('/');
  level = text.substr(0, slash);
  at_end = slash == std::string_view::npos;
  if (!at_end) text.remove_prefix(slash + 1);
  return true;
}

}  // namespace

bool matches(std::string_view filter, std::string_view topic) {
  if (filter.starts_with("$share/")) {
    filter.remove_prefix(7);
    filter.remove_prefix(filter.find('/') + 1);
  }
  bool filter_ended = false;
  bool topic_ended = false;
  std::string_view wanted;
  std::string_view level;
  while (next_level(filter, filter_ended, wanted)) {
    if (wanted == "#") return true;
    if (!next_level(topic, topic_ended, level)) return false;
    if (wanted != "+" && wanted != level) return false;
  }
  return topic_ended;
}

void session_book::on_connect_sent(clean_session clean) {
  if (clean == clean_session::no) return;
  // From here on it may be gone, so nothing is owed to it.
  for (subscription& s : subscriptions_) s.certain = never;
}

void session_book::on_unanswered(clean_session clean) {
  const existence unchanged = clean == clean_session::yes ? existence::no : existence::yes;
  if (exists_ != unchanged) exists_ = existence::unknown;
}

session_book::verdict session_book::on_connack(clean_session clean, present_flag present) {
  const bool is_clean = clean == clean_session::yes;
  verdict result = verdict::right;
  if (!is_clean && present == present_flag::clear && exists_ == existence::yes) {
    result = verdict::lost;
  }
  if (present == present_flag::set && (is_clean || exists_ == existence::no)) {
    result = verdict::revived;
  }
  if (is_clean || present == present_flag::clear) subscriptions_.clear();
  exists_ = is_clean ? existence::no : existence::yes;
  return result;
}

void session_book::on_subscribe_sent(const std::string& filter, std::uint8_t qos, stamp now) {
  if (find(filter) != nullptr) return;
  subscriptions_.push_back({.filter = filter, .qos = qos, .asked = now});
}

void session_book::on_suback(std::string_view filter, stamp now) {
  subscription* s = find_mine(filter);
  if (s != nullptr && s->certain == never) s->certain = now;
}

void session_book::on_unsubscribe_sent(std::string_view filter) {
  if (subscription* s = find_mine(filter)) s->certain = never;
}

void session_book::on_unsuback(std::string_view filter, stamp now) {
  if (subscription* s = find_mine(filter)) s->gone = now;
}

const subscription* session_book::find(std::string_view filter) const {
  for (const subscription& s : subscriptions_) {
    if (s.gone == never && s.filter == filter) return &s;
  }
  return nullptr;
}

subscription* session_book::find_mine(std::string_view filter) {
  return const_cast<subscription*>(std::as_const(*this).find(filter));
}

}  // namespace godwit::kill_loop
