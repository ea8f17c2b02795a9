package main

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/ipfs/go-cid"
)

const (
	frameBytesMax = 4 << 20
	wantsOfFrame  = 16_000
)

// A length that no protocol allows, and what it promises.
func framesOversized(a *attack) {
	chunk := randomBytes(1 << 20)
	a.many(8, func(int) error {
		stream, err := a.open(bitswapProtocol)
		if err != nil {
			return err
		}
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
	a.many(hosts*16, func(int) error {
		host, err := newHost("/ip4/127.0.0.1/tcp/0")
		if err != nil {
			return err
		}
		defer host.Close()
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		defer func() { _ = stream.Reset() }()
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
	a.many(4, func(int) error {
		stream, err := a.open(bitswapProtocol)
		if err != nil {
			return err
		}
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
		return a.flood(stream, "frames", func() []byte { return framed(randomBytes(1 + rand.IntN(100_000))) })
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
	a.many(4, func(i int) error {
		host, err := newHost("/ip4/127.0.0.1/tcp/0")
		if err != nil {
			return err
		}
		defer host.Close()
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		discard(host)
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
	a.many(2, func(int) error {
		host, err := newHost("/ip4/127.0.0.1/tcp/0")
		if err != nil {
			return err
		}
		defer host.Close()
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		discard(host)
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
	wants := wantsOf(a.words)
	a.many(20, func(int) error {
		host, err := newHost("/ip4/127.0.0.1/tcp/0")
		if err != nil {
			return err
		}
		defer host.Close()
		host.SetStreamHandler(bitswapProtocol, holdStream(a.ctx))
		stream, err := a.openFrom(host, bitswapProtocol)
		if err != nil {
			return err
		}
		if _, err := stream.Write(framed(bitswapWants(wants))); err != nil {
			return err
		}
		a.count("readers", 1)
		for a.ctx.Err() == nil && len(host.Network().ConnsToPeer(a.target)) > 0 {
			a.pause(100 * time.Millisecond)
		}
		if a.ctx.Err() == nil {
			a.count("closed by the node", 1)
		}
		return nil
	})
}

// Good blocks that nobody asked for.
func unaskedBlocks(a *attack) {
	a.many(4, func(int) error {
		stream, err := a.open(bitswapProtocol)
		if err != nil {
			return err
		}
		return a.flood(stream, "messages", func() []byte {
			data := randomBytes(1 << 20)
			return framed(bitswapBlock(nil, cidOf(cid.Raw, data), data))
		})
	})
}
