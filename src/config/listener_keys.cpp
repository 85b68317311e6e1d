#include "address.hpp"
#include "login_words.hpp"
#include "make_key.hpp"

#include <algorithm>

namespace godwit::config {

namespace {

constexpr std::uint64_t any16 = 65'535;
constexpr std::uint64_t any32 = 4'294'967'295;

template <class Kind, class T>
key<listener> socket(std::string_view path, Kind kind, T net::listener_options::*member,
                     std::string_view doc) {
  return make<listener>(
      path, kind, [member](listener& l) -> T& { return l.options.*member; }, doc);
}
template <class Kind, class T>
key<listener> tls(std::string_view path, Kind kind, T net::tls_options::*member,
                  std::string_view doc) {
  return make<listener>(
      path, kind, [member](listener& l) -> T& { return l.options.tls.*member; }, doc);
}
template <class Kind, class T>
key<listener> websocket(std::string_view path, Kind kind, T net::websocket_options::*member,
                        std::string_view doc) {
  return make<listener>(
      path, kind, [member](listener& l) -> T& { return l.options.websocket.*member; }, doc);
}
template <class Kind, class T>
key<listener> rate(std::string_view path, Kind kind, T net::connect_rate::*member,
                   std::string_view doc) {
  return make<listener>(
      path, kind, [member](listener& l) -> T& { return l.options.rate.*member; }, doc);
}
template <class Kind, class T>
key<listener> permission(std::string_view path, Kind kind, T listener::*member,
                         std::string_view doc) {
  return make<listener>(
      path, kind, [member](listener& l) -> T& { return l.*member; }, doc);
}

bool is_listener_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
             std::string_view::npos;
}
bool is_bind(std::string_view text) {
  return is_full_path(text) || text == "localhost" || text == "*" || is_ip_address(text);
}

/// Ciphers as OpenSSL lists them; the member is empty for "default".
struct cipher_list {
  [[nodiscard]] static std::string kind() { return "default or a cipher list"; }
  [[nodiscard]] static std::string range() { return "as `openssl ciphers` takes it"; }
  static complaint read(std::string_view text, std::string_view, std::string& out) {
    constexpr std::size_t bytes_max = 1'024;
    if (text.empty() || text.size() > bytes_max ||
        std::ranges::any_of(text, [](char c) { return c <= ' ' || c > '~'; })) {
      return quoted(text) + " is neither default nor a list of ciphers, such as " +
             "ECDHE+AESGCM:ECDHE+CHACHA20";
    }
    out = text == "default" ? std::string_view{} : text;
    return std::nullopt;
  }
  [[nodiscard]] static std::string show(const std::string& value) {
    return value.empty() ? "default" : value;
  }
};

/// The versions of MQTT that a listener serves.
struct version_list {
  [[nodiscard]] static std::string kind() { return "list of 3.1, 3.1.1 and 5"; }
  [[nodiscard]] static std::string range() { return {}; }
  static complaint read(std::string_view text, std::string_view, broker::version_set& out) {
    out = broker::version_set{};
    for (const std::string_view word : split_list(text)) {
      const auto found = std::ranges::find(words, word, &entry::word);
      if (found == words.end()) return quoted(word) + " is not one of 3.1, 3.1.1 and 5";
      out.add(found->version);
    }
    return std::nullopt;
  }
  [[nodiscard]] static std::string show(const broker::version_set& value) {
    std::vector<std::string_view> given;
    for (const entry& e : words) {
      if (value.has(e.version)) given.push_back(e.word);
    }
    return list_words(given, ", ", ", ");
  }

