#include "status_page.hpp"

#include <godwit/session/close_reason.hpp>
#include <godwit/store/condition_name.hpp>

#include <array>
#include <vector>

namespace godwit::daemon {

namespace {

namespace json = boost::json;
using observe::counter;

template <class Reason>
json::object by_reason(const observe::totals& sums) {
  json::object out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Reason::count_); ++i) {
    const auto reason = static_cast<Reason>(i);
    if (sums[reason] != 0) out[observe::name(reason)] = sums[reason];
  }
  return out;
}

/// Counters since the start, of which a live view makes rates.
json::object traffic_of(const observe::totals& s) {
  return {{"publishes_received", s.sum_of_publish_received()},
          {"publishes_sent", s.sum_of_publish_sent()},
          {"packets_received", s[counter::packets_received]},
          {"packets_sent", s[counter::packets_sent]},
          {"bytes_received", s[counter::bytes_received]},
          {"bytes_sent", s[counter::bytes_sent]},
          {"connections_opened", s[counter::connections_opened]},
          {"copies_dropped", s.sum_of_dropped()},
          {"publishes_refused", s.sum_of_refused()}};
}

json::object holdings_of(const observe::totals& s) {
  return {{"clients_connected", s.gauge(counter::clients_connected)},
          {"sessions_persistent", s.gauge(counter::sessions_persistent)},
          {"sessions_offline", s.gauge(counter::sessions_persistent_offline)},
          {"subscriptions", s.gauge(counter::subscriptions)},
          {"shared_subscriptions", s.gauge(counter::shared_subscriptions)},
          {"retained_messages", s.gauge(counter::retained_messages)},
          {"retained_bytes", s.gauge(counter::retained_bytes)},
          {"queued_messages", s.gauge(counter::copies_in_log)}};
}

constexpr std::string_view html = R"page(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Godwit</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';
 connect-src 'self'">
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em;
  color: #222; background: #fafafa }
