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

// The next message about the call that is none of those that may come in between.
func (t *talk) next(call uint64, passed ...string) (message, error) {
	for {
		select {
		case one, open := <-t.heard:
			if !open {
				return message{}, errors.New("the executor ended the stream")
			}
			if one.name == "heartbeat" {
				continue
			}
			t.names = append(t.names, one.name)
			if one.number("call") != call {
				return message{}, fmt.Errorf("%s of a call that was not asked", one.name)
			}
			if one.name == "log" {
				t.logs = append(t.logs, one)
			}
			if !slices.Contains(passed, one.name) {
				return one, nil
			}
		case <-t.ctx.Done():
			return message{}, fmt.Errorf("nothing came of the call in time, after %v", t.names)
		}
	}
}

func (t *talk) expect(call uint64, name string, passed ...string) (message, error) {
	one, err := t.next(call, passed...)
	if err == nil && one.name != name {
		err = fmt.Errorf("expected %s, found %s: %v", name, one.name, one.fields)
	}
	return one, err
}
