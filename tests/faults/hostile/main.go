// A peer that means harm, on go-libp2p, driven by lines as tests/interop/go-peer is: each line read is
// a JSON array of a command and its words, each line written one JSON object. It ends with its
// standard input.
//
//	["start", ATTACK, ADDRESS, ...]  begins an attack on the node at ADDRESS (which ends in /p2p/PEER)
//	["stop"]                         ends it, and tells what was done: counts, and the last error
//	["serve", LIE, ...]              answers wants from now on, see serve.go
//	["offer", KIND, ADDRESS, ...]    one bad record, see records.go
//	["execute", LIE]                 carries out calls of others from now on, see executor.go
//	["advert", KIND, ADDRESS, ...]   adverts that are wrong, or many, see adverts.go
//	["connect", ADDRESS]
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
)

const (
	commandTimeMax = 60 * time.Second
	stopTimeMax    = 5 * time.Second
)

type driver struct {
	host   host.Host
	server *server
	liar   *executor
	attack *attack

	crowdMutex sync.Mutex
	crowd      []host.Host
}

func newHost(listen ...string) (host.Host, error) {
	manager, err := connmgr.NewConnManager(10_000, 20_000)
	if err != nil {
		return nil, err
	}
	return libp2p.New(libp2p.ListenAddrStrings(listen...), libp2p.DisableRelay(), libp2p.ConnectionManager(manager),
		libp2p.ResourceManager(&network.NullResourceManager{}), libp2p.UserAgent("hostile"))
}

func main() {
	host, err := newHost("/ip4/127.0.0.1/tcp/0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
	// A node that finds no pub/sub here speaks none to us.
	host.SetStreamHandler(pubsubProtocol, discardStream)
	d := &driver{host: host, server: &server{host: host}, liar: &executor{host: host}}
	answers := json.NewEncoder(os.Stdout)
	info := peer.AddrInfo{ID: host.ID(), Addrs: host.Addrs()}
	full, _ := peer.AddrInfoToP2pAddrs(&info)
	_ = answers.Encode(map[string]any{"peer": host.ID().String(), "addresses": full})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answer, err := d.command(lines.Bytes())
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		_ = answers.Encode(answer)
	}
}

func (d *driver) command(line []byte) (map[string]any, error) {
	var words []string
	if err := json.Unmarshal(line, &words); err != nil || len(words) == 0 {
		return nil, fmt.Errorf("expected a line with a JSON array of strings")
	}
	switch {
	case words[0] == "connect" && len(words) == 2:
		_, err := d.connect(words[1])
		return map[string]any{}, err
	case words[0] == "start" && len(words) >= 3:
		return map[string]any{}, d.start(words[1], words[2], words[3:])
	case words[0] == "stop" && len(words) == 1:
		return d.stop(), nil
	case words[0] == "serve" && len(words) >= 2:
		return d.server.serve(words[1], words[2:])
	case words[0] == "offer" && len(words) >= 3:
		return d.offer(words[1], words[2], words[3:])
	case words[0] == "execute" && len(words) == 2:
		return d.liar.execute(words[1])
	case words[0] == "advert" && len(words) >= 3:
		return d.advert(words[1], words[2], words[3:])
	}
	return nil, fmt.Errorf("no such command: %s with %d words", words[0], len(words)-1)
}

func discardStream(stream network.Stream) { _, _ = io.Copy(io.Discard, stream) }

func (d *driver) connect(address string) (peer.ID, error) {
	return connect(d.host, address)
}

func connect(host host.Host, address string) (peer.ID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeMax)
	defer cancel()
	info, err := peer.AddrInfoFromString(address)
	if err != nil {
		return "", err
	}
	host.Peerstore().AddAddrs(info.ID, info.Addrs, peerstore.PermanentAddrTTL)
	return info.ID, host.Connect(ctx, *info)
}

func (d *driver) start(name, address string, words []string) error {
	run, known := attacks[name]
	if !known {
		return fmt.Errorf("no such attack: %s", name)
	}
	if d.attack != nil {
		return fmt.Errorf("an attack is under way")
	}
	target, err := d.connect(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.attack = &attack{host: d.host, server: d.server, target: target, address: address, words: words, ctx: ctx,
		cancel: cancel, counts: map[string]uint64{}}
	d.attack.waiting.Add(1)
	go func() {
		defer d.attack.waiting.Done()
		run(d.attack)
	}()
	return nil
}

func (d *driver) stop() map[string]any {
	if d.attack == nil {
		return map[string]any{}
	}
	d.attack.cancel()
	ended := make(chan struct{})
	go func(a *attack) {
		a.waiting.Wait()
		close(ended)
	}(d.attack)
	select {
	case <-ended:
	case <-time.After(stopTimeMax):
	}
	answer := d.attack.told()
	d.attack = nil
	return answer
}
