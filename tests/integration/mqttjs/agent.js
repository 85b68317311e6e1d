// The agent for MQTT.js; clients_driver.py describes what it takes and says.
'use strict'

const mqtt = require('mqtt')
const readline = require('readline')

let client = null
let leaving = false

function say (...fields) {
  process.stdout.write(fields.join('\t') + '\n')
}

const commands = {
  connect (port, clientId, version, clean, keepAlive, topic, qos, retain, payload) {
    leaving = false
    const options = {
      host: '127.0.0.1',
      port: Number(port),
      clientId,
      protocolId: version === '3' ? 'MQIsdp' : 'MQTT',
      protocolVersion: Number(version),
      clean: clean === '1',
      keepalive: Number(keepAlive),
      reconnectPeriod: 0,
      resubscribe: false
    }
    if (version === '5') {
      // The broker uses aliases where the client allows them.
      options.properties = {
        topicAliasMaximum: 10,
        sessionExpiryInterval: clean === '1' ? 0 : 0xFFFFFFFF
      }
    }
    if (topic) {
      const bytes = Buffer.from(payload, 'hex')
      options.will = { topic, payload: bytes, qos: Number(qos), retain: retain === '1' }
    }
    client = mqtt.connect(options)
    let refused = false
    client.on('connect', (connack) => say('connected', connack.sessionPresent ? 1 : 0))
    client.on('error', (error) => { refused = true; say('refused', error.message) })
    client.on('close', () => { if (!leaving && !refused) say('lost') })
    client.on('message', (name, body, packet) => {
      say('message', name, packet.qos, packet.retain ? 1 : 0, packet.dup ? 1 : 0,
        body.toString('hex'))
    })
  },
  subscribe (filter, qos) {
    client.subscribe(filter, { qos: Number(qos) }, (error, granted) => {
      say('subscribed', error ? 128 : granted[0].qos)
    })
  },
  unsubscribe (filter) {
    client.unsubscribe(filter, () => say('unsubscribed'))
  },
  publish (topic, qos, retain, payload) {
    client.publish(topic, Buffer.from(payload, 'hex'), { qos: Number(qos), retain: retain === '1' },
      () => say('published'))
  },
  sequence (topic, qos, count) {
    let next = 0
    let done = 0
    const window = 100
    const more = () => {
      while (next < Number(count) && next - done < window) {
        client.publish(topic, String(next++), { qos: Number(qos) }, () => {
          if (++done === Number(count)) say('sequenced')
          else setImmediate(more)
        })
      }
    }
    more()
  },
  disconnect () {
    leaving = true
    client.end(false, {}, () => say('disconnected'))
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...rest] = line.split('\t')
  commands[command](...rest)
})
