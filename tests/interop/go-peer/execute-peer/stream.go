package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	protocol       = "/timerose/execute/1"
	frameBytesMax  = 1 << 20
	messagesMax    = 1024
	writeTimeMax   = 10 * time.Second
	heartbeatEvery = 250 * time.Millisecond
)

// One message: its name and its fields.
type message struct {
	name   string
	fields fields
}

func (m message) number(name string) uint64 { number, _ := m.fields[name].(uint64); return number }
func (m message) bytes(name string) []byte  { bytes, _ := m.fields[name].([]byte); return bytes }
func (m message) is(name string) bool       { truth, _ := m.fields[name].(bool); return truth }
func (m message) list(name string) []any    { list, _ := m.fields[name].([]any); return list }

// A stream of frames in both directions; `send` may be called from anywhere.
type frames struct {
	stream  network.Stream
	writing sync.Mutex
	reader  *bufio.Reader
}

func framesOf(stream network.Stream) *frames {
	return &frames{stream: stream, reader: bufio.NewReader(stream)}
}

func openFrames(ctx context.Context, host host.Host, to peer.ID) (*frames, error) {
	stream, err := host.NewStream(ctx, to, protocol)
	if err != nil {
		return nil, err
	}
	return framesOf(stream), nil
}

func (f *frames) send(messages ...message) error {
	list := []any{}
	for _, one := range messages {
		list = append(list, fields{one.name: one.fields})
	}
	frame := encode(list)
	f.writing.Lock()
	defer f.writing.Unlock()
	_ = f.stream.SetWriteDeadline(time.Now().Add(writeTimeMax))
	_, err := f.stream.Write(append(binary.AppendUvarint(nil, uint64(len(frame))), frame...))
	return err
}

func (f *frames) read() ([]message, error) {
	length, err := binary.ReadUvarint(f.reader)
	if err != nil {
		return nil, err
	}
	if length > frameBytesMax {
		return nil, fmt.Errorf("a frame of %d bytes", length)
	}
	frame := make([]byte, length)
	if _, err := io.ReadFull(f.reader, frame); err != nil {
		return nil, err
	}
	return messagesOf(frame)
}

func messagesOf(frame []byte) ([]message, error) {
	value, err := decode(frame)
	if err != nil {
		return nil, err
	}
	list, is := value.([]any)
	if !is || len(list) == 0 || len(list) > messagesMax {
		return nil, errors.New("a frame is a list of 1 to 1024 messages")
	}
	messages := []message{}
	for _, one := range list {
		entry, is := one.(fields)
		if !is || len(entry) != 1 {
			return nil, errors.New("a message is a map with one entry")
		}
		for name, value := range entry {
			fields, is := value.(fields)
			if !is {
				return nil, errors.New("the fields of a message are a map")
			}
			read := message{name, fields}
			if err := read.check(); err != nil {
				return nil, err
			}
			messages = append(messages, read)
		}
	}
	return messages, nil
}

// Until the stream ends.
func (f *frames) beat() {
	for f.send(message{"heartbeat", fields{}}) == nil {
		time.Sleep(heartbeatEvery)
	}
}

func (f *frames) end() { _ = f.stream.Reset() }
