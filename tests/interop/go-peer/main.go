// A peer on boxo and go-libp2p, driven by lines: each line read is a JSON array of a command and its
// words, each line written is one JSON object. The first line says who it is and where it listens.
// It ends with its standard input. The commands are in commands.go and are the same in helia-peer.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
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

	answers := json.NewEncoder(os.Stdout)
	if err := answers.Encode(node.identity()); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer := node.answer(ctx, lines.Bytes(), deadline)
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (n *node) answer(ctx context.Context, line []byte, deadline time.Duration) map[string]any {
	var words []string
	if err := json.Unmarshal(line, &words); err != nil || len(words) == 0 {
		return map[string]any{"error": "expected a line with a JSON array of strings"}
	}
	command, known := commands[words[0]]
	if !known {
		return map[string]any{"error": "no such command: " + words[0]}
	}
	if len(words)-1 != command.words {
		return map[string]any{"error": fmt.Sprintf("%s takes %d words", words[0], command.words)}
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	start := time.Now()
	answer, err := command.run(n, ctx, words[1:])
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	answer["seconds"] = time.Since(start).Seconds()
	return answer
}
