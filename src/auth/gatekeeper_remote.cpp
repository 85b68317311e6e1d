#include "kept_credentials.hpp"
#include "peer_text.hpp"

#include <godwit/auth/gatekeeper.hpp>
#include <godwit/base/wipe.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>

namespace godwit::auth {
namespace {

using mqtt::reason_code;

verdict refused(const char* why, reason_code code) {
  return {.code = code, .who = principal{}, .why = why};
}

constexpr const char* refused_by_service = "refused by the HTTP service";

}  // namespace

/// A question on its way. Everything that `done` needs of the CONNECT is in it.
struct gatekeeper::inquiry {
  std::shared_ptr<const security> judged_by;
  remote_question about;
  kept_credentials asked;
  remote_answer answer;
  std::function<void(verdict)> done;

  inquiry() = default;
  inquiry(const inquiry&) = delete;
  inquiry& operator=(const inquiry&) = delete;
  ~inquiry() { base::wipe(about.password); }
};

void gatekeeper::ask_remote(const credentials& c, std::function<void(verdict)> done) {
  auto a = std::make_shared<inquiry>();
  a->judged_by = security_;
  a->about.user_name = *c.user_name;
  a->about.client_id = c.client_id;
  a->about.address = host_of(c.peer);
  a->about.listener = c.listener;
  a->about.password.assign(c.password->begin(), c.password->end());
  a->asked = kept_credentials{c};
  a->done = std::move(done);
  if (auto known = remote_cache_.find(a->about, c.now.steady)) {
    a->answer = *std::move(known);
    answered(*a);
    return;
  }
  if (!throttle_.admits(address_of(c.peer), a->about.user_name, c.now.steady)) {
    a->done(refused("too many wrong passwords", reason_code::server_unavailable));
    return;
  }
  // JSON is text.
  if (!is_user_name(a->about.user_name) || !mqtt::is_valid_utf8(base::as_text(*c.password))) {
    a->done(
        refused("a user name or password that is no text", reason_code::bad_user_name_or_password));
    return;
  }
  const bool is_taken = remote_workshop_.submit(
      [a] { a->answer = a->judged_by->remote->ask(a->about); },
      [this, a] {
        if (a->answer.said == remote_answer::outcome::allowed) {
          remote_cache_.add(a->about, a->answer, security_->login.http_cache,
                            a->asked.started.steady);
        }
        answered(*a);
      });
  if (!is_taken) a->done(refused("too many logins wait", reason_code::server_unavailable));
}

void gatekeeper::answered(inquiry& a) {
  switch (a.answer.said) {
    case remote_answer::outcome::failed:
      a.done(refused("the HTTP service has not answered as documented",
                     reason_code::server_unavailable));
      return;
    case remote_answer::outcome::denied:
      throttle_.count_failure(address_of(a.asked.peer), a.about.user_name, a.asked.started.steady);
      a.done(refused(refused_by_service, reason_code::bad_user_name_or_password));
      return;
    case remote_answer::outcome::allowed:
      break;
  }
  identity_parts parts;
  parts.user_name = a.about.user_name;
  parts.vouched_by = voucher::http;
  parts.facts.groups = a.answer.groups;
  parts.has_facts = !a.answer.groups.empty();
  if (a.answer.good_for) parts.expires = a.asked.started.wall + *a.answer.good_for;
  const credentials c = a.asked.view();
  a.done(let_in_late(*a.judged_by, std::move(parts), c, "HTTP service", refused_by_service));
}

}  // namespace godwit::auth
