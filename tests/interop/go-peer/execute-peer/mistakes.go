package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"
)

// mistakes PEER MODULE: how each is answered; "ended" is the end of the stream.
func (n *node) mistakes(ctx context.Context, words []string) (map[string]any, error) {
	answers := map[string]any{}
	for name, make := range mistakes {
		c, err := callOf(words[1], "")
		if err != nil {
			return nil, err
		}
		if answers[name], err = n.mistake(ctx, words[0], make(c)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return answers, nil
}

// Each is made of a good call.
var mistakes = map[string]func(*call) []message{
	"too little fuel": altered(fields{"fuel": 1}),
	"not canonical":   altered(fields{"invocation": encode(fields{"v": 1})}),
	"a block that nobody has": altered(fields{"blocks": []any{},
		"invocation": invocationOf(cidOf(cid.Raw, fmt.Append(nil, rand.Uint64())), nil, nil), "deadline": 300}),
	"a wrong block":         altered(fields{"blocks": []any{[]any{cidOf(cid.Raw, nil), []byte("x")}}}),
	"a lease of nothing":    altered(fields{"lease": 0}),
	"a priority of 3":       altered(fields{"priority": 3}),
	"an unknown field":      altered(fields{"nonsense": 1}),
	"an empty field":        altered(fields{"logs": false}),
	"a missing field":       func(*call) []message { return []message{{"cancel", fields{}}} },
	"an unknown message":    func(*call) []message { return []message{{"nonsense", fields{}}} },
	"an executor's message": func(c *call) []message { return []message{about("unknown", c.number)} },
	"two calls of one number": func(c *call) []message {
		other := altered(fields{"invocation": invocationOf(cidOf(cid.Raw, c.blocks[0]), nil, []byte("another"))})(c)
		return []message{c.offer(nil), other[0]}
	},
	"calls that were never asked": func(c *call) []message {
		return []message{about("cancel", 1), aboutAll("reveal", 2), aboutAll("acknowledge", 3), c.offer(nil)}
	},
}

func altered(by fields) func(*call) []message {
	return func(c *call) []message {
		offer := c.offer(by)
		if blocks, are := by["blocks"].([]any); are && len(blocks) == 0 {
			delete(offer.fields, "blocks")
		}
		return []message{offer}
	}
}

func (n *node) mistake(ctx context.Context, with string, messages []message) (string, error) {
	t, err := startTalk(ctx, n.host, with)
	if err != nil {
		return "", err
	}
	defer t.end()
	if err := t.send(messages...); err != nil {
		return "", err
	}
	// Each offer has one answer.
	offers := 0
	for _, one := range messages {
		if one.name == "offer" {
			offers++
		}
	}
	answers := []string{}
	for {
		select {
		case one, open := <-t.heard:
			if !open {
				return "ended", nil
			}
			if one.name == "accept" || one.name == "heartbeat" {
				continue
			}
			answers = append(answers, strings.TrimSpace(one.name+" "+reasonOf(one)))
			if len(answers) >= offers {
				slices.Sort(answers)
				return strings.Join(answers, ", "), nil
			}
		case <-ctx.Done():
			return "nothing", nil
		}
	}
}

func reasonOf(m message) string {
	for _, name := range []string{"reason", "kind"} {
		if text, is := m.fields[name].(string); is {
			return text
		}
	}
	return ""
}
