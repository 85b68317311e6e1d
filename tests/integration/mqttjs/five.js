// MQTT.js as a client of MQTT 5; clients_five.py describes what it takes and says.
'use strict'

const crypto = require('crypto')
const mqtt = require('mqtt')
const readline = require('readline')

let client = null
let exchange = null
let aliased = 0
let answered = 0  // the code of the last PUBACK or PUBREC; MQTT.js keeps 0x10 for itself

function say (event, fields = {}) {
  process.stdout.write(JSON.stringify({ event, ...fields }) + '\n')
}

const hex = (buffer) => buffer === undefined ? undefined : Buffer.from(buffer).toString('hex')
const bytes = (text) => text === undefined ? undefined : Buffer.from(text, 'hex')

/// The client's side of SCRAM-SHA-256.
class Exchange {
  constructor (user, password) {
    this.password = password
    this.nonce = crypto.randomBytes(12).toString('base64')
    this.bare = `n=${user},r=${this.nonce}`
  }

  first () { return Buffer.from('n,,' + this.bare) }

  final (challenge) {
    const fields = Object.fromEntries(challenge.split(',').map((part) =>
      [part[0], part.slice(2)]))
    const mac = (key, text) => crypto.createHmac('sha256', key).update(text).digest()
    const salted = crypto.pbkdf2Sync(this.password, Buffer.from(fields.s, 'base64'),
      Number(fields.i), 32, 'sha256')
    const withoutProof = `c=biws,r=${fields.r}`
    const text = [this.bare, challenge, withoutProof].join(',')
    const key = mac(salted, 'Client Key')
    const signature = mac(crypto.createHash('sha256').update(key).digest(), text)
    const proof = Buffer.from(key.map((byte, i) => byte ^ signature[i]))
    this.signature = 'v=' + mac(mac(salted, 'Server Key'), text).toString('base64')
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }
}

/// The properties of a message as the tests write them, and back.
function properties (p) {
  const out = {}
  if (p.format !== undefined) out.payloadFormatIndicator = p.format === 1
  if (p.expiry !== undefined) out.messageExpiryInterval = p.expiry
  if (p.type !== undefined) out.contentType = p.type
  if (p.response !== undefined) out.responseTopic = p.response
  if (p.correlation !== undefined) out.correlationData = bytes(p.correlation)
  if (p.alias !== undefined) out.topicAlias = p.alias
  if (p.delay !== undefined) out.willDelayInterval = p.delay
  if (p.user !== undefined) {
    out.userProperties = {}
    for (const [key, value] of p.user) {
      const known = out.userProperties[key]
      out.userProperties[key] = known === undefined ? value : [].concat(known, value)
    }
  }
  return out
}

function told (p = {}) {
  const user = []
  for (const [key, values] of Object.entries(p.userProperties || {})) {
    for (const value of [].concat(values)) user.push([key, value])
  }
  return {
    format: p.payloadFormatIndicator === undefined ? undefined : Number(p.payloadFormatIndicator),
    expiry: p.messageExpiryInterval,
    type: p.contentType,
    response: p.responseTopic,
    correlation: hex(p.correlationData),
    ids: p.subscriptionIdentifier === undefined ? [] : [].concat(p.subscriptionIdentifier),
    user
  }
}

function begin (port, options, onConnect) {
  client = mqtt.connect({
    host: '127.0.0.1',
    port,
    protocolVersion: 5,
    reconnectPeriod: 0,
    resubscribe: false,
    ...options
  })
  client.on('connect', onConnect)
  client.on('error', (error) => say('refused', { code: error.code }))
  client.on('disconnect', (packet) => say('bye', { code: packet.reasonCode }))
  client.on('close', () => say('closed'))
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback' || packet.cmd === 'pubrec') answered = packet.reasonCode || 0
    if (packet.cmd === 'publish' && packet.properties && packet.properties.topicAlias) ++aliased
  })
  client.on('message', (topic, payload, packet) => say('message', {
    topic,
    payload: hex(payload),
    qos: packet.qos,
    retain: packet.retain,
    ...told(packet.properties)
  }))
}

const commands = {
  connect (port, { id, clean, expiry, aliases, receive, packet, will }) {
    const options = {
      clientId: id,
      clean,
      properties: {
        sessionExpiryInterval: expiry,
        topicAliasMaximum: aliases,
        receiveMaximum: receive,
        maximumPacketSize: packet
      }
    }
    if (will) {
      options.will = {
        topic: will.topic,
        payload: bytes(will.payload),
        qos: will.qos,
        retain: false,
        properties: properties(will)
      }
    }
    begin(port, options, (connack) => {
      const granted = connack.properties || {}
      say('connected', {
        present: connack.sessionPresent,
        keepAlive: granted.serverKeepAlive,
        receive: granted.receiveMaximum,
        aliases: granted.topicAliasMaximum,
        id: granted.assignedClientIdentifier
      })
    })
  },
  subscribe (_, { filter, qos, id, noLocal, asPublished, handling }) {
    const options = { qos, nl: noLocal, rap: asPublished, rh: handling }
    if (id !== undefined) options.properties = { subscriptionIdentifier: id }
    client.subscribe(filter, options, (error, granted, packet) => {
      say('subscribed', { code: packet ? packet.granted[0] : error.code })
    })
  },
  unsubscribe (_, { filter }) {
    client.unsubscribe(filter, (error, packet) => say('unsubscribed', {
      code: error ? error.code : packet.granted[0]
    }))
  },
  publish (_, { topic, payload, qos, retain, ...more }) {
    answered = 0
    client.publish(topic, bytes(payload), { qos, retain, properties: properties(more) },
      (error) => say('published', { code: error ? error.code : answered }))
  },
  aliased () { say('aliased', { count: aliased }) },
  leave (_, { code, expiry }) {
    const how = { reasonCode: code || 0 }
    if (expiry !== undefined) how.properties = { sessionExpiryInterval: expiry }
    client.end(false, how)
  },
  scram (port, { id, user, password }) {
    exchange = new Exchange(user, password)
    begin(port, {
      clientId: id,
      properties: { authenticationMethod: 'SCRAM-SHA-256', authenticationData: exchange.first() }
    }, (connack) => say('connected', {
      signed: connack.properties.authenticationData.toString() === exchange.signature
    }))
    client.handleAuth = (packet, callback) => {
      const data = packet.properties.authenticationData.toString()
      if (packet.reasonCode === 0) {  // the end of a renewal, which MQTT.js does not know
        say('renewed', { signed: data === exchange.signature })
        return
      }
      callback(null, {
        cmd: 'auth',
        reasonCode: 0x18,
        properties: {
          authenticationMethod: 'SCRAM-SHA-256',
          authenticationData: exchange.final(data)
        }
      })
    }
  },
  renew (_, { user, password }) {
    exchange = new Exchange(user, password)
    client._sendPacket({
      cmd: 'auth',
      reasonCode: 0x19,
      properties: {
        authenticationMethod: 'SCRAM-SHA-256',
        authenticationData: exchange.first()
      }
    })
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { command, port, ...rest } = JSON.parse(line)
  commands[command](port, rest)
})
