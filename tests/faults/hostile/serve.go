package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// A stream of frames.
type frameStream struct {
	network.Stream
	reader *bufio.Reader
}

func newFrameStream(stream network.Stream) *frameStream {
	return &frameStream{Stream: stream, reader: bufio.NewReader(stream)}
}

func (s *frameStream) read() ([]byte, error) {
	length, err := binary.ReadUvarint(s.reader)
	if err != nil || length > 16<<20 {
		return nil, fmt.Errorf("no frame: %w", err)
	}
	frame := make([]byte, length)
	_, err = io.ReadFull(s.reader, frame)
	return frame, err
}

// Answers the wants of others, by the lie that was chosen.
type server struct {
	host   host.Host
	mutex  sync.Mutex
	answer func(want) []byte // a message; empty: no answer
	blocks map[cid.Cid][]byte
	wants  uint64
	outs   map[peer.ID]network.Stream
}

// serve wrong-bytes: says that it has all, and sends something else.
// serve haves: says that it has all, and sends nothing.
// serve chain DEPTH | wide LINKS | missing LINKS: gives a DAG that it makes; its root is told.
func (s *server) serve(lie string, words []string) (map[string]any, error) {
	told := map[string]any{}
	answer := s.honest
	switch lie {
	case "wrong-bytes":
		answer = wrongBytes
	case "haves":
		answer = func(w want) []byte { return bitswapPresence(nil, w.cid, 0) }
	case "chain", "wide", "missing":
		count, err := strconv.Atoi(words[0])
		if err != nil {
			return nil, err
		}
		root, blocks := makeDag(lie, count)
		s.blocks = blocks
		told["cid"] = root.String()
		told["root_bytes"] = len(blocks[root])
	case "count":
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return map[string]any{"wants": s.wants}, nil
	default:
		return nil, fmt.Errorf("no such lie: %s", lie)
	}
	s.mutex.Lock()
	s.answer = answer
	s.outs = map[peer.ID]network.Stream{}
	s.mutex.Unlock()
	s.host.SetStreamHandler(bitswapProtocol, s.listen)
	return told, nil
}

func (s *server) honest(w want) []byte {
	block, here := s.blocks[w.cid]
	switch {
	case !here:
		return bitswapPresence(nil, w.cid, 1)
	case w.kind == wantHave:
		return bitswapPresence(nil, w.cid, 0)
	}
	return bitswapBlock(nil, w.cid, block)
}

func wrongBytes(w want) []byte {
	if w.kind == wantHave {
		return bitswapPresence(nil, w.cid, 0)
	}
	return bitswapBlock(nil, w.cid, randomBytes(1000))
}

func (s *server) listen(stream network.Stream) {
	frames := newFrameStream(stream)
	for {
		frame, err := frames.read()
		if err != nil {
			_ = stream.Reset()
			return
		}
		for _, one := range readWants(frame) {
			if !one.cancel {
				s.send(stream.Conn().RemotePeer(), one)
			}
		}
	}
}

func (s *server) send(to peer.ID, one want) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.wants++
	message := s.answer(one)
	if len(message) == 0 {
		return
	}
	out := s.outs[to]
	if out == nil {
		ctx, cancel := context.WithTimeout(context.Background(), openTimeMax)
		defer cancel()
		opened, err := s.host.NewStream(ctx, to, bitswapProtocol)
		if err != nil {
			return
		}
		s.outs[to] = opened
		out = opened
	}
	if _, err := out.Write(framed(message)); err != nil {
		_ = out.Reset()
		delete(s.outs, to)
	}
}

// chain: nodes of one link each; wide: one node with links to one block; missing: to blocks that
// nobody has. DAG-CBOR lists.
func makeDag(kind string, count int) (cid.Cid, map[cid.Cid][]byte) {
	blocks := map[cid.Cid][]byte{}
	leaf := []byte("leaf")
	last := cidOf(cid.Raw, leaf)
	blocks[last] = leaf
	if kind == "chain" {
		for range count {
			block := cborLink([]byte{0x81}, last)
			last = cidOf(cid.DagCBOR, block)
			blocks[last] = block
		}
		return last, blocks
	}
	list := binary.BigEndian.AppendUint16([]byte{0x99}, uint16(count))
	if count > 0xffff {
		list = binary.BigEndian.AppendUint32([]byte{0x9a}, uint32(count))
	}
	for range count {
		if kind == "missing" {
			last = randomCid()
		}
		list = cborLink(list, last)
	}
	root := cidOf(cid.DagCBOR, list)
	blocks[root] = list
	return root, blocks
}

func cborLink(out []byte, to cid.Cid) []byte {
	return cborBytes(append(out, 0xd8, 42), append([]byte{0}, to.Bytes()...))
}
