package main

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	bitswapProtocol = "/ipfs/bitswap/1.2.0"
	kadProtocol     = "/ipfs/lan/kad/1.0.0"
	pubsubProtocol  = "/meshsub/1.1.0"
	identifyPush    = "/ipfs/id/push/1.0.0"
	identifyGet     = "/ipfs/id/1.0.0"
	openTimeMax     = 5 * time.Second
	// What follows an error of the target's making.
	retryAfter = 10 * time.Millisecond
)

// An attack under way.
type attack struct {
	host    host.Host
	server  *server
	target  peer.ID
	address string
	words   []string
	ctx     context.Context
	cancel  context.CancelFunc
	waiting sync.WaitGroup

	mutex     sync.Mutex
	counts    map[string]uint64
	lastError string
}

var attacks = map[string]func(*attack){
	"frames-oversized": framesOversized,
	"frames-half":      framesHalf,
	"frames-reordered": framesReordered,
	"frames-garbage":   framesGarbage,
	"wants":            floodOfWants,
	"wants-repeated":   floodOfRepeatedWants,
	"streams":          floodOfStreams,
	"dials":            floodOfDials,
	"half-dials":       floodOfHalfDials,
	"providers":        floodOfProviders,
	"values":           floodOfValues,
	"pubsub":           floodOfMessages,
	"topics":           floodOfTopics,
	"never-reads":      neverReads,
	"unasked-blocks":   unaskedBlocks,
	"identify":         identifyLies,
	"connections":      manyConnections,
	"slow-readers":     slowReaders,
	"offers":           floodOfOffers,
	"offers-no-blocks": offersWithoutBlocks,
	"offers-lies":      offersWithWrongBlocks,
	"offers-one-call":  offersOfOneNumber,
	"offers-cancelled": offersTakenBack,
	"execute-disorder": executeDisorder,
	"execute-garbage":  executeGarbage,
	"lease-never":      leases(false),
	"lease-always":     leases(true),
	"logs-not-read":    logsNotRead,
	"adverts":          floodOfAdverts,
}

func (a *attack) count(what string, number uint64) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.counts[what] += number
}

func (a *attack) failed(err error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.counts["errors"]++
	if a.ctx.Err() == nil {
		a.lastError = err.Error()
	}
}

func (a *attack) told() map[string]any {
	answer := map[string]any{"last": a.lastError}
	for what, number := range a.counts {
		answer[what] = number
	}
	return answer
}

// `count` of them at a time, until the attack is stopped.
func (a *attack) many(count int, one func(number int) error) {
	var all sync.WaitGroup
	for i := range count {
		all.Add(1)
		go func() {
			defer all.Done()
			for a.ctx.Err() == nil {
				if err := one(i); err != nil {
					a.failed(err)
					a.pause(retryAfter)
				}
			}
		}()
	}
	all.Wait()
}

func (a *attack) pause(time_ time.Duration) {
	select {
	case <-a.ctx.Done():
	case <-time.After(time_):
	}
}

// A stream to the target, connected to again if it has ended that.
func (a *attack) open(protocols ...protocol.ID) (network.Stream, error) {
	return a.openFrom(a.host, protocols...)
}

func (a *attack) openFrom(from host.Host, protocols ...protocol.ID) (network.Stream, error) {
	ctx, cancel := context.WithTimeout(a.ctx, openTimeMax)
	defer cancel()
	if from.Network().Connectedness(a.target) != network.Connected {
		if _, err := connect(from, a.address); err != nil {
			a.count("refused connections", 1)
			return nil, err
		}
		a.count("connections", 1)
	}
	stream, err := from.NewStream(ctx, a.target, protocols...)
	if err != nil {
		a.count("refused streams", 1)
		return nil, err
	}
	a.count("streams", 1)
	context.AfterFunc(a.ctx, func() { _ = stream.Reset() })
	return stream, nil
}

// `count` streams of a protocol at a time, each open as long as `one` is at it.
func (a *attack) onStreams(count int, name protocol.ID, one func(number int, stream network.Stream) error) {
	a.many(count, func(i int) error {
		stream, err := a.open(name)
		if err != nil {
			return err
		}
		defer func() { _ = stream.Reset() }()
		return one(i, stream)
	})
}

// `count` peers at a time that the target has not seen before, each there as long as `one` is at it.
func (a *attack) fromPeers(count int, one func(number int, from host.Host) error) {
	a.many(count, func(i int) error {
		from, err := newHost()
		if err != nil {
			return err
		}
		defer from.Close()
		return one(i, from)
	})
}

// Holds a peer's connection until the target ends it.
func (a *attack) stay(from host.Host) {
	for a.ctx.Err() == nil && len(from.Network().ConnsToPeer(a.target)) > 0 {
		a.pause(500 * time.Millisecond)
	}
	if a.ctx.Err() == nil {
		a.count("closed by the node", 1)
	}
}

// Writes until an error or the end of the attack.
func (a *attack) flood(stream network.Stream, what string, make func() []byte) error {
	for a.ctx.Err() == nil {
		_ = stream.SetWriteDeadline(time.Now().Add(time.Second))
		message := make()
		written, err := stream.Write(message)
		a.count("bytes", uint64(written))
		if err != nil {
			if written > 0 || isTimeout(err) {
				// It is held back, which is well: the rest of this frame follows.
				if err = a.writeRest(stream, message[written:]); err == nil {
					continue
				}
			}
			return err
		}
		a.count(what, 1)
	}
	return nil
}

func (a *attack) writeRest(stream network.Stream, rest []byte) error {
	for len(rest) > 0 && a.ctx.Err() == nil {
		began := time.Now()
		_ = stream.SetWriteDeadline(began.Add(time.Second))
		written, err := stream.Write(rest)
		a.count("bytes", uint64(written))
		rest = rest[written:]
		// A connection that has gone may say that it, too, has timed out; but it does so at once.
		if err != nil && (!isTimeout(err) || time.Since(began) < time.Second/2) {
			return err
		}
		if err != nil {
			a.count("seconds held back", 1)
		}
	}
	return nil
}

func isTimeout(err error) bool {
	timeout, is := err.(interface{ Timeout() bool })
	return is && timeout.Timeout()
}