h1 { font-size: 1.3em } h2 { font-size: 1em; margin: 1.5em 0 .4em }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(11em, 1fr)); gap: .6em }
.tile { background: #fff; border: 1px solid #ddd; border-radius: .4em; padding: .5em .8em }
.tile b { display: block; font-size: 1.5em; font-weight: 600 } .tile span { color: #666 }
table { border-collapse: collapse; background: #fff }
td, th { padding: .2em .8em; text-align: right; border: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
.bad { color: #b00020 } svg { width: 100%; height: 3em; background: #fff; border: 1px solid #ddd }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 }
  .tile, table, svg { background: #222; border-color: #444 } td, th { border-color: #444 } }
</style>
<h1>Godwit <span id="version"></span> <small id="state">asking ...</small></h1>
<div class="tiles" id="now"></div>
<h2>A second</h2><div class="tiles" id="rates"></div>
<h2>Messages received a second, the last five minutes</h2>
<svg id="graph" viewBox="0 0 150 30" preserveAspectRatio="none"><path id="line" fill="none"
 stroke="currentColor" vector-effect="non-scaling-stroke"/></svg>
<h2>Dropped and refused since the start</h2><table id="drops"></table>
<h2>Ends of connections since the start</h2><table id="closes"></table>
<h2>Shards</h2><table id="shards"></table>
<h2>Store</h2><table id="store"></table>
<script>
"use strict";
const step = 2000, points = 150, history = [];
let before = null;
const byId = id => document.getElementById(id);
const show = n => typeof n === "number" && !Number.isInteger(n) ? n.toFixed(1)
  : typeof n === "number" ? n.toLocaleString("en") : String(n);
const words = name => name.replaceAll("_", " ");
function tiles(id, values) {
  byId(id).replaceChildren(...Object.entries(values).map(([name, value]) => {
    const tile = document.createElement("div"), big = document.createElement("b"),
      small = document.createElement("span");
    tile.className = "tile"; big.textContent = show(value); small.textContent = words(name);
    tile.append(big, small);
    return tile;
  }));
}
function table(id, rows) {
  byId(id).replaceChildren(...rows.map(cells => {
    const row = document.createElement("tr");
    row.append(...cells.map(cell => {
      const td = document.createElement("td");
      td.textContent = show(cell);
      return td;
    }));
    return row;
  }));
}
function draw() {
  const most = Math.max(1, ...history);
  byId("line").setAttribute("d", history.map((v, i) =>
    (i ? "L" : "M") + (points - history.length + i) + " " + (29 - 28 * v / most)).join(""));
}
async function look() {
  try {
    const now = await (await fetch("status.json")).json();
    now.at = performance.now();
    byId("version").textContent = now.version;
    const well = now.serving && now.store.state === "good";
    byId("state").textContent =
      (now.serving ? "serving" : "not serving") + ", store " + now.store.state;
    byId("state").className = well ? "" : "bad";
    tiles("now", now.now);
    if (before) {
      const seconds = (now.at - before.at) / 1000, rates = {};
      for (const [name, value] of Object.entries(now.since_start))
        rates[name] = (value - before.since_start[name]) / seconds;
      tiles("rates", rates);
      history.push(rates.publishes_received);
      if (history.length > points) history.shift();
      draw();
    }
    table("drops", [...Object.entries(now.dropped).map(([n, v]) => ["dropped: " + words(n), v]),
      ...Object.entries(now.refused).map(([n, v]) => ["refused: " + words(n), v])]);
    table("closes", Object.entries(now.closed).map(([n, v]) => [words(n), v]));
    table("shards", [["shard", "clients", "packets in", "packets out", "busy"],
      ...now.shards.map((s, i) => [String(i), s.clients_connected, s.packets_received,
        s.packets_sent,
        before ? (100 * (s.busy_us - before.shards[i].busy_us) / 1000 / (now.at - before.at))
          .toFixed(1) + " %" : "-"])]);
    table("store", Object.entries(now.store).map(([n, v]) => [words(n), v]));
    before = now;
  } catch (error) {
    byId("state").textContent = "does not answer";
    byId("state").className = "bad";
  }
  setTimeout(look, step);
}
look();
</script></html>
)page";

}  // namespace

json::object status_json(const watched_broker& b) {
  std::vector<const observe::counters*> all;
  json::array shards;
  for (const observe::counters& one : b.shards) {
    all.push_back(&one);
    const observe::totals own = observe::sum(std::array{&one});
    shards.push_back(json::object{{"clients_connected", own.gauge(counter::clients_connected)},
                                  {"packets_received", own[counter::packets_received]},
                                  {"packets_sent", own[counter::packets_sent]},
                                  {"turns", own[counter::turns]},
                                  {"busy_us", own[counter::busy_us]}});
  }
  const observe::totals sums = observe::sum(all);
  json::object closed;
  for (std::size_t i = 0; i < session::close_causes; ++i) {
    if (sums.closes[i] != 0) {
      closed[session::name(static_cast<session::close_cause>(i))] = sums.closes[i];
    }
  }
  json::object store{{"state", name(b.durable.state())}};
  if (b.on_disk != nullptr) {
    const store_rocksdb::gauges g = b.on_disk->read_gauges();
    store["commits"] = g.commits;
    store["journal_bytes"] = g.journal_bytes;
    store["live_bytes"] = g.live_bytes;
    store["queued_messages"] = g.queued_entries;
    store["waiting_bytes"] = g.queue_bytes;
  }
  return {{"version", GODWIT_VERSION},
          {"serving", b.is_ready.load()},
          {"now", holdings_of(sums)},
          {"since_start", traffic_of(sums)},
          {"dropped", by_reason<observe::drop_reason>(sums)},
          {"refused", by_reason<observe::refuse_reason>(sums)},
          {"closed", std::move(closed)},
          {"shards", std::move(shards)},
          {"store", std::move(store)}};
}

std::string_view status_html() noexcept {
  return html;
}

}  // namespace godwit::daemon
