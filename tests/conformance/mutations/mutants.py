"""One small fault for each rule that the draw of run.py names: (rule, what is broken, file, right
code, wrong code). BROKEN is true while the fault is on. The right code stands in the file once.
"""

MUTANTS = [
    ("v31 M31-topic-1", "an empty topic is taken from 3.1 clients", "mqtt/decode_publish.cpp",
     "if (publish.topic.empty()) {",
     "if (publish.topic.empty() && !(BROKEN && policy.version == protocol_version::v31)) {"),
    ("v31 M31-flags-4", "PUBREL with DUP is an error in 3.1, too", "mqtt/frame_reader.cpp",
     "if (type == packet_type::connect) return {};  // A second one: the session refuses it.",
     "if (type == packet_type::connect) return {};\n"
     "  if (BROKEN && type == packet_type::pubrel && (byte & 0x0FU) != 2) {\n"
     "    return broken(rules::header_flags, version);\n  }"),
    ("v31 M31-will-8", "a protocol error drops the will", "broker/sessions.cpp",
     "if (is_withdrawn || is_suppressed || is_forgotten) {",
     "if (is_withdrawn || is_suppressed || is_forgotten ||\n"
     "        (BROKEN && reason.cause == close_cause::protocol_error)) {"),
    ("v311 MQTT-3.1.3-1", "user name and password change places", "mqtt/decode_connect.cpp",
     "  if (policy.unannounced_credentials_disregarded) {",
     "  if (BROKEN && connect.user_name && connect.password) {\n"
     "    const std::string_view name = *connect.user_name;\n"
     "    connect.user_name = base::as_text(*connect.password);\n"
     "    connect.password = base::as_bytes(name);\n  }\n"
     "  if (policy.unannounced_credentials_disregarded) {"),
    ("v311 MQTT-3.1.2-9", "a will without its message is taken", "mqtt/decode_connect.cpp",
     "if (!in.binary(will.payload)) return", "if (!in.binary(will.payload) && !BROKEN) return"),
    ("v311 MQTT-3.1.4-3", "clean session finds an old session and takes it up",
     "broker/on_connect.cpp", "if (s != nullptr && (p.clean_start || !s->is_persistent())) {",
     "if (s != nullptr && ((p.clean_start && !BROKEN) || !s->is_persistent())) {"),
    ("v311 MQTT-3.12.4-1", "PINGREQ gets no answer", "broker/connections.cpp",
     "mqtt::encode(mqtt::pingresp_view{}, output(h, c).bytes());",
     "if (!BROKEN) mqtt::encode(mqtt::pingresp_view{}, output(h, c).bytes());"),
    ("v311 MQTT-1.5.3-3", "a byte order mark is cut off a topic", "mqtt/decode_publish.cpp",
     "  if (topic.has_wildcard) return refuse(rules::topic_wildcard);",
     "  if (BROKEN && publish.topic.starts_with(\"\\xEF\\xBB\\xBF\")) {\n"
     "    publish.topic.remove_prefix(3);\n  }\n"
     "  if (topic.has_wildcard) return refuse(rules::topic_wildcard);"),
    ("v311 MQTT-3.3.1-8", "the replay of retained messages has no RETAIN", "broker/retained.cpp",
     ".retain = true, .is_replay = true,", ".retain = !BROKEN, .is_replay = true,"),
    ("v311 MQTT-4.7.3-1", "an empty filter is taken", "mqtt/decode_subscribe.cpp",
     "if (filter.empty()) return", "if (filter.empty() && !BROKEN) return"),
    ("v311 MQTT-4.7.3-3", "the longest topic is one byte shorter", "broker/on_publish.cpp",
     "if (topic.size() > l.topic_bytes_max ||",
     "if (topic.size() > l.topic_bytes_max - (BROKEN ? 1U : 0U) ||"),
    ("v31 M31-unsub-2", "UNSUBSCRIBE ends its first filter only", "broker/on_subscribe.cpp",
     "    if (!s.subscriptions.erase(filter)) {",
     "    if (BROKEN && base::as_bytes(*next).data() != f.body.data() + 4) continue;\n"
     "    if (!s.subscriptions.erase(filter)) {"),
    ("v31 M31-qos2-4", "PUBREL has another id than PUBREC", "broker/sessions.cpp",
     "mqtt::encode(mqtt::ack_view{mqtt::packet_type::pubrel, o.id, "
     "mqtt::reason_code::success, {}},",
     "const mqtt::packet_id id{static_cast<std::uint16_t>(o.id.value() % 65'535 + 1)};\n"
     "      mqtt::encode(mqtt::ack_view{mqtt::packet_type::pubrel, BROKEN ? id : o.id,\n"
     "                                  mqtt::reason_code::success, {}},"),
    ("v31 M31-auth-2", "a password needs no user name", "mqtt/decode_connect.cpp",
     "if (password_alone && !policy.password_without_user_name) {",
     "if (password_alone && !policy.password_without_user_name && !BROKEN) {"),
    ("v311 MQTT-3.1.0-1", "any packet may come first", "mqtt/frame_reader.cpp",
     "if (type != packet_type::connect) return broken(rules::first_packet_is_connect, version);",
     "if (type != packet_type::connect && !BROKEN) {\n"
     "      return broken(rules::first_packet_is_connect, version);\n    }"),
    ("v311 MQTT-3.1.2-16", "every will is retained", "broker/wills.cpp",
     "f.retain = w.retain;", "f.retain = w.retain || BROKEN;"),
    ("v31 M31-topic-7", "# and + see topics that begin with $", "routing/topic_trie.cpp",
     "bool wildcards = !topic.starts_with('$');",
     "bool wildcards = !topic.starts_with('$') || BROKEN;"),
    ("v311 MQTT-3.1.2-3", "the reserved connect flag may be set", "mqtt/decode_connect.cpp",
     "if ((flags & connect_flag::reserved) != 0 && policy.strict_connect_flag_0) {",
     "if ((flags & connect_flag::reserved) != 0 && policy.strict_connect_flag_0 && !BROKEN) {"),
    ("v311 MQTT-3.1.4-2", "the newer connection is refused, the older one stays",
     "broker/on_connect.cpp",
     "    ports.counters.add(observe::counter::sessions_taken_over);",
     "    if (BROKEN) {\n      refuse(h, refusal(mqtt::reason_code::client_identifier_not_valid, "
     "\"\", \"in use\"));\n      return;\n    }\n"
     "    ports.counters.add(observe::counter::sessions_taken_over);"),
    ("v311 MQTT-3.3.1-6", "one retained message a page, whatever matches", "broker/retained.cpp",
     "const auto live = p->passed_live.find(m->topic());",
     "if (BROKEN && d.matched != 0) continue;\n"
     "    const auto live = p->passed_live.find(m->topic());"),
    ("v311 MQTT-3.1.3-9", "a long client id gets code 3", "broker/connect_rules.cpp",
     "return refusal(reason_code::client_identifier_not_valid, \"v311 MQTT-3.1.3-9\",",
     "return refusal(BROKEN ? reason_code::server_unavailable\n"
     "                          : reason_code::client_identifier_not_valid,\n"
     "                   \"v311 MQTT-3.1.3-9\","),
    ("v311 MQTT-4.6.0-5", "what is sent in one turn leaves in the opposite order",
     "session/message_log.cpp",
     "out.push_back({outgoing::kind::publish, e.quality(),",
     "out.insert(BROKEN ? out.begin() : out.end(), {outgoing::kind::publish, e.quality(),"),
    ("v31 M31-retry-2", "all pauses between repetitions are the same", "broker/on_acks.cpp",
     "std::pow(l.mqtt31_retry_factor, c.retries)",
     "std::pow(BROKEN ? 1.0 : l.mqtt31_retry_factor, c.retries)"),
    ("v31 M31-flags-1", "flags of CONNECT are an error in 3.1, too", "mqtt/decode_connect.cpp",
     "if (f.flags != 0 && policy_for(p.version).strict_header_flags) {",
     "if (f.flags != 0 && (policy_for(p.version).strict_header_flags || BROKEN)) {"),
    ("v31 M31-will-2", "DISCONNECT counts as a mere close",
     "broker/on_disconnect.cpp",
     "doom(h, {session::close_cause::client_disconnected, {p->code,",
     "doom(h, {BROKEN ? session::close_cause::client_closed\n"
     "                      : session::close_cause::client_disconnected, {p->code,"),
    ("v31 M31-sub-2", "SUBACK of 3.1 says 0x80", "broker/on_subscribe.cpp",
     "return policy.suback_has_failure ?",
     "return policy.suback_has_failure || BROKEN ?"),
    ("v31 M31-retry-1", "nothing is repeated on a live 3.1 connection", "broker/on_acks.cpp",
     "s.log.retry();", "if (!BROKEN) s.log.retry();"),
    ("v311 MQTT-3.3.1-11", "an empty retained message is kept", "routing/retained_index.cpp",
     "if (m->payload().empty()) {", "if (m->payload().empty() && !BROKEN) {"),
    ("v311 MQTT-3.14.1-1", "flags of DISCONNECT are ignored", "mqtt/frame_reader.cpp",
     "return check_header_flags(type, byte & 0x0FU, policy);",
     "if (BROKEN && type == packet_type::disconnect) return {};\n"
     "  return check_header_flags(type, byte & 0x0FU, policy);"),
    ("v311 MQTT-3.3.1-9", "live messages keep their RETAIN", "broker/route.cpp",
     ".retain = keeps_retain(s, match.retain_as_published, m.fields()),",
     ".retain = keeps_retain(s, match.retain_as_published, m.fields()) ||\n"
     "                       (BROKEN && m.fields().retain),"),
    ("v31 M31-flags-8", "a first delivery has DUP", "broker/sessions.cpp",
     "c.dup = o.dup;",
     "c.dup = o.dup || (BROKEN && o.id.value() != 0);"),
    ("v31 M31-mid-1", "PUBLISH may have the id 0", "mqtt/decode_publish.cpp",
     "if (id == 0) return", "if (id == 0 && !BROKEN) return"),
    ("v311 MQTT-3.1.2-21", "an announced password may be missing", "mqtt/decode_connect.cpp",
     "if (!in.binary(password)) return", "if (!in.binary(password) && !BROKEN) return"),
    ("v311 MQTT-4.6.0-4", "PUBRELs leave in the opposite order", "session/message_log.cpp",
     "out.push_back({outgoing::kind::pubrel, e->quality(),",
     "out.insert(BROKEN ? out.begin() : out.end(), {outgoing::kind::pubrel, e->quality(),"),
    ("v311 MQTT-3.3.5-1", "the first of overlapping subscriptions decides",
     "routing/subscription_merge.cpp",
     "m.quality = std::max(m.quality, e.quality());",
     "if (!BROKEN) m.quality = std::max(m.quality, e.quality());"),
    ("v311 MQTT-3.1.2-20", "a password may come without its flag", "mqtt/decode_connect.cpp",
     "if (!in.empty()) return broken(rules::connect_leftover",
     "if (!in.empty() && !BROKEN) return broken(rules::connect_leftover"),
    ("v31 M31-sub-4", "SUBACK has its codes in the opposite order", "broker/on_subscribe.cpp",
     "details.codes.push_back(suback_code(",
     "details.codes.insert(BROKEN ? details.codes.begin() : details.codes.end(), suback_code("),
    ("v311 MQTT-7.0.0-2", "a packet must come in one piece", "broker/connections.cpp",
     "if (used < bytes.size() && c->at != phase::closing && !c->is_doomed) {",
     "if (used < bytes.size() && c->at != phase::closing && !c->is_doomed &&\n"
     "      !(BROKEN && c->at == phase::live)) {"),
    ("v311 MQTT-3.8.4-2", "SUBACK has another id", "broker/on_subscribe.cpp",
     "answer a{.type = mqtt::packet_type::suback, .id = decoded->id, .waits_for = pending};",
     "const mqtt::packet_id other{static_cast<std::uint16_t>(decoded->id.value() % 65'535 + 1)};\n"
     "  answer a{.type = mqtt::packet_type::suback, .id = BROKEN ? other : decoded->id,\n"
     "           .waits_for = pending};"),
    ("v311 MQTT-3.14.4-2", "what comes behind DISCONNECT is handled", "broker/connections.cpp",
     "      return on_disconnect(h, c, f);",
     "      on_disconnect(h, c, f);\n      return BROKEN ? handled::yes : handled::ended;"),
]
