package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/mr-tron/base58"
)

// Objects of docs/reference/objects.md.

const (
	memoryOfCall   = 16 << 20
	inlineBytesMax = 1024
)

// The block of a call of a command module (WASI), with standard input as its one input.
func invocationOf(module cid.Cid, inputs []cid.Cid, seed []byte) []byte {
	call := fields{"v": 1, "abi": "wasi", "entry": "_start", "memory": memoryOfCall, "module": module}
	if len(inputs) > 0 {
		list := []any{}
		for _, input := range inputs {
			list = append(list, input)
		}
		call["inputs"] = list
	}
	if len(seed) > 0 {
		call["seed"] = seed
	}
	return encode(call)
}

// What a program gives that has written `written` to standard output and ended with 0; `written`
// is a file of one raw block.
func outcomeOf(written []byte) []byte {
	outcome := fields{"exit": 0, "output": cidOf(cid.Raw, written)}
	switch {
	case len(written) > inlineBytesMax:
		outcome["stdout"] = cidOf(cid.Raw, written)
	case len(written) > 0:
		outcome["stdout"] = written
	}
	return encode(outcome)
}

var prefixOfEd25519 = []byte{0xed, 0x01}

func didKey(key crypto.PubKey) string {
	raw, err := key.Raw()
	if err != nil || key.Type() != crypto.Ed25519 {
		return ""
	}
	return "did:key:z" + base58.Encode(append(bytes.Clone(prefixOfEd25519), raw...))
}

func keyOfDid(did string) (crypto.PubKey, error) {
	const before = "did:key:z"
	if len(did) < len(before) || did[:len(before)] != before {
		return nil, fmt.Errorf("not a did:key: %q", did)
	}
	raw, err := base58.Decode(did[len(before):])
	if err != nil || !bytes.HasPrefix(raw, prefixOfEd25519) {
		return nil, fmt.Errorf("not the did:key of an Ed25519 key: %q", did)
	}
	return crypto.UnmarshalEd25519PublicKey(raw[len(prefixOfEd25519):])
}

func signedReceipt(key crypto.PrivKey, invocation, outcome cid.Cid, read uint64) ([]byte, error) {
	payload := fields{
		"invocation": invocation,
		"outcome":    outcome,
		"metering":   fields{"engine": "by hand", "flags": "none", "fuel": 1, "memory": 0},
		"circumstances": fields{"executor": didKey(key.GetPublic()), "started": uint64(time.Now().UnixNano()),
			"duration": 1, "blocks": 1, "bytes": read},
	}
	signature, err := key.Sign(encode(payload))
	return encode(fields{"payload": payload, "signature": signature}), err
}

// Checks all that a requester can: that it is about this call and this Outcome, and who signed it.
func checkReceipt(block []byte, invocation, outcome cid.Cid) (peer.ID, error) {
	value, err := decode(block)
	if err != nil {
		return "", fmt.Errorf("the receipt: %w", err)
	}
	receipt, _ := value.(fields)
	payload, _ := receipt["payload"].(fields)
	signature, _ := receipt["signature"].([]byte)
	circumstances, _ := payload["circumstances"].(fields)
	did, _ := circumstances["executor"].(string)
	key, err := keyOfDid(did)
	if err != nil {
		return "", err
	}
	if good, err := key.Verify(encode(payload), signature); err != nil || !good {
		return "", errors.New("the receipt's signature is not that of its executor")
	}
	if payload["invocation"] != any(invocation) || payload["outcome"] != any(outcome) {
		return "", errors.New("the receipt is that of another call")
	}
	return peer.IDFromPublicKey(key)
}

func blockList(blocks ...[]byte) []any {
	list := []any{}
	for _, block := range blocks {
		list = append(list, []any{cidOf(cid.Raw, block), block})
	}
	return list
}

// The blocks that came, checked; nil if one is not what its link says.
func blocksOf(list []any) (map[cid.Cid][]byte, error) {
	blocks := map[cid.Cid][]byte{}
	for _, one := range list {
		pair, _ := one.([]any)
		if len(pair) != 2 {
			return nil, errors.New("a block is a pair of link and bytes")
		}
		link, _ := pair[0].(cid.Cid)
		block, _ := pair[1].([]byte)
		hashed, err := link.Prefix().Sum(block)
		if err != nil || !hashed.Equals(link) {
			return nil, fmt.Errorf("the block of %s is another", link)
		}
		blocks[link] = block
	}
	return blocks, nil
}
