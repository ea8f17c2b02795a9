package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// The adverts of docs/reference/adverts.md, of nodes that there are not.
const (
	advertTopic = "/timerose/adverts/1"
	// Of one peer, so many are looked at at once.
	advertsOfPeer = 64
)

func advertOf(node []byte, sequence uint64, issued time.Time) object {
	return object{
		"v": 1, "node": node, "sequence": sequence, "issued": uint64(issued.UnixMilli()), "interval": 600,
		"capacity": object{"cores": 4, "memory": uint64(16) << 30, "disk": uint64(100) << 30},
		"used":     object{"cores": 3, "memory": uint64(8) << 30, "disk": uint64(50) << 30, "running": 1, "queued": 0, "wait": 0},
		"place":    []any{1000, -2000, 300, 50, 500},
		"engines":  []any{"wasmtime 48.0.8"},
		"labels":   object{"zone": "eu", "made-up": "yes"},
	}
}

func (n name) signed(payload object) []byte {
	signature, err := n.key.Sign(dagCbor(nil, payload))
	if err != nil {
		panic(err)
	}
	return dagCbor(nil, object{"payload": payload, "signature": signature})
}

func sequenceNow() uint64 { return uint64(time.Now().UnixMicro()) }

// One that is good, of a node that nobody knows.
func newAdvert() []byte {
	node := newName()
	return node.signed(advertOf(node.id, sequenceNow(), time.Now()))
}

// Adverts of one kind, in the order in which they are to be heard.
var wrongAdverts = map[string]func(node name) [][]byte{
	"good":    func(node name) [][]byte { return [][]byte{node.signed(advertOf(node.id, sequenceNow(), time.Now()))} },
	"garbage": func(name) [][]byte { return [][]byte{randomBytes(400)} },
	"too-long": func(node name) [][]byte {
		payload := advertOf(node.id, sequenceNow(), time.Now())
		for i := range 32 {
			payload["labels"].(object)[fmt.Sprintf("%063d", i)] = fmt.Sprintf("%063d", i)
		}
		payload["operator"] = string(make([]byte, 5000))
		return [][]byte{node.signed(payload)}
	},
	"impossible": func(node name) [][]byte {
		payload := advertOf(node.id, sequenceNow(), time.Now())
		payload["capacity"].(object)["cores"] = uint64(1) << 62
		return [][]byte{node.signed(payload)}
	},
	"more-free-than-there-is": func(node name) [][]byte {
		payload := advertOf(node.id, sequenceNow(), time.Now())
		payload["used"].(object)["memory"] = uint64(1) << 49
		return [][]byte{node.signed(payload)}
	},
	"forged": func(node name) [][]byte {
		return [][]byte{newName().signed(advertOf(node.id, sequenceNow(), time.Now()))}
	},
	"stale": func(node name) [][]byte {
		return [][]byte{node.signed(advertOf(node.id, sequenceNow(), time.Now().Add(-24*time.Hour)))}
	},
	"future": func(node name) [][]byte {
		return [][]byte{node.signed(advertOf(node.id, sequenceNow(), time.Now().Add(time.Hour)))}
	},
	"repeated": func(node name) [][]byte {
		advert := node.signed(advertOf(node.id, sequenceNow(), time.Now()))
		return [][]byte{advert, advert}
	},
	"replayed": func(node name) [][]byte {
		now := time.Now()
		return [][]byte{
			node.signed(advertOf(node.id, sequenceNow(), now)),
			node.signed(advertOf(node.id, sequenceNow()-1000, now.Add(-10*time.Second))),
		}
	},
	"too-soon": func(node name) [][]byte {
		now := time.Now()
		return [][]byte{
			node.signed(advertOf(node.id, sequenceNow(), now)),
			node.signed(advertOf(node.id, sequenceNow()+1, now.Add(100*time.Millisecond))),
		}
	},
}

