#include "engine.hpp"

namespace godwit::broker {

/// A client has come or gone: remembered for operators and, with `sys.client_events`, published
/// below `$SYS` as the log's JSON line.
void shard_engine::note_client(history_entry entry) {
  const bool ended = entry.what == history_entry::kind::ended;
  if (options.client_events && !is_stopping_) {
    const std::string topic = std::string{observe::sys_prefix} + "godwit/clients/" +
                              (ended ? "disconnected" : "connected");
    const std::string_view cause = ended ? std::string_view{session::name(entry.cause)} : "none";
    const std::array<observe::log_field, 3> fields{observe::log_field{"client", entry.client_id},
                                                   observe::log_field{"peer", entry.address},
                                                   observe::log_field{"reason", cause}};
    const std::string line =
        observe::format_log_line({observe::log_level::info, now.wall,
                                  ended ? "client.disconnected" : "client.connected", fields},
                                 observe::log_format::json, observe::log_prefix::time);
    mqtt::message_fields f;
    f.number = next_number();
    f.topic = topic;
    f.payload = base::as_bytes(line);
    f.arrival = now.wall;
    publish_own(mqtt::message::make(f), {}, {});
  }
  history_.add(std::move(entry));
}

}  // namespace godwit::broker
