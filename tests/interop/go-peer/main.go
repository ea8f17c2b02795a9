// A peer on boxo and go-libp2p, driven by lines (driven/lines.go); the first says who it is and where it
// listens. It ends with its standard input. The commands are in commands.go and are the same in helia-peer.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"timerose/interop/go-peer/driven"
)

type addressList []string

func (l *addressList) String() string     { return strings.Join(*l, " ") }
func (l *addressList) Set(a string) error { *l = append(*l, a); return nil }

func main() {
	var listen addressList
	flag.Var(&listen, "listen", "a multiaddr to listen on; may be repeated")
	repository := flag.String("repository", "", "a folder for the blocks; in memory without it")
	store := flag.String("store", "flatfs", "how the blocks are kept in the folder: flatfs or pebble")
	deadline := flag.Duration("deadline", 2*time.Minute, "the longest that a command may take")
	flag.Parse()

	if err := serve(listen, *repository, *store, *deadline); err != nil {
		fmt.Fprintln(os.Stderr, "go-peer:", err)
		os.Exit(1)
	}
}

func serve(listen []string, repository, store string, deadline time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	node, err := startNode(ctx, listen, repository, store)
	if err != nil {
		return err
	}
	defer node.close()

	return driven.ByLines(node.identity(), deadline, node.command)
}

func (n *node) command(ctx context.Context, words []string) (map[string]any, error) {
	command, known := commands[words[0]]
	if !known || len(words)-1 != command.words {
		return nil, fmt.Errorf("no such command: %s with %d words", words[0], len(words)-1)
	}
	return command.run(n, ctx, words[1:])
}
