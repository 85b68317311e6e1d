#pragma once

#include <godwit/broker/mail.hpp>
#include <godwit/routing/subscription.hpp>

namespace godwit::broker {

/// The port between shards. `post` hands over one batch; the receiver gets it through
/// `shard::on_mail`. Batches of one pair of shards arrive in the order they were posted; none is
/// lost. Any thread.
class post_office {
 public:
  virtual ~post_office() = default;
  virtual void post(routing::shard_id from, routing::shard_id to, mail_batch&& batch) = 0;
};

}  // namespace godwit::broker
