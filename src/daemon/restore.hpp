#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/broker/number_source.hpp>
#include <godwit/broker/shard_options.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/store/store.hpp>

namespace godwit::daemon {

/// Gives every shard what the store has of its clients and topics, and lets the numbers go on above
/// what was ever used. Before the listeners are opened.
void restore(store::store& from, broker::number_source& numbers, net::broker_threads& to,
             const broker::shard_options& options, base::moment now);

}  // namespace godwit::daemon
