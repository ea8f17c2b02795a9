package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of protobuf messages; the messages of Bitswap, Kademlia, Identify and Gossipsub are made of
// them by hand, so that they can be wrong.
func bytesField(out []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), value)
}

func numberField(out []byte, number protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, number, protowire.VarintType), value)
}

// A frame: its length, then the message.
func framed(message []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(message))), message...)
}

func randomBytes(count int) []byte {
	bytes := make([]byte, count)
	_, _ = rand.Read(bytes)
	return bytes
}

func cidOf(codec uint64, block []byte) cid.Cid {
	digest := sha256.Sum256(block)
	hash, _ := multihash.Encode(digest[:], multihash.SHA2_256)
	return cid.NewCidV1(codec, hash)
}

func randomCid() cid.Cid {
	hash, _ := multihash.Encode(randomBytes(32), multihash.SHA2_256)
	return cid.NewCidV1(cid.Raw, hash)
}

const (
	wantBlock = 0
	wantHave  = 1
)

type want struct {
	cid    cid.Cid
	kind   uint64
	cancel bool
}

// Bitswap: message Wantlist { repeated Entry entries = 1; bool full = 2 }, and so on.
func bitswapWants(wants []want) []byte {
	list := []byte{}
	for _, one := range wants {
		entry := bytesField(nil, 1, one.cid.Bytes())
		entry = numberField(entry, 2, 1)
		if one.cancel {
			entry = numberField(entry, 3, 1)
		}
		entry = numberField(entry, 4, one.kind)
		entry = numberField(entry, 5, 1)
		list = bytesField(list, 1, entry)
	}
	return bytesField(nil, 1, list)
}

// With the prefix that `named` says, whatever the bytes are.
func bitswapBlock(out []byte, named cid.Cid, data []byte) []byte {
	block := bytesField(nil, 1, named.Prefix().Bytes())
	return bytesField(out, 3, bytesField(block, 2, data))
}

func bitswapPresence(out []byte, of cid.Cid, kind uint64) []byte {
	return bytesField(out, 4, numberField(bytesField(nil, 1, of.Bytes()), 2, kind))
}

// What a node wants of us.
func readWants(message []byte) []want {
	wants := []want{}
	eachField(message, func(number protowire.Number, list []byte) {
		if number != 1 {
			return
		}
		eachField(list, func(number protowire.Number, entry []byte) {
			if number == 1 {
				wants = append(wants, readWant(entry))
			}
		})
	})
	return wants
}

func readWant(entry []byte) want {
	one := want{}
	for len(entry) > 0 {
		number, kind, size := protowire.ConsumeTag(entry)
		if size < 0 {
			return one
		}
		entry = entry[size:]
		length := protowire.ConsumeFieldValue(number, kind, entry)
		if length < 0 {
			return one
		}
		switch {
		case number == 1 && kind == protowire.BytesType:
			bytes, _ := protowire.ConsumeBytes(entry)
			one.cid, _ = cid.Cast(bytes)
		case number == 3 && kind == protowire.VarintType:
			value, _ := protowire.ConsumeVarint(entry)
			one.cancel = value != 0
		case number == 4 && kind == protowire.VarintType:
			one.kind, _ = protowire.ConsumeVarint(entry)
		}
		entry = entry[length:]
	}
	return one
}

// The fields of a message that hold bytes.
func eachField(message []byte, visit func(protowire.Number, []byte)) {
	for len(message) > 0 {
		number, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return
		}
		message = message[size:]
		length := protowire.ConsumeFieldValue(number, kind, message)
		if length < 0 {
			return
		}
		if kind == protowire.BytesType {
			bytes, _ := protowire.ConsumeBytes(message)
			visit(number, bytes)
		}
		message = message[length:]
	}
}
