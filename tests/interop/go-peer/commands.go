package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/namesys"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

// How long a peer that was just connected may take to come into the routing table.
const routingWait = 5 * time.Second

var commands = map[string]struct {
	words int
	run   func(*node, context.Context, []string) (map[string]any, error)
}{
	"connect":   {1, (*node).connect},
	"ping":      {1, (*node).ping},
	"add":       {2, (*node).add},
	"import":    {1, (*node).importCar},
	"fetch":     {1, (*node).fetch},
	"digest":    {1, (*node).digest},
	"provide":   {1, (*node).provide},
	"findprovs": {1, (*node).findProviders},
	"publish":   {1, (*node).publish},
	"resolve":   {1, (*node).resolve},
}

// connect ADDRESS: a multiaddr that ends in /p2p/PEER.
func (n *node) connect(ctx context.Context, words []string) (map[string]any, error) {
	info, err := peer.AddrInfoFromString(words[0])
	if err != nil {
		return nil, err
	}
	n.host.Peerstore().AddAddrs(info.ID, info.Addrs, peerstore.PermanentAddrTTL)
	if err := n.host.Connect(ctx, *info); err != nil {
		return nil, err
	}
	remote := ""
	for _, connection := range n.host.Network().ConnsToPeer(info.ID) {
		remote = connection.RemoteMultiaddr().String()
	}
	protocols, err := n.host.Peerstore().GetProtocols(info.ID)
	return map[string]any{"peer": info.ID.String(), "address": remote, "protocols": protocols}, err
}

// ping PEER: the median of ten round trips, after one that opens the stream.
func (n *node) ping(ctx context.Context, words []string) (map[string]any, error) {
	const rounds = 10
	id, err := peer.Decode(words[0])
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := ping.Ping(ctx, n.host, id)
	trips := []time.Duration{}
	for i := 0; i <= rounds; i++ {
		result := <-results
		if result.Error != nil {
			return nil, result.Error
		}
		if i > 0 {
			trips = append(trips, result.RTT)
		}
	}
	slices.Sort(trips)
	return map[string]any{"round_trip_us": trips[rounds/2].Microseconds()}, nil
}

// provide CID: tells the DHT that this peer has it.
func (n *node) provide(ctx context.Context, words []string) (map[string]any, error) {
	key, err := cid.Decode(words[0])
	if err != nil {
		return nil, err
	}
	if err := n.waitForRouting(ctx); err != nil {
		return nil, err
	}
	return map[string]any{}, n.routing.Provide(ctx, key, true)
}

// findprovs CID: the PeerIDs that the DHT names.
func (n *node) findProviders(ctx context.Context, words []string) (map[string]any, error) {
	key, err := cid.Decode(words[0])
	if err != nil {
		return nil, err
	}
	if err := n.waitForRouting(ctx); err != nil {
		return nil, err
	}
	found, err := n.routing.FindProviders(ctx, key)
	if err != nil {
		return nil, err
	}
	providers := []map[string]any{}
	for _, info := range found {
		addresses := []string{}
		for _, a := range info.Addrs {
			addresses = append(addresses, a.String())
		}
		providers = append(providers, map[string]any{"peer": info.ID.String(), "addresses": addresses})
	}
	return map[string]any{"providers": providers}, nil
}

// publish CID: an IPNS record under this peer's own key.
func (n *node) publish(ctx context.Context, words []string) (map[string]any, error) {
	target, err := cid.Decode(words[0])
	if err != nil {
		return nil, err
	}
	if err := n.waitForRouting(ctx); err != nil {
		return nil, err
	}
	publisher := namesys.NewIPNSPublisher(n.routing, n.records)
	key := n.host.Peerstore().PrivKey(n.host.ID())
	if err := publisher.Publish(ctx, key, path.FromCid(target)); err != nil {
		return nil, err
	}
	return map[string]any{"name": ipns.NameFromPeer(n.host.ID()).String()}, nil
}

// resolve NAME: the path that the newest valid record of the DHT gives.
func (n *node) resolve(ctx context.Context, words []string) (map[string]any, error) {
	if err := n.waitForRouting(ctx); err != nil {
		return nil, err
	}
	name, err := path.NewPath("/ipns/" + words[0])
	if err != nil {
		return nil, err
	}
	result, err := namesys.NewIPNSResolver(n.routing).Resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	return map[string]any{"path": result.Path.String()}, nil
}

func (n *node) waitForRouting(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, routingWait)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n.routing.RoutingTable().Size() == 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return n.explainEmptyRouting()
		}
	}
	return nil
}

func (n *node) explainEmptyRouting() error {
	peers := n.host.Network().Peers()
	if len(peers) == 0 {
		return errors.New("the routing table is empty: no peer is connected")
	}
	said := ""
	for _, id := range peers {
		protocols, _ := n.host.Peerstore().GetProtocols(id)
		said += fmt.Sprintf(" %s speaks %v;", id, protocols)
	}
	return fmt.Errorf("the routing table is empty after %s:%s", routingWait, said)
}
