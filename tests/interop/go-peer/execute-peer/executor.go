package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const leaseGranted = 5000

// An executor of one function, that of a module which copies standard input to standard output; it
// knows what that gives without running it.
type executor struct {
	host     host.Host
	function cid.Cid
	delay    time.Duration // a call takes so long

	mutex   sync.Mutex
	blocks  map[cid.Cid][]byte
	known   map[cid.Cid]message // results, by their Invocations
	calls   map[asked]*task
	streams map[*frames]bool
	heard   map[string]int
}

// Who asked, and by which number.
type asked struct {
	peer   peer.ID
	number uint64
}

// A call from its offer until its result is acknowledged.
type task struct {
	invocation cid.Cid
	answer     *message // once it is there
	commits    bool
	revealed   bool
	frames     *frames // of its requester, the newest
}

func newExecutor(host host.Host) *executor {
	return &executor{host: host, blocks: map[cid.Cid][]byte{}, known: map[cid.Cid]message{}, calls: map[asked]*task{},
		streams: map[*frames]bool{}, heard: map[string]int{}}
}

// execute MODULE MILLISECONDS: takes calls of the module in that file from now on.
func (n *node) execute(_ context.Context, words []string) (map[string]any, error) {
	module, err := os.ReadFile(words[0])
	if err != nil {
		return nil, err
	}
	milliseconds, err := strconv.Atoi(words[1])
	if err != nil {
		return nil, err
	}
	e := n.executor
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.function, e.delay, e.heard = cidOf(cid.Raw, module), time.Duration(milliseconds)*time.Millisecond, map[string]int{}
	n.host.SetStreamHandler(protocol, e.serve)
	return map[string]any{"function": e.function.String()}, nil
}

// drop: ends all streams, and keeps the calls.
func (n *node) drop(context.Context, []string) (map[string]any, error) {
	e := n.executor
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for one := range e.streams {
		one.end()
	}
	return map[string]any{"streams": len(e.streams)}, nil
}

// heard: how many of each message came.
func (n *node) heard(context.Context, []string) (map[string]any, error) {
	e := n.executor
	e.mutex.Lock()
	defer e.mutex.Unlock()
	counts := map[string]any{}
	for name, count := range e.heard {
		counts[name] = count
	}
	return counts, nil
}

func (e *executor) serve(stream network.Stream) {
	from := framesOf(stream)
	e.mutex.Lock()
	e.streams[from] = true
	e.mutex.Unlock()
	go from.beat()
	defer func() {
		from.end()
		e.mutex.Lock()
		defer e.mutex.Unlock()
		delete(e.streams, from)
	}()
	for {
		messages, err := from.read()
		if err != nil {
			return
		}
		for _, one := range messages {
			if !e.hear(from, one) {
				return
			}
		}
	}
}

// False if the stream is to be ended.
func (e *executor) hear(from *frames, one message) bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.heard[one.name]++
	who := from.stream.Conn().RemotePeer()
	switch one.name {
	case "heartbeat":
	case "offer":
		e.offered(from, who, one)
	case "probe":
		from.say(e.estimate(one))
	case "known":
		from.say(e.answerKnown(one))
	case "reveal":
		for _, number := range one.list("calls") {
			if task := e.calls[asked{who, number.(uint64)}]; task != nil && task.answer != nil {
				task.revealed = true
				task.tell()
			}
		}
	case "cancel":
		delete(e.calls, asked{who, one.number("call")})
	case "acknowledge":
		for _, number := range one.list("calls") {
			delete(e.calls, asked{who, number.(uint64)})
		}
	default:
		return false
	}
	return true
}

// What cannot be sent is asked for again over the next stream.
func (f *frames) say(messages ...message) { _ = f.send(messages...) }

func refuse(call uint64, reason, why string) message {
	return message{"refuse", fields{"call": call, "reason": reason, "message": why}}
}

func failure(call uint64, kind string, why error) message {
	return message{"failure", fields{"call": call, "kind": kind, "message": why.Error()}}
}

