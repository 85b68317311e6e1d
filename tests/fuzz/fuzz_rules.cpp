#include "require.hpp"

#include <godwit/auth/mosquitto_acl.hpp>
#include <godwit/auth/rule_set.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/config/rules.hpp>

#include <algorithm>

namespace godwit::fuzz {

void fuzz_rules(base::bytes_view input);

namespace {

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

/// What is loaded compiles or says why, and answers every question; who gets messages of a topic
/// may subscribe to it, and the other way round.
void compile_and_ask(const auth::rule_file_options& file) {
  const auto rules = auth::rule_set::compile(file);
  if (!rules) {
    FUZZ_REQUIRE(!rules.error().empty());
    for (const auth::mistake& m : rules.error()) FUZZ_REQUIRE(is_printable(m.what));
    return;
  }
  for (const char* user : {"", "ann", "#", "a/b"}) {
    const auth::principal who{user};
    for (const char* topic : {"a", "a/ann/b", "a/#", "$SYS/x", "//"}) {
      for (const auth::action what :
           {auth::action::publish_retain, auth::action::will, auth::action::subscribe}) {
        FUZZ_REQUIRE(*rules->check(who, "c", what, topic).rule != '\0');
      }
      FUZZ_REQUIRE(rules->check(who, "c", auth::action::receive, topic).allowed ==
                   rules->check(who, "c", auth::action::subscribe, topic).allowed);
    }
  }
}

}  // namespace

/// The input is a rule file, and an ACL file of mosquitto.
void fuzz_rules(base::bytes_view input) {
  const std::string_view text = base::as_text(input);
  const config::loaded_rules ours = config::load_rules(text, "r");
  for (const config::mistake& m : ours.mistakes) FUZZ_REQUIRE(is_printable(m.what));
  if (ours.mistakes.empty()) compile_and_ask(ours.value);
  const auto theirs = auth::parse_mosquitto_acl(text, "acl");
  if (theirs) {
    compile_and_ask(*theirs);
  } else {
    for (const auth::mistake& m : theirs.error()) FUZZ_REQUIRE(is_printable(m.what));
  }
}

}  // namespace godwit::fuzz
