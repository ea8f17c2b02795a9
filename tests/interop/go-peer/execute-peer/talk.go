package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// A stream to an executor, and what it said.
type talk struct {
	*frames
	ctx   context.Context
	host  host.Host
	to    peer.ID
	heard chan message // closed with the stream
	names []string     // of what was heard, in order, heartbeats left out
	logs  []message

	failed error
}

func startTalk(ctx context.Context, host host.Host, with string) (*talk, error) {
	to, err := peer.Decode(with)
	if err != nil {
		return nil, err
	}
	t := &talk{ctx: ctx, host: host, to: to}
	return t, t.open()
}

// Opens the stream; again, if there was one.
func (t *talk) open() (err error) {
	if t.frames, err = openFrames(t.ctx, t.host, t.to); err != nil {
		return err
	}
	t.heard = make(chan message, messagesMax)
	go t.beat()
	go listen(t.frames, t.heard)
	return nil
}

func listen(from *frames, heard chan message) {
	defer close(heard)
	for {
		messages, err := from.read()
		if err != nil {
			return
		}
		for _, one := range messages {
			heard <- one
		}
	}
}

var errEnded = errors.New("the executor ended the stream")

// Nothing more is said or heard once something has failed; whoever asked is told that first failure.
func (t *talk) fail(err error) message {
	if t.failed == nil {
		t.failed = err
	}
	return message{}
}

func (t *talk) tell(messages ...message) {
	if t.failed != nil {
		return
	}
	if err := t.send(messages...); err != nil {
		t.fail(err)
	}
}

// Loses the stream, and says it over another one.
func (t *talk) again(messages ...message) {
	t.end()
	if err := t.open(); err != nil {
		t.fail(err)
	}
	t.tell(messages...)
}

// The next message about the call that is none of those that may come in between.
func (t *talk) next(call uint64, passed ...string) message {
	for t.failed == nil {
		select {
		case one, open := <-t.heard:
			if !open {
				return t.fail(errEnded)
			}
			if one.name == "heartbeat" {
				continue
			}
			t.names = append(t.names, one.name)
			if one.number("call") != call {
				return t.fail(fmt.Errorf("%s of a call that was not asked", one.name))
			}
			if one.name == "log" {
				t.logs = append(t.logs, one)
			}
			if !slices.Contains(passed, one.name) {
				return one
			}
		case <-t.ctx.Done():
			return t.fail(fmt.Errorf("nothing came of the call in time, after %v", t.names))
		}
	}
	return message{}
}

func (t *talk) named(name string, one message) message {
	if one.name != name {
		return t.fail(fmt.Errorf("expected %s, found %s: %v", name, one.name, one.fields))
	}
	return one
}

func (t *talk) expect(call uint64, name string, passed ...string) message {
	return t.named(name, t.next(call, passed...))
}
