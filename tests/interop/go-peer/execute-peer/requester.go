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

// run PEER MODULE INPUT: a small call that brings its blocks with it.
func (n *node) run(ctx context.Context, words []string) (map[string]any, error) {
	t, err := startTalk(ctx, n.host, words[0])
	if err != nil {
		return nil, err
	}
	defer t.end()
	c, err := callOf(words[1], words[2])
	if err != nil {
		return nil, err
	}
	if err := t.send(c.offer(fields{"receipt": true})); err != nil {
		return nil, err
	}
	result, err := t.expect(c.number, "result", "accept")
	if err != nil {
		return nil, err
	}
	if err := t.send(aboutAll("acknowledge", c.number)); err != nil {
		return nil, err
	}
	return t.told(c, result)
}

// cancel PEER MODULE: watches what a guest without end writes, and takes the call back.
func (n *node) cancel(ctx context.Context, words []string) (map[string]any, error) {
	t, err := startTalk(ctx, n.host, words[0])
	if err != nil {
		return nil, err
	}
	defer t.end()
	c, err := callOf(words[1], "")
	if err != nil {
		return nil, err
	}
	if err := t.send(c.offer(fields{"logs": true})); err != nil {
		return nil, err
	}
	log, err := t.expect(c.number, "log", "accept")
	if err != nil {
		return nil, err
	}
	if err := t.send(about("cancel", c.number)); err != nil {
		return nil, err
	}
	after := []string{}
	for quiet := time.After(silence); ; {
		select {
		case one, open := <-t.heard:
			if !open {
				return nil, errors.New("the executor ended the stream")
			}
			after = append(after, one.name)
		case <-quiet:
			return map[string]any{"log": string(log.bytes("bytes")), "stream": log.number("stream"),
				"position": log.number("position"), "heard": t.names, "after": after}, nil
		}
	}
}

// reconnect PEER MODULE: loses the stream when a call was accepted, and goes on over another one.
func (n *node) reconnect(ctx context.Context, words []string) (map[string]any, error) {
	t, err := startTalk(ctx, n.host, words[0])
	if err != nil {
		return nil, err
	}
	defer func() { t.end() }()
	c, err := callOf(words[1], "")
	if err != nil {
		return nil, err
	}
	offer := c.offer(fields{"receipt": true})
	if err := t.send(offer); err != nil {
		return nil, err
	}
	if _, err := t.expect(c.number, "accept"); err != nil {
		return nil, err
	}
	for _, expected := range []string{"accept", "result"} {
		t.end()
		if err := t.open(); err != nil {
			return nil, err
		}
		if err := t.send(offer); err != nil {
			return nil, err
		}
		if expected == "accept" {
			if _, err := t.expect(c.number, "accept"); err != nil {
				return nil, err
			}
			if _, err := t.expect(c.number, "result"); err != nil {
				return nil, err
			}
		}
	}
	// The answer was kept for the third stream.
	result, err := t.expect(c.number, "result")
	if err != nil {
		return nil, err
	}
	return t.told(c, result)
}

// questions PEER MODULE INPUT: asks before and after a call what is known of it.
func (n *node) questions(ctx context.Context, words []string) (map[string]any, error) {
	t, err := startTalk(ctx, n.host, words[0])
	if err != nil {
		return nil, err
	}
	defer t.end()
	c, err := callOf(words[1], words[2])
	if err != nil {
		return nil, err
	}
	number := c.number
	ask := func(name string, invocation any, expected string) (message, error) {
		number++
		if err := t.send(message{name, fields{"call": number, "invocation": invocation}}); err != nil {
			return message{}, err
		}
		return t.expect(number, expected)
	}
	before, err := ask("probe", c.invocation, "estimate")
	if err != nil {
		return nil, err
	}
	if _, err := ask("known", c.name(), "unknown"); err != nil {
		return nil, err
	}
	if err := t.send(c.offer(fields{"receipt": true})); err != nil {
		return nil, err
	}
	first, err := t.expect(c.number, "result", "accept")
	if err != nil {
		return nil, err
	}
	after, err := ask("probe", c.invocation, "estimate")
	if err != nil {
		return nil, err
	}
	number++
	if err := t.send(message{"known", fields{"call": number, "invocation": c.name()}}); err != nil {
		return nil, err
	}
	again, err := t.next(number)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if again.name == "result" {
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
func (n *node) commit(ctx context.Context, words []string) (map[string]any, error) {
	t, err := startTalk(ctx, n.host, words[0])
	if err != nil {
		return nil, err
	}
	defer t.end()
	c, err := callOf(words[1], "")
	if err != nil {
		return nil, err
	}
	if err := t.send(c.offer(fields{"commit": true})); err != nil {
		return nil, err
	}
	committed, err := t.expect(c.number, "commit", "accept")
	if err != nil {
		return nil, err
	}
	question := c.number + 1
	if err := t.send(message{"known", fields{"call": question, "invocation": c.name()}}); err != nil {
		return nil, err
	}
	if _, err := t.expect(question, "unknown"); err != nil {
		return nil, err
	}
	if err := t.send(aboutAll("reveal", c.number)); err != nil {
		return nil, err
	}
	result, err := t.expect(c.number, "result")
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(result.bytes("receipt"))
	if !bytes.Equal(digest[:], committed.bytes("digest")) {
		return nil, errors.New("another answer than the one that was committed to")
	}
	return t.told(c, result)
}
