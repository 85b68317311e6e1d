#include <godwit/session/close_reason.hpp>

namespace godwit::session {

const char* name(close_cause cause) noexcept {
  switch (cause) {
    case close_cause::client_disconnected:
      return "client_disconnected";
    case close_cause::client_closed:
      return "client_closed";
    case close_cause::connection_lost:
      return "connection_lost";
    case close_cause::connect_timeout:
      return "connect_timeout";
    case close_cause::keep_alive_timeout:
      return "keep_alive_timeout";
    case close_cause::protocol_error:
      return "protocol_error";
    case close_cause::packet_too_large:
      return "packet_too_large";
    case close_cause::refused:
      return "refused";
    case close_cause::taken_over:
      return "taken_over";
    case close_cause::not_authorized:
      return "not_authorized";
    case close_cause::queue_overflow:
      return "queue_overflow";
    case close_cause::stalled_reader:
      return "stalled_reader";
    case close_cause::server_stopping:
      return "server_stopping";
    case close_cause::administrative:
      return "administrative";
    case close_cause::resources:
      return "resources";
    case close_cause::low_disk:
      return "low_disk";
  }
  return "unknown";
}

}  // namespace godwit::session
