#include "naive_rules.hpp"
#include "rules.hpp"

#include <godwit/base/random.hpp>

#include <array>
#include <cstdlib>

namespace godwit::auth {
namespace {

using test::naive_rules;

template <std::size_t N>
std::string one_of(base::prng& r, const std::array<const char*, N>& words) {
  return words[r.below(N)];
}

std::string random_filter(base::prng& r, bool with_names) {
  std::string out;
  const std::size_t depth = 1 + r.below(3);
  for (std::size_t i = 0; i < depth; ++i) {
    if (i != 0) out += '/';
    if (i + 1 == depth && r.below(3) == 0) return out + "#";
    const std::size_t what = r.below(with_names ? 9 : 6);
    if (what < 3) {
      out += one_of<3>(r, {"a", "b", "ann"});
    } else if (what < 5) {
      out += '+';
    } else if (what == 5) {
      out += i == 0 ? "$s" : "a";
    } else {
      out += one_of<4>(r, {"%u", "%c", "a%u", "%cn"});
    }
  }
  return out;
}

rule_options random_rule(base::prng& r) {
  rule_options o;
  o.decides = r.below(2) == 0 ? effect::allow : effect::deny;
  o.deeds = static_cast<std::uint8_t>(1 + r.below(every_deed));
  for (std::size_t i = r.below(3); i != 0; --i) o.topics.push_back(random_filter(r, true));
  switch (r.below(6)) {
    case 0:
      o.users = {one_of<4>(r, {"ann", "bob", "a*", "*"})};
      break;
    case 1:
      o.users = {"ann", "bob"};
      break;
    case 2:
      o.groups = {"g"};
      break;
    case 3:
      o.client_ids = {one_of<3>(r, {"a", "an", "a*"})};
      break;
    case 4:
      o.anonymous_only = r.below(3) == 0;
      break;
    default:
      break;
  }
  return o;
}

/// A million questions, rules that differ every hundred. GODWIT_SEED repeats a run.
TEST(RuleSetRandom, AgreesWithANaiveMatcher) {
  const char* const given = std::getenv("GODWIT_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'126;
  base::prng r{seed};
  naive_rules naive;
  std::size_t allowed = 0;
  std::size_t by_rule = 0;
  constexpr std::size_t sets = 10'000;
  constexpr std::size_t questions = 100;
  for (std::size_t set = 0; set < sets; ++set) {
    std::vector<rule_options> rules;
    for (std::size_t i = 1 + r.below(8); i != 0; --i) rules.push_back(random_rule(r));
    const rule_set compiled = test::compiled(rules, {{.name = "g", .users = {"bob"}, .line = 1}});
    std::size_t line = 0;
    for (rule_options& o : rules) o.line = ++line;
    for (std::size_t i = 0; i < questions; ++i) {
      naive_rules::asker who{one_of<7>(r, {"ann", "bob", "", "a+", "b/c", "#", "$s"}),
                             one_of<4>(r, {"a", "an", "b", "+"}),
                             {}};
      if (who.user == "bob") who.groups = {"g"};
      const auto what = static_cast<action>(r.below(6));
      const std::string topic = what == action::subscribe
                                    ? random_filter(r, false)
                                    : naive.world()[r.below(naive.world().size())];
      const auto expected = naive.ask(rules, who, what, topic);
      const decision d = compiled.check(principal{who.user}, who.client_id, what, topic);
      const std::string rule = expected.line == 0 ? "rules: no rule allows it"
                                                  : "rules:" + std::to_string(expected.line);
      if (d.allowed != expected.allowed || rule != d.rule) {
        FAIL() << "seed " << seed << ", set " << set << ": \"" << who.user << "\" \""
               << who.client_id << "\" action " << static_cast<int>(what) << " \"" << topic
               << "\": " << d.rule << ", expected " << rule;
      }
      if (d.allowed) ++allowed;
      if (expected.line != 0) ++by_rule;
    }
  }
  // The questions are not all alike.
  EXPECT_GT(allowed, sets * questions / 20);
  EXPECT_LT(allowed, sets * questions / 2);
  EXPECT_GT(by_rule, sets * questions / 4);
}

}  // namespace
}  // namespace godwit::auth
