package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/ipfs/go-cid"
)

const (
	leaseWanted = 3000
	fuelOfCall  = uint64(1) << 40
	// After a cancel nothing of the call may come any more; what was on its way may.
	silence = 700 * time.Millisecond
)

// A call, ready to be offered.
type call struct {
	number     uint64
	invocation []byte
	blocks     [][]byte
}

// Of a module in a file, with the content of another file as standard input, if it is named. Each
// is another Invocation.
func callOf(modulePath, inputPath string) (*call, error) {
	module, err := os.ReadFile(modulePath)
	if err != nil {
		return nil, err
	}
	c := &call{number: rand.Uint64(), blocks: [][]byte{module}}
	inputs := []cid.Cid{}
	if inputPath != "" {
		input, err := os.ReadFile(inputPath)
		if err != nil {
			return nil, err
		}
		inputs, c.blocks = append(inputs, cidOf(cid.Raw, input)), append(c.blocks, input)
	}
	seed := fmt.Appendf(nil, "%016x", rand.Uint64())
	c.invocation = invocationOf(cidOf(cid.Raw, module), inputs, seed)
	return c, nil
}

func (c *call) name() cid.Cid { return cidOf(cid.DagCBOR, c.invocation) }

// With what is asked beyond the least.
func (c *call) offer(more fields) message {
	offer := fields{"call": c.number, "invocation": c.invocation, "fuel": fuelOfCall, "lease": leaseWanted,
		"priority": 1, "blocks": blockList(c.blocks...)}
	for name, value := range more {
		offer[name] = value
	}
	return message{"offer", offer}
}

func about(name string, call uint64) message { return message{name, fields{"call": call}} }

func aboutAll(name string, calls ...uint64) message {
	list := []any{}
	for _, one := range calls {
		list = append(list, one)
	}
	return message{name, fields{"calls": list}}
}

// Checks all that the text has a requester check, and tells what was answered.
func (t *talk) told(c *call, result message) (map[string]any, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	value, err := decode(result.bytes("outcome"))
	if err != nil {
		return nil, fmt.Errorf("the outcome: %w", err)
	}
	blocks, err := blocksOf(result.list("blocks"))
	if err != nil {
		return nil, err
	}
	outcome, is := value.(fields)
	if !is {
		return nil, errors.New("the outcome is no map")
	}
	named := cidOf(cid.DagCBOR, result.bytes("outcome"))
	signer, err := checkReceipt(result.bytes("receipt"), c.name(), named)
	if err != nil {
		return nil, err
	}
	if signer != t.to {
		return nil, fmt.Errorf("the receipt is signed by %s", signer)
	}
	output, _ := outcome["output"].(cid.Cid)
	stdout, _ := outcome["stdout"].([]byte)
	return map[string]any{"exit": outcome["exit"], "stdout": string(stdout), "output": string(blocks[output]),
		"outcome": named.String(), "invocation": c.name().String(), "cached": result.is("cached"), "heard": t.names}, nil
}

// A command whose words are a peer, a module and perhaps an input: a stream to the one, a call of the
// others, and what is done with them.
func withCall(run func(*talk, *call) (map[string]any, error)) func(*node, context.Context, []string) (map[string]any, error) {
	return func(n *node, ctx context.Context, words []string) (map[string]any, error) {
		input := ""
		if len(words) > 2 {
			input = words[2]
		}
		c, err := callOf(words[1], input)
		if err != nil {
			return nil, err
		}
		t, err := startTalk(ctx, n.host, words[0])
		if err != nil {
			return nil, err
		}
		defer func() { t.end() }()
		answer, err := run(t, c)
		if t.failed != nil {
			return nil, t.failed
		}
		return answer, err
	}
}

// run PEER MODULE INPUT: a small call that brings its blocks with it.
func (t *talk) run(c *call) (map[string]any, error) {
	t.tell(c.offer(fields{"receipt": true}))
	result := t.expect(c.number, "result", "accept")
	t.tell(aboutAll("acknowledge", c.number))
	return t.told(c, result)
}

// cancel PEER MODULE: watches what a guest without end writes, and takes the call back.
func (t *talk) cancel(c *call) (map[string]any, error) {
	t.tell(c.offer(fields{"logs": true}))
	log := t.expect(c.number, "log", "accept")
	t.tell(about("cancel", c.number))
	after := []string{}
	for quiet := time.After(silence); ; {
		select {
		case one, open := <-t.heard:
			if !open {
				return nil, errEnded
			}
			after = append(after, one.name)
		case <-quiet:
			return map[string]any{"log": string(log.bytes("bytes")), "stream": log.number("stream"),
				"position": log.number("position"), "heard": t.names, "after": after}, nil
		}
	}
}

// reconnect PEER MODULE: loses the stream when a call was accepted, and goes on over another one.
func (t *talk) reconnect(c *call) (map[string]any, error) {
	offer := c.offer(fields{"receipt": true})
	t.tell(offer)
	t.expect(c.number, "accept")
	t.again(offer)
	t.expect(c.number, "accept")
	t.expect(c.number, "result")
	// The answer was kept for the third stream.
	t.again(offer)
	return t.told(c, t.expect(c.number, "result"))
}

// questions PEER MODULE INPUT: asks before and after a call what is known of it.
func (t *talk) questions(c *call) (map[string]any, error) {
	number := c.number
	ask := func(name string, invocation any) message {
		number++
		t.tell(message{name, fields{"call": number, "invocation": invocation}})
		return t.next(number)
	}
	before := t.named("estimate", ask("probe", c.invocation))
	t.named("unknown", ask("known", c.name()))
	t.tell(c.offer(fields{"receipt": true}))
	first := t.expect(c.number, "result", "accept")
	after := t.named("estimate", ask("probe", c.invocation))
	again := ask("known", c.name())
	answer := map[string]any{}
	if again.name == "result" {
		var err error
		if answer, err = t.told(c, again); err != nil {
			return nil, err
		}
		answer["same"] = bytes.Equal(first.bytes("outcome"), again.bytes("outcome"))
	}
	answer["answer"] = again.name
	answer["lacked"] = map[string]any{"bytes": before.number("lacking"), "links": len(before.list("lacks"))}
	answer["lacks"] = map[string]any{"bytes": after.number("lacking"), "links": len(after.list("lacks"))}
	answer["known"] = []bool{before.is("known"), after.is("known")}
	answer["warm"] = after.is("warm")
	return answer, nil
}

// commit PEER MODULE: the answer is bound before it is told, and told to nobody meanwhile.
func (t *talk) commit(c *call) (map[string]any, error) {
	t.tell(c.offer(fields{"commit": true}))
	committed := t.expect(c.number, "commit", "accept")
	question := c.number + 1
	t.tell(message{"known", fields{"call": question, "invocation": c.name()}})
	t.expect(question, "unknown")
	t.tell(aboutAll("reveal", c.number))
	result := t.expect(c.number, "result")
	digest := sha256.Sum256(result.bytes("receipt"))
	if !bytes.Equal(digest[:], committed.bytes("digest")) {
		return nil, errors.New("another answer than the one that was committed to")
	}
	return t.told(c, result)
}
