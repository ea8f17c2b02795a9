package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/sync"
	flatfs "github.com/ipfs/go-ds-flatfs"
	pebbleds "github.com/ipfs/go-ds-pebble"
	ipld "github.com/ipfs/go-ipld-format"
	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	record "github.com/libp2p/go-libp2p-record"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

type node struct {
	host      host.Host
	routing   *dht.IpfsDHT
	datastore datastore.Batching
	records   datastore.Batching // of the names it has published
	blocks    blockstore.Blockstore
	exchange  *bitswap.Bitswap
	dag       ipld.DAGService
}

func startNode(ctx context.Context, listen []string, repository, store string) (*node, error) {
	n := &node{records: sync.MutexWrap(datastore.NewMapDatastore())}
	var err error
	if n.datastore, err = openDatastore(repository, store); err != nil {
		return nil, fmt.Errorf("cannot open the store: %w", err)
	}
	n.host, err = libp2p.New(libp2p.ListenAddrStrings(listen...), libp2p.DisableRelay(),
		libp2p.UserAgent("timerose-interop-go"))
	if err != nil {
		return nil, fmt.Errorf("cannot start the host: %w", err)
	}
	// The DHT of local networks. Unlike in the wild, loopback addresses may be handed on in it.
	n.routing, err = dht.New(ctx, n.host, dht.Mode(dht.ModeServer), dht.ProtocolExtension("/lan"),
		dht.QueryFilter(dht.PrivateQueryFilter), dht.RoutingTableFilter(dht.PrivateRoutingTableFilter),
		dht.Validator(record.NamespacedValidator{
			"pk":   record.PublicKeyValidator{},
			"ipns": ipns.Validator{KeyBook: n.host.Peerstore()},
		}))
	if err != nil {
		return nil, fmt.Errorf("cannot start the DHT: %w", err)
	}
	n.blocks = blockstore.NewBlockstore(n.datastore, blockstore.NoPrefix())
	n.exchange = bitswap.New(ctx, bsnet.NewFromIpfsHost(n.host), n.routing, n.blocks)
	n.dag = merkledag.NewDAGService(blockservice.New(n.blocks, n.exchange))
	return n, nil
}

// Both as the common Go implementation sets them up: flatfs syncs every write, pebble when asked to.
func openDatastore(repository, store string) (datastore.Batching, error) {
	if repository == "" {
		return sync.MutexWrap(datastore.NewMapDatastore()), nil
	}
	path, err := filepath.Abs(repository)
	if err != nil {
		return nil, err
	}
	switch store {
	case "flatfs":
		return flatfs.CreateOrOpen(path, flatfs.NextToLast(2), true)
	case "pebble":
		return pebbleds.NewDatastore(path)
	}
	return nil, fmt.Errorf("no such store: %s (flatfs or pebble)", store)
}

func (n *node) identity() map[string]any {
	info := peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()}
	addresses := []string{}
	if full, err := peer.AddrInfoToP2pAddrs(&info); err == nil {
		for _, a := range full {
			addresses = append(addresses, a.String())
		}
	}
	return map[string]any{"peer": n.host.ID().String(), "addresses": addresses}
}

func (n *node) close() {
	n.exchange.Close()
	n.routing.Close()
	n.host.Close()
	n.datastore.Close()
}