// A stream on which a host passes adverts on.
type gossip struct {
	host   host.Host
	stream network.Stream
	number uint64
}

func openGossip(from host.Host, to peer.ID) (*gossip, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeMax)
	defer cancel()
	stream, err := from.NewStream(ctx, to, pubsubProtocol)
	if err != nil {
		return nil, err
	}
	subscription := bytesField(numberField(nil, 1, 1), 2, []byte(advertTopic))
	_, err = stream.Write(framed(bytesField(nil, 1, subscription)))
	return &gossip{host: from, stream: stream, number: sequenceNow()}, err
}

func (g *gossip) frame(adverts ...[]byte) []byte {
	key := g.host.Peerstore().PrivKey(g.host.ID())
	message := []byte{}
	for _, advert := range adverts {
		g.number++
		message = bytesField(message, 2, pubsubMessage(key, []byte(g.host.ID()), g.number, advertTopic, advert))
	}
	return framed(message)
}

// advert KIND ADDRESS: adverts that are wrong, from a peer that stays; tells the node that they are of.
// advert crowd ADDRESS COUNT: so many good ones, each of another node, from as many peers as that
// takes. advert leave ADDRESS: the peers go.
func (d *driver) advert(kind, address string, words []string) (map[string]any, error) {
	switch kind {
	case "crowd":
		count, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, err
		}
		return map[string]any{}, d.advertCrowd(address, count)
	case "leave":
		for _, one := range d.crowd {
			_ = one.Close()
		}
		d.crowd = nil
		return map[string]any{}, nil
	}
	make, known := wrongAdverts[kind]
	if !known {
		return nil, fmt.Errorf("no such kind of advert: %s", kind)
	}
	node := newName()
	gossip, err := d.newGossip(address)
	if err != nil {
		return nil, err
	}
	for _, advert := range make(node) {
		if _, err := gossip.stream.Write(gossip.frame(advert)); err != nil {
			return nil, err
		}
	}
	return map[string]any{"node": peer.ID(node.id).String()}, nil
}

func (d *driver) newGossip(address string) (*gossip, error) {
	host, err := newHost()
	if err != nil {
		return nil, err
	}
	host.SetStreamHandler(pubsubProtocol, discardStream)
	d.crowdMutex.Lock()
	d.crowd = append(d.crowd, host)
	d.crowdMutex.Unlock()
	target, err := connect(host, address)
	if err != nil {
		return nil, err
	}
	return openGossip(host, target)
}

func (d *driver) advertCrowd(address string, count int) error {
	const peersAtOnce = 8
	slots := make(chan struct{}, peersAtOnce)
	var waiting sync.WaitGroup
	var mutex sync.Mutex
	var failed error
	for count > 0 {
		part := min(count, advertsOfPeer-4) // it is a burst of this node's own adverts, too
		count -= part
		slots <- struct{}{}
		waiting.Add(1)
		go func() {
			defer func() { <-slots; waiting.Done() }()
			if err := d.advertPart(address, part); err != nil {
				mutex.Lock()
				failed = err
				mutex.Unlock()
			}
		}()
	}
	waiting.Wait()
	return failed
}

func (d *driver) advertPart(address string, count int) error {
	gossip, err := d.newGossip(address)
	if err != nil {
		return err
	}
	for range count {
		if _, err := gossip.stream.Write(gossip.frame(newAdvert())); err != nil {
			return err
		}
	}
	return nil
}

// Good adverts of nodes without end, as fast as they are taken.
func floodOfAdverts(a *attack) {
	a.fromPeers(2, func(_ int, host host.Host) error {
		host.SetStreamHandler(pubsubProtocol, discardStream)
		if _, err := connect(host, a.address); err != nil {
			return err
		}
		gossip, err := openGossip(host, a.target)
		if err != nil {
			return err
		}
		return a.flood(gossip.stream, "adverts", func() []byte { return gossip.frame(newAdvert()) })
	})
}