func (e *executor) offered(from *frames, who peer.ID, offer message) {
	number := offer.number("call")
	invocation := cidOf(cid.DagCBOR, offer.bytes("invocation"))
	key := asked{who, number}
	if one := e.calls[key]; one != nil {
		one.frames = from
		switch {
		case one.invocation != invocation:
			from.say(refuse(number, "conflict", "the number is that of another call"))
		case one.answer == nil:
			from.say(accepted(number))
		default:
			one.tell()
		}
		return
	}
	brought, err := blocksOf(offer.list("blocks"))
	if err != nil {
		from.say(failure(number, "missing_block", err))
		return
	}
	for link, block := range brought {
		e.blocks[link] = block
	}
	e.calls[key] = &task{invocation: invocation, commits: offer.is("commit"), frames: from}
	from.say(accepted(number))
	time.AfterFunc(e.delay, func() { e.carryOut(key, offer) })
}

func accepted(number uint64) message {
	return message{"accept", fields{"call": number, "lease": leaseGranted, "ahead": 0}}
}

func (e *executor) carryOut(key asked, offer message) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	one := e.calls[key]
	if one == nil {
		return // taken back
	}
	answer, err := e.result(offer)
	if err != nil {
		answer = failure(key.number, "missing_block", err)
	}
	one.answer = &answer
	one.tell()
}

// What this function gives: its standard input.
func (e *executor) result(offer message) (message, error) {
	value, err := decode(offer.bytes("invocation"))
	if err != nil {
		return message{}, err
	}
	call, _ := value.(fields)
	if module, _ := call["module"].(cid.Cid); module != e.function {
		return message{}, fmt.Errorf("only %s is executed here", e.function)
	}
	written := []byte{}
	if input := inputOf(call); input.Defined() {
		found := false
		if written, found = e.blocks[input]; !found {
			return message{}, fmt.Errorf("%s did not come with the call", input)
		}
	}
	outcome := outcomeOf(written)
	invocation := cidOf(cid.DagCBOR, offer.bytes("invocation"))
	receipt, err := signedReceipt(e.key(), invocation, cidOf(cid.DagCBOR, outcome), uint64(len(written)))
	if err != nil {
		return message{}, err
	}
	result := message{"result", fields{"call": offer.number("call"), "outcome": outcome, "receipt": receipt,
		"blocks": blockList(written)}}
	e.known[invocation] = result
	return result, nil
}

func inputOf(call fields) cid.Cid {
	if stdin, is := call["stdin"].(cid.Cid); is {
		return stdin
	}
	inputs, _ := call["inputs"].([]any)
	if len(inputs) == 0 {
		return cid.Undef
	}
	first, _ := inputs[0].(cid.Cid)
	return first
}

func (e *executor) key() crypto.PrivKey { return e.host.Peerstore().PrivKey(e.host.ID()) }

// Says the answer, or what it is bound to by.
func (t *task) tell() {
	if t.answer.name == "result" && t.commits && !t.revealed {
		digest := sha256.Sum256(t.answer.bytes("receipt"))
		t.frames.say(message{"commit", fields{"call": t.answer.number("call"), "digest": digest[:]}})
		return
	}
	t.frames.say(*t.answer)
}

func (e *executor) estimate(probe message) message {
	value, err := decode(probe.bytes("invocation"))
	call, is := value.(fields)
	if err != nil || !is {
		return refuse(probe.number("call"), "malformed", "no Invocation")
	}
	estimate := fields{"call": probe.number("call"), "lacking": 0, "wait": 0, "warm": true}
	if input := inputOf(call); input.Defined() && e.blocks[input] == nil {
		estimate["lacks"] = []any{input}
	}
	if _, known := e.mayBeTold(cidOf(cid.DagCBOR, probe.bytes("invocation"))); known {
		estimate["known"] = true
	}
	return message{"estimate", estimate}
}

// The answer, unless somebody has committed to it and not told it yet.
func (e *executor) mayBeTold(invocation cid.Cid) (message, bool) {
	for _, one := range e.calls {
		if one.invocation == invocation && one.commits && !one.revealed {
			return message{}, false
		}
	}
	kept, known := e.known[invocation]
	return kept, known
}

func (e *executor) answerKnown(question message) message {
	invocation, _ := question.fields["invocation"].(cid.Cid)
	kept, known := e.mayBeTold(invocation)
	if !known {
		return about("unknown", question.number("call"))
	}
	answer := fields{"cached": true}
	for name, value := range kept.fields {
		answer[name] = value
	}
	answer["call"] = question.number("call")
	return message{"result", answer}
}
