#pragma once

#include <godwit/broker/shard_options.hpp>
#include <godwit/broker/transport.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace godwit::net {

enum class tls_version : std::uint8_t { v1_2, v1_3 };

/// TLS of one listener. Files are PEM, named by full paths.
struct tls_options {
  /// Certificates, each with its chain behind it; none: the listener has no TLS. A client that
  /// names a host (SNI) gets the first that is made for it, others get the first of all.
  std::vector<std::string> certificates;
  std::vector<std::string> keys;  ///< one for each certificate, in the same order
  /// Certificates of authorities; with it clients are asked for a certificate, and one that they
  /// show must be signed by one of these. Empty: clients are not asked.
  std::string ca;
  bool require_client_certificate = true;  ///< with `ca`: a client without one is refused
  std::string crl;  ///< revoked client certificates, of each authority one list; empty = none
  tls_version version_min = tls_version::v1_2;
  std::string ciphers;  ///< for TLS 1.2, in OpenSSL's form; empty = the good ones
  [[nodiscard]] bool is_on() const noexcept { return !certificates.empty(); }
};

/// MQTT over WebSocket on one listener, which then speaks nothing else.
struct websocket_options {
  std::string path;  ///< of the request, "/mqtt"; empty: no WebSocket here
  std::vector<std::string>
      origins;  ///< of pages that may connect, "https://app.example"; empty: any
  [[nodiscard]] bool is_on() const noexcept { return !path.empty(); }
};

/// How fast connections may come to one listener. Token buckets, full at the start.
struct connect_rate {
  std::uint32_t all_max = 0;  ///< per second, from everybody; 0 = no limit
  /// Per second from one address, of IPv6 from one network of 64 bits; 0 = no limit.
  std::uint32_t address_max = 0;
  std::chrono::milliseconds burst{1'000};  ///< so much time's worth may come at once
  std::uint64_t seed = 0;                  ///< of the hash that gives addresses their places
  friend bool operator==(const connect_rate&, const connect_rate&) = default;
};

/// One place where clients connect.
struct listener_options {
  std::string name = "default";  ///< for the log and error messages
  /// A literal IPv4 or IPv6 address, or the full path of a Unix-domain socket, which only the
  /// broker's user and group may use; "localhost" is 127.0.0.1, "*" is every address of both
  /// families (of IPv4 alone where the system has no IPv6). Other names are not looked up. "::"
  /// takes IPv4 as well, unless an IPv4 listener with the same port is listed.
  std::string bind = "127.0.0.1";
  std::uint16_t port = 1'883;         ///< 0 = the system picks one
  std::uint32_t connections_max = 0;  ///< open at a time, over all shards; 0 = no limit
  int backlog = 1'024;    ///< connections that wait to be accepted, per shard; the system caps it
  bool optional = false;  ///< skipped when the machine lacks the address; other errors stay errors
  broker::version_set versions = broker::version_set::all();  ///< of MQTT; others are refused
  /// Networks, "10.0.0.0/8" or an address. None that is denied gets in; with some that are allowed,
  /// only those. Unix-domain sockets have no address and are let in.
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  /// Proxies. With some, only they may connect, each connection begins with a PROXY header, and
  /// `allow` and `deny` judge the address in it.
  std::vector<std::string> proxies;
  tls_options tls;
  websocket_options websocket;
  connect_rate rate;
  [[nodiscard]] bool is_path() const noexcept { return bind.starts_with('/'); }
  /// Something comes before MQTT on its connections.
  [[nodiscard]] bool has_opening() const noexcept {
    return tls.is_on() || websocket.is_on() || !proxies.empty();
  }
};

/// Times and amounts that rarely need to be changed.
struct tuning {
  /// Ends a connection whose peer acknowledges nothing, or takes nothing (closed TCP window), for
  /// so long while output waits (TCP_USER_TIMEOUT); 0 = the system's default, many minutes.
  std::chrono::milliseconds unacknowledged_max{60'000};
  /// How long a connection that the broker has ended may take to close its side. Input is thrown
  /// away meanwhile; closing at once would reset the connection and destroy output on its way.
  std::chrono::milliseconds linger_max{2'000};
  std::size_t lingering_max = 4'096;  ///< such connections per shard; the oldest are closed first
  std::size_t read_bytes_max = 262'144;  ///< read from one connection per turn; a buffer per shard
  std::size_t events_per_turn = 256;     ///< ready handlers run before a turn ends
  std::size_t mail_per_turn = 64;        ///< batches of mail taken in one turn
  std::size_t accepts_per_turn = 64;     ///< connections accepted in a row by one listener
  /// How long a listener rests when the process is out of files or memory.
  std::chrono::milliseconds accept_pause{100};
  /// Files kept free for the store, the log and administration: no connection gets one of the last.
  /// At most an eighth of the limit (as it is when the listeners open) is kept.
  std::uint32_t files_reserved = 128;
  /// What stands before MQTT (TLS, WebSocket) may take so long, from the accept on; then CONNECT's
  /// own time begins.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// Connections per shard whose handshake is under way; the oldest of them gives way to a new one.
  std::size_t handshakes_max = 1'000;
  /// Steps of handshakes, each of which costs about a signature, per turn; the others wait for the
  /// next one.
  std::size_t handshakes_per_turn = 4;
  std::chrono::milliseconds stop_max{5'000};  ///< a graceful stop ends after this at the latest
};

/// Everything below the daemon; `shard.shards` is the number of threads.
struct options {
  broker::shard_options shard;
  std::vector<listener_options> listeners{listener_options{}};
  tuning tune;
};

}  // namespace godwit::net
