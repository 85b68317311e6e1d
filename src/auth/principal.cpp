#include <godwit/auth/principal.hpp>
#include <godwit/auth/topic_pattern.hpp>

namespace godwit::auth {

rare_facts::rare_facts() = default;
rare_facts::rare_facts(rare_facts&&) noexcept = default;
rare_facts& rare_facts::operator=(rare_facts&&) noexcept = default;
rare_facts::~rare_facts() = default;

principal::principal(std::string_view user_name, knowledge known) {
  if (user_name.empty() && known == knowledge::all) return;
  auto* const fresh = new identity;
  who_ = base::ref<const identity>::adopt(fresh);
  fresh->user_name = user_name;
  fresh->known = known;
}

principal make_principal(identity_parts parts) {
  auto* const fresh = new identity;
  principal made{base::ref<const identity>::adopt(fresh)};
  fresh->user_name = std::move(parts.user_name);
  if (parts.has_facts) fresh->facts = std::make_unique<const rare_facts>(std::move(parts.facts));
  fresh->expires = parts.expires;
  fresh->proof = parts.proof;
  fresh->vouched_by = parts.vouched_by;
  return made;
}

identity_parts parts_of(const principal& who) {
  identity_parts out;
  const identity* const from = who.who();
  if (from == nullptr) return out;
  out.user_name = from->user_name;
  out.expires = from->expires;
  out.proof = from->proof;
  out.vouched_by = from->vouched_by;
  if (const rare_facts* const f = from->facts.get()) {
    out.has_facts = true;
    out.facts.groups = f->groups;
    out.facts.certificate = f->certificate;
    out.facts.address = f->address;
    out.facts.listener = f->listener;
    if (f->grants) out.facts.grants = std::make_unique<const granted_topics>(*f->grants);
  }
  return out;
}

}  // namespace godwit::auth
