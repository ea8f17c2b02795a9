package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
)

// The messages of docs/reference/execute.md, made by hand so that they can be wrong.
const (
	executeProtocol = "/timerose/execute/1"
	offersOfFrame   = 100
	memoryOfCall    = 16 << 20
	fuelOfCall      = uint64(1) << 40
)

// A call of a command module: each seed is another one.
func invocationOf(module cid.Cid, seed []byte) []byte {
	call := object{"v": 1, "abi": "wasi", "entry": "_start", "memory": memoryOfCall, "module": module}
	if len(seed) > 0 {
		call["seed"] = seed
	}
	return dagCbor(nil, call)
}

func seedOf(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

func offerOf(call uint64, invocation []byte, lease int) object {
	return object{"offer": object{"call": call, "fuel": fuelOfCall, "invocation": invocation, "lease": lease, "priority": 1}}
}

func frameOf(messages ...any) []byte { return framed(dagCbor(nil, []any(messages))) }

var heartbeat = object{"heartbeat": object{}}

var errNoMessages = errors.New("a frame that holds no messages")

// Hears each message of a stream until that ends, or holds something else.
func readMessages(stream network.Stream, hear func(name string, fields object)) error {
	frames := newFrameStream(stream)
	for {
		frame, err := frames.read()
		if err != nil {
			return err
		}
		value, _, err := readCbor(frame)
		list, is := value.([]any)
		if err != nil || !is {
			return errNoMessages
		}
		for _, one := range list {
			for name, fields := range one.(object) {
				hear(name, fields.(object))
			}
		}
	}
}

// Counts what the target answers, by its name.
func (a *attack) readAnswers(stream network.Stream) {
	err := readMessages(stream, func(name string, fields object) { a.count(nameOf(name, fields), 1) })
	switch {
	case err == errNoMessages:
		a.count("answers that are none", 1)
	case a.ctx.Err() == nil:
		a.count("streams ended by the node", 1)
	}
	_ = stream.Reset()
}

func nameOf(name string, fields object) string {
	for _, more := range []string{"reason", "kind"} {
		if text, is := fields[more].(string); is {
			return name + " " + text
		}
	}
	return name
}

// A word that is the CID of a module which the target has.
func (a *attack) module() cid.Cid {
	module, err := cid.Decode(a.words[0])
	if err != nil {
		panic(err)
	}
	return module
}

var numbers atomic.Uint64

func init() { numbers.Store(rand.Uint64() >> 1) }

// `count` streams of calls at a time, whose answers are read; `ended` tells that the target will say
// no more.
func (a *attack) onCallStreams(count int, one func(stream network.Stream, ended <-chan struct{}) error) {
	a.onStreams(count, executeProtocol, func(_ int, stream network.Stream) error {
		ended := make(chan struct{})
		go func() {
			a.readAnswers(stream)
			close(ended)
		}()
		return one(stream, ended)
	})
}

// Frames of `size` messages that `make` gives, sent as fast as they are taken, on `count` streams.
func (a *attack) floodOfFrames(count, size int, make func() any) {
	a.onCallStreams(count, func(stream network.Stream, _ <-chan struct{}) error {
		return a.flood(stream, "frames", func() []byte {
			messages := []any{}
			for range size {
				messages = append(messages, make())
			}
			a.count("messages", uint64(size))
			return frameOf(messages...)
		})
	})
}

func (a *attack) floodOfCalls(make func() object) {
	a.floodOfFrames(2, offersOfFrame, func() any { return make() })
}

// Calls without end of a module that the target has (a word: its CID), each another one.
func floodOfOffers(a *attack) {
	module := a.module()
	a.floodOfCalls(func() object {
		number := numbers.Add(1)
		return offerOf(number, invocationOf(module, seedOf(number)), 5000)
	})
}

// Calls of modules that nobody has.
func offersWithoutBlocks(a *attack) {
	a.floodOfCalls(func() object {
		return offerOf(numbers.Add(1), invocationOf(randomCid(), nil), 600_000)
	})
}

// Blocks that are not what their links say, and as many bytes as an offer may have.
func offersWithWrongBlocks(a *attack) {
	a.floodOfFrames(2, 1, func() any {
		offer := offerOf(numbers.Add(1), invocationOf(randomCid(), nil), 5000)
		offer["offer"].(object)["blocks"] = []any{[]any{randomCid(), randomBytes(250_000)}}
		return offer
	})
}

// One number for many calls.
func offersOfOneNumber(a *attack) {
	module := a.module()
	number := numbers.Add(1)
	a.floodOfCalls(func() object { return offerOf(number, invocationOf(module, seedOf(numbers.Add(1))), 5000) })
}

// Offers that are taken back at once: each has begun something, perhaps.
func offersTakenBack(a *attack) {
	module := a.module()
	back := object(nil)
	a.floodOfCalls(func() object {
		if back != nil {
			message := back
			back = nil
			return message
		}
		number := numbers.Add(1)
		back = object{"cancel": object{"call": number}}
		return offerOf(number, invocationOf(module, seedOf(number)), 5000)
	})
}

// What is right in itself, but not then, and what only executors say.
func executeDisorder(a *attack) {
	module := a.module()
	kinds := []func(number uint64) any{
		func(number uint64) any { return object{"cancel": object{"call": number}} },
		func(number uint64) any { return object{"acknowledge": object{"calls": []any{number, number + 1}}} },
		func(uint64) any { return heartbeat },
		func(number uint64) any { return offerOf(number, invocationOf(module, nil), 5000) },
		func(number uint64) any { return object{"accept": object{"call": number, "lease": 5000, "ahead": 0}} },
		func(number uint64) any {
			return object{"result": object{"call": number, "outcome": dagCbor(nil, object{"exit": 0})}}
		},
		func(number uint64) any { return object{"nonsense": object{"call": number}} },
		func(number uint64) any { return offerOf(number, randomBytes(300), 5000) },
	}
	a.floodOfFrames(4, 5, func() any { return kinds[rand.IntN(len(kinds))](numbers.Add(1)) })
}

// Frames of this protocol that are none: too long, cut short, nothing but noise.
func executeGarbage(a *attack) {
	a.onCallStreams(4, func(stream network.Stream, _ <-chan struct{}) error {
		frames := [][]byte{
			append(binary.AppendUvarint(nil, 2<<20), randomBytes(1<<20)...),
			framed(randomBytes(1000)),
			framed(dagCbor(nil, []any{})),
			append(binary.AppendUvarint(nil, 1<<20), randomBytes(1<<20-1)...),
		}
		err := a.writeRest(stream, frames[rand.IntN(len(frames))])
		a.count("frames", 1)
		a.pause(retryAfter)
		return err
	})
}

// Guests that never end (words: a module, how many), for which heartbeats come: "always", or never.
func leases(heartbeats bool) func(*attack) {
	return func(a *attack) {
		module := a.module()
		count := 0
		_, _ = fmt.Sscan(a.words[1], &count)
		a.onCallStreams(1, func(stream network.Stream, ended <-chan struct{}) error {
			for range count {
				number := numbers.Add(1)
				if _, err := stream.Write(frameOf(offerOf(number, invocationOf(module, seedOf(number)), 1000))); err != nil {
					return err
				}
			}
			a.count("offers", uint64(count))
			for a.ctx.Err() == nil {
				select {
				case <-ended:
					return fmt.Errorf("the stream was ended")
				case <-time.After(200 * time.Millisecond):
				}
				if heartbeats {
					if _, err := stream.Write(frameOf(heartbeat)); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
}

// Guests that write without end (a word: the module), whose output is asked for and never read.
func logsNotRead(a *attack) {
	module := a.module()
	a.onStreams(1, executeProtocol, func(_ int, stream network.Stream) error {
		return a.flood(stream, "frames", func() []byte {
			messages := []any{heartbeat}
			for range 8 {
				number := numbers.Add(1)
				offer := offerOf(number, invocationOf(module, seedOf(number)), 5000)
				offer["offer"].(object)["logs"] = true
				messages = append(messages, offer)
			}
			a.pause(20 * time.Millisecond)
			return frameOf(messages...)
		})
	})
}
