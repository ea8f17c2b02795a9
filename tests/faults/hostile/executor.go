package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/mr-tron/base58"
)

// An executor that lies, or does nothing.
type executor struct {
	host    host.Host
	mutex   sync.Mutex
	offers  uint64
	heard   map[string]uint64
	streams uint64
}

// What an executor says to one offer; `say` may be called at any time until the stream ends.
type lie func(e *executor, offer object, say func(...any) error)

// execute LIE: takes calls of others from now on, and answers them so. execute count: what was
// heard since.
func (e *executor) execute(name string) (map[string]any, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if name == "count" {
		told := map[string]any{"streams": e.streams}
		for what, number := range e.heard {
			told[what] = number
		}
		return told, nil
	}
	answer, known := lies[name]
	if !known {
		return nil, fmt.Errorf("no such lie: %s", name)
	}
	e.heard, e.streams = map[string]uint64{}, 0
	e.host.SetStreamHandler(executeProtocol, func(stream network.Stream) { e.serve(stream, answer) })
	return map[string]any{}, nil
}

func (e *executor) count(what string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.heard[what]++
}

func (e *executor) serve(stream network.Stream, answer lie) {
	e.mutex.Lock()
	e.streams++
	e.mutex.Unlock()
	defer func() { _ = stream.Reset() }()
	var writing sync.Mutex
	say := func(messages ...any) error {
		writing.Lock()
		defer writing.Unlock()
		_ = stream.SetWriteDeadline(time.Now().Add(10 * time.Second))
		_, err := stream.Write(frameOf(messages...))
		return err
	}
	err := readMessages(stream, func(name string, fields object) {
		e.count(name)
		if name == "offer" {
			go answer(e, fields, say)
		}
	})
	if err != errNoMessages {
		e.count("streams ended by the node")
	}
}

func accept(call any) object {
	return object{"accept": object{"call": call, "lease": 5000, "ahead": 0}}
}

// Until the stream ends.
func beat(say func(...any) error) {
	for say(heartbeat) == nil {
		time.Sleep(200 * time.Millisecond)
	}
}

// The did:key of an Ed25519 key.
func didKey(key crypto.PubKey) string {
	raw, _ := key.Raw()
	return "did:key:z" + base58.Encode(append([]byte{0xed, 0x01}, raw...))
}

// What was given, and who says so.
type statement struct {
	invocation cid.Cid
	outcome    []byte
	signer     crypto.PrivKey
	named      crypto.PubKey
	fuel       int
	alter      func(payload object) // after it was signed
}

func (e *executor) truth(offer object) statement {
	key := e.host.Peerstore().PrivKey(e.host.ID())
	return statement{
		invocation: cidOf(cid.DagCBOR, offer["invocation"].([]byte)),
		outcome:    dagCbor(nil, object{"exit": 0, "stdout": []byte("a lie\n")}),
		signer:     key, named: key.GetPublic(), fuel: 1000,
	}
}

func (s statement) receipt() []byte {
	payload := object{
		"invocation": s.invocation,
		"outcome":    cidOf(cid.DagCBOR, s.outcome),
		"metering":   object{"engine": "wasmtime 48.0.8", "flags": "fuel=1 nan=1", "fuel": s.fuel, "memory": 65536},
		"circumstances": object{"executor": didKey(s.named), "started": uint64(time.Now().UnixNano()), "duration": 1000,
			"blocks": 1, "bytes": 100},
	}
	signature, err := s.signer.Sign(dagCbor(nil, payload))
	if err != nil {
		panic(err)
	}
	if s.alter != nil {
		s.alter(payload)
	}
	return dagCbor(nil, object{"payload": payload, "signature": signature})
}

func (s statement) result(call any) object {
	return object{"result": object{"call": call, "outcome": s.outcome, "receipt": s.receipt()}}
}

// A result that is as it should be but for one thing.
func altered(alter func(*statement)) lie {
	return func(e *executor, offer object, say func(...any) error) {
		told := e.truth(offer)
		alter(&told)
		_ = say(told.result(offer["call"]))
	}
}

// The other results are of calls that were not asked for.
func unasked(e *executor, offer object, say func(...any) error) {
	for i := range 1000 {
		if say(e.truth(offer).result(offer["call"].(uint64)+1+uint64(i))) != nil {
			return
		}
	}
	beat(say)
}

func endlessLogs(e *executor, offer object, say func(...any) error) {
	_ = say(accept(offer["call"]))
	position := uint64(0)
	piece := make([]byte, 64<<10)
	for i := range piece {
		piece[i] = 'x'
	}
	for {
		if say(object{"log": object{"call": offer["call"], "stream": 1, "position": position, "bytes": piece}}) != nil {
			return
		}
		position += uint64(len(piece))
		e.count("logs sent")
	}
}

var lies = map[string]lie{
	"true-to-form":  altered(func(*statement) {}), // a lie that only others can find out
	"never-runs":    func(_ *executor, offer object, say func(...any) error) { _ = say(accept(offer["call"])); beat(say) },
	"falls-silent":  func(_ *executor, offer object, say func(...any) error) { _ = say(accept(offer["call"])) },
	"says-nothing":  func(*executor, object, func(...any) error) {},
	"unasked":       unasked,
	"endless-logs":  endlessLogs,
	"other-call":    altered(func(s *statement) { s.invocation = cidOf(cid.DagCBOR, randomBytes(10)) }),
	"other-outcome": altered(func(s *statement) { s.alter = func(p object) { p["outcome"] = cidOf(cid.DagCBOR, randomBytes(10)) } }),
	"wrong-key": altered(func(s *statement) {
		s.signer = newName().key
		s.named = s.signer.GetPublic()
	}),
	"wrong-signature": altered(func(s *statement) { s.signer = newName().key }),
	"forged-metering": altered(func(s *statement) {
		s.alter = func(p object) { p["metering"].(object)["fuel"] = 1 }
	}),
	"no-receipt": func(e *executor, offer object, say func(...any) error) {
		_ = say(object{"result": object{"call": offer["call"], "outcome": e.truth(offer).outcome}})
	},
	"no-outcome": func(_ *executor, offer object, say func(...any) error) {
		_ = say(object{"result": object{"call": offer["call"], "outcome": randomBytes(100)}})
	},
	"wrong-blocks": func(e *executor, offer object, say func(...any) error) {
		result := e.truth(offer).result(offer["call"])
		result["result"].(object)["blocks"] = []any{[]any{randomCid(), []byte("something else")}}
		_ = say(result)
	},
	"busy": func(_ *executor, offer object, say func(...any) error) {
		_ = say(object{"busy": object{"call": offer["call"], "retry": 0, "waiting": 1, "message": "later"}})
	},
	"disorder": func(_ *executor, offer object, say func(...any) error) {
		_ = say(object{"offer": offer}) // what only requesters say
	},
	"garbage": func(_ *executor, _ object, say func(...any) error) { _ = say(object{"nonsense": object{}}) },
	"false-logs": func(e *executor, offer object, say func(...any) error) {
		call := offer["call"]
		written := object{"log": object{"call": call, "stream": 1, "position": 0, "bytes": []byte("false\n")}}
		_ = say(accept(call), written, e.truth(offer).result(call))
	},
	"twice": func(e *executor, offer object, say func(...any) error) {
		result := e.truth(offer).result(offer["call"])
		_ = say(result, accept(offer["call"]), result)
		_ = say(result)
	},
}