 private:
  struct entry {
    std::string_view word;
    mqtt::protocol_version version;
  };
  static constexpr std::array<entry, 3> words{{{"3.1", mqtt::protocol_version::v31},
                                               {"3.1.1", mqtt::protocol_version::v311},
                                               {"5", mqtt::protocol_version::v5}}};
};

bool is_request_path(std::string_view text) {
  constexpr std::size_t bytes_max = 1'024;
  return text.starts_with('/') && text.size() <= bytes_max &&
         std::ranges::none_of(text, [](char c) { return c <= ' ' || c > '~' || c == '?'; });
}
/// The path of a request; the member is empty for "none".
struct request_path {
  [[nodiscard]] static std::string kind() { return "none or a path"; }
  [[nodiscard]] static std::string range() { return "such as /mqtt"; }
  static complaint read(std::string_view text, std::string_view, std::string& out) {
    if (text != "none" && !is_request_path(text)) {
      return quoted(text) + " is neither none nor a path such as /mqtt";
    }
    out = text == "none" ? std::string_view{} : text;
    return std::nullopt;
  }
  [[nodiscard]] static std::string show(const std::string& value) {
    return value.empty() ? "none" : value;
  }
};
bool is_origin(std::string_view text) {
  constexpr std::size_t bytes_max = 512;
  const auto host = text.find("://");
  return host != std::string_view::npos && host > 0 && text.size() <= bytes_max &&
         text.find_first_of("/ ", host + 3) == std::string_view::npos && text.size() > host + 3;
}

std::vector<key<listener>> websocket_keys() {
  using options = net::websocket_options;
  return {
      at_start(websocket("websocket.path", request_path{}, &options::path,
                         "Makes it a listener for MQTT over WebSocket, at this path of the URL.")),
      websocket("websocket.origins",
                text_list{"origins", "any, or such as https://app.example", "any", is_origin},
                &options::origins,
                "Pages from elsewhere may not connect; programs that are no browsers may."),
  };
}

std::vector<key<listener>> address_keys() {
  using options = net::listener_options;
  constexpr std::string_view rule = "such as 10.0.0.0/8 or 2001:db8::1";
  return {
      socket("allow", text_list{"networks", rule, "everybody", is_network}, &options::allow,
             "Addresses that may connect; others may not."),
      socket("deny", text_list{"networks", rule, "nobody", is_network}, &options::deny,
             "Addresses that may not connect, also if they are allowed."),
      at_start(socket(
          "proxy_protocol.from", text_list{"networks", rule, "none", is_network}, &options::proxies,
          "Proxies; with some, only they may connect, and a PROXY header (v1 or v2) is required.")),
  };
}

std::vector<key<listener>> rate_keys() {
  using options = net::connect_rate;
  constexpr std::uint64_t most = 1'000'000;
  constexpr std::uint64_t hour_ms = 3'600'000;
  return {
      rate("connect_rate.all_max", count{{1, most, "no limit"}}, &options::all_max,
           "Connections per second, from everybody."),
      rate("connect_rate.address_max", count{{1, most, "no limit"}}, &options::address_max,
           "Connections per second from one address, of IPv6 from one network of 64 bits."),
      rate("connect_rate.burst", duration{{1, hour_ms}}, &options::burst,
           "So much time's worth of them may come at once."),
  };
}

std::vector<key<listener>> tls_keys() {
  using options = net::tls_options;
  using net::tls_version;
  const auto files = [](bool is_quoted) {
    return text_list{"files",
                     "none, or with commas between them: a full path, credential:NAME or env:NAME",
                     "none", is_input, is_quoted};
  };
  return {
      tls("tls.certificate", files(true), &options::certificates,
          "PEM files, each a certificate and its chain; a client gets the first that is made for "
          "the host it names."),
      secret(
          tls("tls.key", files(false), &options::keys,
              "PEM files with their private keys, in the same order; not readable for everybody.")),
      tls("tls.ca", input_or_word{"none"}, &options::ca,
          "PEM file with authorities; clients are asked for a certificate that one of them "
          "signed."),
      tls("tls.require_client_certificate", truth{}, &options::require_client_certificate,
          "With tls.ca: whether a client without a certificate is refused."),
      tls("tls.crl", input_or_word{"none"}, &options::crl,
          "PEM file with a list of revoked certificates of each authority in tls.ca."),
      tls("tls.version_min",
          choice<tls_version>{{{"1.2", tls_version::v1_2}, {"1.3", tls_version::v1_3}}},
          &options::version_min, "The oldest version of TLS that is spoken."),
      tls("tls.ciphers", cipher_list{}, &options::ciphers,
          "For TLS 1.2; default is ECDHE with AES-GCM or ChaCha20-Poly1305, and nothing else."),
  };
}

}  // namespace

std::vector<key<listener>> listener_keys() {
  using options = net::listener_options;
  std::vector<key<listener>> keys{
      at_start(socket("name",
                      free_text{"a name", "1 to 64 letters, digits, - and _", is_listener_name},
                      &options::name, "What the log calls this listener; each name once.")),
      at_start(socket(
          "bind",
          free_text{"an IP address or a path",
                    "localhost, * (every address), an address such as \"::1\", or a socket's path",
                    is_bind},
          &options::bind,
          "The address to listen on; localhost is 127.0.0.1, a path is a Unix-domain socket.")),
      at_start(socket("port", count{{0, any16}}, &options::port,
                      "The TCP port; 0 lets the system choose one, which the log tells.")),
      socket("connections_max", count{{1, any32, "no limit of its own"}}, &options::connections_max,
             "Connections accepted here at the same time; more are closed at once."),
      at_start(socket("backlog", count{{1, any16}}, &options::backlog,
                      "Connections the system holds until they are accepted.")),
      at_start(socket("optional", truth{}, &options::optional,
                      "Whether to go on without this listener if the machine lacks its address.")),
      socket("versions", version_list{}, &options::versions,
             "The versions of MQTT that are served here."),
      permission("authentication",
                 free_text{"ways to log in",
                           "default (all that are set up), none, or some of certificate, jwt, "
                           "password, http, scram and anonymous with commas between",
                           is_way_to_log_in},
                 &listener::authentication,
                 "How clients log in here; anonymous lets in those who show nothing at all."),
      permission("allow_anonymous_remote", truth{}, &listener::allow_anonymous_remote,
                 "Lets everybody who reaches an address beyond loopback in, without a password."),
  };
  for (key<listener>& k : address_keys()) keys.push_back(std::move(k));
  for (key<listener>& k : rate_keys()) keys.push_back(std::move(k));
  for (key<listener>& k : tls_keys()) keys.push_back(std::move(k));
  for (key<listener>& k : websocket_keys()) keys.push_back(std::move(k));
  return keys;
}

std::vector<section> listener_sections() {
  return {{"proxy_protocol", "Behind a proxy or load balancer that tells the client's address."},
          {"connect_rate", "How fast connections may come; more are closed at once, before TLS."},
          {"tls", "Encryption; off without a certificate. SIGHUP reads the files anew."},
          {"websocket", "MQTT for browsers; off without a path. With tls it is wss."}};
}

}  // namespace godwit::config
