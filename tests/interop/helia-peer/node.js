import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { withBitswap } from '@helia/bitswap'
import { ipns } from '@helia/ipns'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import * as dagCbor from '@ipld/dag-cbor'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { createHeliaLight } from 'helia'

// A Helia node that speaks to whom it is told to and to no one else: no bootstrap peers, no gateways,
// and the DHT of local networks.
export async function startNode (listen) {
  const libp2p = {
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      ping: ping({ maxOutboundStreams: 16 }),
      dht: kadDHT({
        protocol: '/ipfs/lan/kad/1.0.0',
        peerInfoMapper: passthroughMapper,
        clientMode: false,
        allowQueryWithZeroPeers: true
      })
    }
  }
  const helia = withBitswap(withLibp2pLight(createHeliaLight({ codecs: [dagCbor] }), libp2p))
  await helia.start()
  return { helia, libp2p: helia.libp2p, files: unixfs(helia), names: ipns(helia) }
}

export function identity ({ libp2p }) {
  return {
    peer: libp2p.peerId.toString(),
    addresses: libp2p.getMultiaddrs().map(String)
  }
}
