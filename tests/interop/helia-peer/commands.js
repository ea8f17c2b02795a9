import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CarReader } from '@ipld/car'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'

// How long a peer that was just connected may take to come into the routing table.
const ROUTING_WAIT_MS = 5000
// Blocks that a fetch asks for at once.
const FETCH_AT_ONCE = 32

export const commands = {
  connect, ping, add, import: importCar, fetch, digest, provide, findprovs, publish, resolve
}

// connect ADDRESS: a multiaddr that ends in /p2p/PEER.
async function connect ({ libp2p }, [address], options) {
  const connection = await libp2p.dial(multiaddr(address), options)
  return { peer: connection.remotePeer.toString(), address: connection.remoteAddr.toString() }
}

// ping PEER: the median of ten round trips.
async function ping ({ libp2p }, [peer], options) {
  const trips = []
  for (let i = 0; i <= 10; i++) {
    const start = performance.now()
    await libp2p.services.ping.ping(peerIdFromString(peer), options)
    if (i > 0) {
      trips.push(performance.now() - start)
    }
  }
  return { round_trip_us: trips.sort((a, b) => a - b)[5] * 1000 }
}

// add PATH PROFILE: a file or a folder as UnixFS; the profile is v0-2015 or v1-2025.
async function add ({ files }, [path, profile], options) {
  const settings = { ...options, profile: `unixfs-${profile}` }
  if (!(await stat(path)).isDirectory()) {
    return { cid: String(await files.addByteStream(createReadStream(path), settings)) }
  }
  const candidates = async function * () {
    for (const name of (await readdir(path)).sort()) {
      yield { path: name, content: createReadStream(join(path, name)) }
    }
  }
  let root
  for await (const entry of files.addAll(candidates(), { ...settings, wrapWithDirectory: true })) {
    root = entry.cid
  }
  return { cid: String(root) }
}

// import PATH: the blocks of a CAR archive; gives its only root.
async function importCar ({ helia }, [path], options) {
  const reader = await CarReader.fromBytes(await readFile(path))
  for await (const { cid, bytes } of reader.blocks()) {
    await helia.blockstore.put(cid, bytes, options)
  }
  const roots = await reader.getRoots()
  if (roots.length !== 1) {
    throw new Error('expected a CAR archive with one root')
  }
  return { cid: String(roots[0]) }
}

// fetch CID: all that hangs from it, verified by the block exchange.
async function fetch ({ helia, libp2p }, [text], options) {
  const root = CID.parse(text)
  const seen = new Set([text])
  const waiting = [root]
  let blocks = 0
  let bytes = 0
  const session = helia.blockstore.createSession(root, {
    ...options,
    providers: libp2p.getPeers().map(peer => peer.toCID())
  })
  const take = async () => {
    const cid = waiting.shift()
    const data = await gather(session.get(cid, options))
    blocks++
    bytes += data.byteLength
    for (const link of await linksOf(helia, cid, data)) {
      if (!seen.has(String(link))) {
        seen.add(String(link))
        waiting.push(link)
      }
    }
  }
  const running = new Set()
  while (waiting.length > 0 || running.size > 0) {
    if (waiting.length > 0 && running.size < FETCH_AT_ONCE) {
      const one = take().finally(() => running.delete(one))
      running.add(one)
    } else {
      await Promise.race(running)
    }
  }
  return { blocks, bytes }
}

async function gather (pieces) {
  const all = []
  for await (const piece of pieces) {
    all.push(piece)
  }
  return Buffer.concat(all)
}

async function linksOf (helia, cid, data) {
  if (cid.code === 0x55) {
    return []
  }
  return links((await helia.getCodec(cid.code)).decode(new Uint8Array(data)))
}

function links (value) {
  const found = CID.asCID(value)
  if (found !== null) {
    return [found]
  }
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) {
    return []
  }
  return Object.values(value).flatMap(links)
}

// digest CID: of a UnixFS file the SHA-256; of a directory the SHA-256 of its entries by name, each
// the name, a NUL and the digest of what it names.
async function digest ({ files }, [text], options) {
  const cid = CID.parse(text)
  const about = await files.stat(cid, options)
  const { hash, bytes } = await digestOf(files, cid, about.type === 'directory', options)
  return { digest: hash.toString('hex'), bytes }
}

async function digestOf (files, cid, isDirectory, options) {
  const sum = createHash('sha256')
  let bytes = 0
  if (!isDirectory) {
    for await (const piece of files.cat(cid, options)) {
      sum.update(piece)
      bytes += piece.byteLength
    }
    return { hash: sum.digest(), bytes }
  }
  const entries = []
  for await (const entry of files.ls(cid, options)) {
    entries.push(entry)
  }
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  for (const entry of entries) {
    const child = await digestOf(files, entry.cid, entry.type === 'directory', options)
    sum.update(entry.name).update('\0').update(child.hash)
    bytes += child.bytes
  }
  return { hash: sum.digest(), bytes }
}

async function waitForRouting ({ libp2p }) {
  const end = performance.now() + ROUTING_WAIT_MS
  while (libp2p.services.dht.routingTable.size === 0) {
    if (performance.now() > end) {
      throw new Error(`the routing table is empty after ${ROUTING_WAIT_MS} ms`)
    }
    await delay(10)
  }
}

// provide CID: tells the DHT that this peer has it.
async function provide (node, [text], options) {
  await waitForRouting(node)
  await node.helia.routing.provide(CID.parse(text), options)
  return {}
}

// findprovs CID: the PeerIDs that the DHT names.
async function findprovs (node, [text], options) {
  await waitForRouting(node)
  const providers = []
  for await (const event of node.libp2p.services.dht.findProviders(CID.parse(text), options)) {
    if (event.name === 'PROVIDER') {
      for (const { id, multiaddrs } of event.providers) {
        providers.push({ peer: id.toString(), addresses: multiaddrs.map(String) })
      }
    }
  }
  return { providers }
}

// publish CID: an IPNS record under a key of its own.
async function publish (node, [text], options) {
  await waitForRouting(node)
  const { publicKey } = await node.names.publish('interop', CID.parse(text), options)
  return { name: publicKey.toCID().toString(base36) }
}

// resolve NAME: the path that the newest valid record of the DHT gives.
async function resolve (node, [name], options) {
  await waitForRouting(node)
  let path
  const key = CID.parse(name, name.startsWith('k') ? base36 : undefined)
  for await (const result of node.names.resolve(key, { ...options, nocache: true })) {
    path = result.value
  }
  return { path }
}
