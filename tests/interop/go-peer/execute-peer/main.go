// A requester and an executor of /timerose/execute/1 that were written from docs/reference/execute.md
// and objects.md alone, on go-libp2p and go-ipld-prime. Driven by lines as go-peer is. It ends
// with its standard input. The commands are in requester.go, mistakes.go, executor.go and shape.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"timerose/interop/go-peer/driven"
)

type node struct {
	host     host.Host
	executor *executor
}

var commands = map[string]struct {
	words int
	run   func(*node, context.Context, []string) (map[string]any, error)
}{
	"connect":   {1, (*node).connect},
	"run":       {3, withCall((*talk).run)},
	"cancel":    {2, withCall((*talk).cancel)},
	"reconnect": {2, withCall((*talk).reconnect)},
	"questions": {3, withCall((*talk).questions)},
	"commit":    {2, withCall((*talk).commit)},
	"mistakes":  {2, (*node).mistakes},
	"golden":    {1, func(_ *node, _ context.Context, words []string) (map[string]any, error) { return golden(words[0]) }},
	"execute":   {2, (*node).execute},
	"drop":      {0, (*node).drop},
	"heard":     {0, (*node).heard},
}

func main() {
	listen := flag.String("listen", "/ip4/127.0.0.1/tcp/0", "a multiaddr to listen on")
	deadline := flag.Duration("deadline", 30*time.Second, "the longest that a command may take")
	flag.Parse()
	if err := serve(*listen, *deadline); err != nil {
		fmt.Fprintln(os.Stderr, "execute-peer:", err)
		os.Exit(1)
	}
}

func serve(listen string, deadline time.Duration) error {
	host, err := libp2p.New(libp2p.ListenAddrStrings(listen), libp2p.DisableRelay(),
		libp2p.UserAgent("timerose-interop-execute"))
	if err != nil {
		return err
	}
	defer host.Close()
	n := &node{host: host, executor: newExecutor(host)}
	full, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: host.ID(), Addrs: host.Addrs()})
	if err != nil {
		return err
	}
	return driven.ByLines(map[string]any{"peer": host.ID().String(), "addresses": full}, deadline, n.command)
}

func (n *node) command(ctx context.Context, words []string) (map[string]any, error) {
	command, known := commands[words[0]]
	if !known || len(words)-1 != command.words {
		return nil, fmt.Errorf("no such command: %s with %d words", words[0], len(words)-1)
	}
	return command.run(n, ctx, words[1:])
}

// connect ADDRESS: a multiaddr that ends in /p2p/PEER.
func (n *node) connect(ctx context.Context, words []string) (map[string]any, error) {
	info, err := peer.AddrInfoFromString(words[0])
	if err != nil {
		return nil, err
	}
	n.host.Peerstore().AddAddrs(info.ID, info.Addrs, peerstore.PermanentAddrTTL)
	return map[string]any{"peer": info.ID.String()}, n.host.Connect(ctx, *info)
}
