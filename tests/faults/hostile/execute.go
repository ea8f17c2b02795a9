package main

import (
	"encoding/binary"
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

// Reads what the target answers, and counts it by its name; `hear` may be nil.
func (a *attack) readAnswers(stream network.Stream, hear func(name string, fields object)) {
	frames := newFrameStream(stream)
	defer func() { _ = stream.Reset() }()
	for {
		frame, err := frames.read()
		if err != nil {
			if a.ctx.Err() == nil {
				a.count("streams ended by the node", 1)
			}
			return
		}
		value, _, err := readCbor(frame)
		list, is := value.([]any)
		if err != nil || !is {
			a.count("answers that are none", 1)
			return
		}
		for _, one := range list {
			for name, fields := range one.(object) {
				fields := fields.(object)
				a.count(nameOf(name, fields), 1)
				if hear != nil {
					hear(name, fields)
				}
			}
		}
	}
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

// Frames of what `make` gives, sent as fast as they are taken, on two streams.
func (a *attack) floodOfCalls(make func() object) {
	a.many(2, func(int) error {
		stream, err := a.open(executeProtocol)
		if err != nil {
			return err
		}
		go a.readAnswers(stream, nil)
		return a.flood(stream, "frames", func() []byte {
			messages := []any{}
			for range offersOfFrame {
				messages = append(messages, make())
			}
			a.count("messages", offersOfFrame)
			return frameOf(messages...)
		})
	})
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
	a.many(2, func(int) error {
		stream, err := a.open(executeProtocol)
		if err != nil {
			return err
		}
		go a.readAnswers(stream, nil)
		return a.flood(stream, "messages", func() []byte {
			offer := offerOf(numbers.Add(1), invocationOf(randomCid(), nil), 5000)
			offer["offer"].(object)["blocks"] = []any{[]any{randomCid(), randomBytes(250_000)}}
			return frameOf(offer)
		})
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
	a.many(4, func(int) error {
		stream, err := a.open(executeProtocol)
		if err != nil {
			return err
		}
		go a.readAnswers(stream, nil)
		return a.flood(stream, "frames", func() []byte {
			messages := []any{}
			for range 5 {
				messages = append(messages, kinds[rand.IntN(len(kinds))](numbers.Add(1)))
			}
			return frameOf(messages...)
		})
	})
}

// Frames of this protocol that are none: too long, cut short, nothing but noise.
func executeGarbage(a *attack) {
	a.many(4, func(i int) error {
		stream, err := a.open(executeProtocol)
		if err != nil {
			return err
		}
		defer func() { _ = stream.Reset() }()
		go a.readAnswers(stream, nil)
		frames := [][]byte{
			append(binary.AppendUvarint(nil, 2<<20), randomBytes(1<<20)...),
			framed(randomBytes(1000)),
			framed(dagCbor(nil, []any{})),
			append(binary.AppendUvarint(nil, 1<<20), randomBytes(1<<20-1)...),
		}
		err = a.writeRest(stream, frames[rand.IntN(len(frames))])
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
		a.many(1, func(int) error {
			stream, err := a.open(executeProtocol)
			if err != nil {
				return err
			}
			defer func() { _ = stream.Reset() }()
			ended := make(chan struct{})
			go func() {
				a.readAnswers(stream, nil)
				close(ended)
			}()
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
	a.many(1, func(int) error {
		stream, err := a.open(executeProtocol)
		if err != nil {
			return err
		}
		defer func() { _ = stream.Reset() }()
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
