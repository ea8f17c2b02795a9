package main

import (
	"encoding/binary"
	"math/rand/v2"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

const (
	frameBytesMax = 4 << 20
	wantsOfFrame  = 16_000
)

// A length that no protocol allows, and what it promises.
func framesOversized(a *attack) {
	chunk := randomBytes(1 << 20)
	a.onStreams(8, bitswapProtocol, func(_ int, stream network.Stream) error {
		if _, err := stream.Write(binary.AppendUvarint(nil, 100<<20)); err != nil {
			return err
		}
		return a.flood(stream, "chunks", func() []byte { return chunk })
	})
}

// All of a frame but its last byte, on as many streams as there may be; then nothing.
func framesHalf(a *attack) {
	frame := append(binary.AppendUvarint(nil, frameBytesMax), make([]byte, frameBytesMax-1)...)
	const hosts = 8
	a.fromPeers(hosts*16, func(_ int, host host.Host) error {
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		if err := a.writeRest(stream, frame); err != nil {
			return err
		}
		a.count("half frames", 1)
		_, err = stream.Read(make([]byte, 1))
		if a.ctx.Err() != nil {
			return nil
		}
		return err
	})
}

// A good message, in pieces that come in another order.
func framesReordered(a *attack) {
	a.onStreams(4, bitswapProtocol, func(_ int, stream network.Stream) error {
		return a.flood(stream, "messages", func() []byte {
			frame := framed(bitswapWants(randomWants(100, wantBlock)))
			pieces := [][]byte{}
			for len(frame) > 0 {
				size := min(len(frame), 1+rand.IntN(400))
				pieces = append(pieces, frame[:size])
				frame = frame[size:]
			}
			rand.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
			mixed := []byte{}
			for _, piece := range pieces {
				mixed = append(mixed, piece...)
			}
			return mixed
		})
	})
}

// Frames of a right length, with no message in them; of every protocol that has frames.
func framesGarbage(a *attack) {
	protocols := []string{bitswapProtocol, kadProtocol, pubsubProtocol, identifyPush}
	a.many(8, func(i int) error {
		stream, err := a.open(toProtocol(protocols[i%len(protocols)]))
		if err != nil {
			return err
		}
		defer func() { _ = stream.Reset() }()
		return a.flood(stream, "frames", func() []byte { return framed(randomBytes(1 + rand.IntN(100_000))) })
	})
}

// Streams on which to want, each of a peer that reads what it is sent and forgets it.
func (a *attack) asPeers(count int, one func(number int, stream network.Stream) error) {
	a.fromPeers(count, func(i int, host host.Host) error {
		host.SetStreamHandler(bitswapProtocol, discardStream)
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		return one(i, stream)
	})
}

func randomWants(count int, kind uint64) []want {
	wants := make([]want, count)
	for i := range wants {
		wants[i] = want{cid: randomCid(), kind: kind}
	}
	return wants
}

// Wants for what nobody has, from several peers.
func floodOfWants(a *attack) {
	kinds := []uint64{wantBlock, wantHave}
	a.asPeers(4, func(i int, stream network.Stream) error {
		return a.flood(stream, "messages", func() []byte {
			a.count("wants", wantsOfFrame)
			return framed(bitswapWants(randomWants(wantsOfFrame, kinds[i%2])))
		})
	})
}

// Wants for blocks that are there (words: CIDs), over and over: each costs the target a read.
func floodOfRepeatedWants(a *attack) {
	wants := wantsOf(a.words)
	message := []byte{}
	for len(message) < 200_000 {
		message = append(message, framed(bitswapWants(wants))...)
	}
	a.asPeers(2, func(_ int, stream network.Stream) error {
		return a.flood(stream, "batches of wants", func() []byte { return message })
	})
}

func wantsOf(words []string) []want {
	wants := []want{}
	for _, word := range words {
		if parsed, err := cid.Decode(word); err == nil {
			wants = append(wants, want{cid: parsed, kind: wantBlock})
		}
	}
	return wants
}

// Wants blocks that are there (words: CIDs), and reads nothing of what comes.
func neverReads(a *attack) {
	a.readers(20, wantsOf(a.words), holdStream(a.ctx))
}

// Good blocks that nobody asked for.
func unaskedBlocks(a *attack) {
	a.onStreams(4, bitswapProtocol, func(_ int, stream network.Stream) error {
		return a.flood(stream, "messages", func() []byte {
			data := randomBytes(1 << 20)
			return framed(bitswapBlock(nil, cidOf(cid.Raw, data), data))
		})
	})
}
