package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
)

// A key of a name.
type name struct {
	key       crypto.PrivKey
	id        []byte
	publicKey []byte
}

func newName() name {
	key, public, err := crypto.GenerateEd25519Key(nil)
	if err != nil {
		panic(err)
	}
	id, _ := peer.IDFromPublicKey(public)
	bytes, _ := crypto.MarshalPublicKey(public)
	return name{key: key, id: []byte(id), publicKey: bytes}
}

func cborText(out []byte, text string) []byte {
	return append(append(out, 0x60+byte(len(text))), text...)
}
func cborBytes(out []byte, bytes []byte) []byte {
	return append(append(out, 0x58, byte(len(bytes))), bytes...)
}
func cborNumber(out []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(append(out, 0x1b), number)
}

// An IPNS record as the specification has it, but for numbers below 2^32, which it would write
// shorter; so `sequence` and `ttl` are large.
func ipnsRecord(key crypto.PrivKey, value string, sequence uint64, validity time.Time) []byte {
	const ttl = uint64(300_000_000_000)
	until := []byte(validity.UTC().Format("2006-01-02T15:04:05.000000000Z"))
	data := []byte{0xa5}
	data = cborNumber(cborText(data, "TTL"), ttl)
	data = cborBytes(cborText(data, "Value"), []byte(value))
	data = cborNumber(cborText(data, "Sequence"), sequence)
	data = cborBytes(cborText(data, "Validity"), until)
	data = append(cborText(data, "ValidityType"), 0)
	signature, err := key.Sign(append([]byte("ipns-signature:"), data...))
	if err != nil {
		panic(err)
	}
	record := bytesField(nil, 1, []byte(value))
	record = bytesField(record, 2, nil)
	record = numberField(record, 3, 0)
	record = bytesField(record, 4, until)
	record = numberField(record, 5, sequence)
	record = numberField(record, 6, ttl)
	record = bytesField(record, 8, signature)
	return bytesField(record, 9, data)
}

const firstSequence = 1 << 40

// offer KIND ADDRESS VALUE [HEX]: gives the node at ADDRESS a record of a name by the DHT, and tells
// the name and what the node has under it then. KIND: good, expired, mis-signed, replayed (a newer
// one is given first), far (good for 10,000 years), foreign (of another's name).
//
// offer provider ADDRESS KEY PEER: a provider record of another peer (both hexadecimal).
func (d *driver) offer(kind, address string, words []string) (map[string]any, error) {
	target, err := d.connect(address)
	if err != nil {
		return nil, err
	}
	if kind == "provider" {
		return d.offerProvider(target, words)
	}
	n, other := newName(), newName()
	value, soon := words[0], time.Now().Add(time.Hour)
	records := [][]byte{}
	switch kind {
	case "good":
		records = append(records, ipnsRecord(n.key, value, firstSequence, soon))
	case "expired":
		records = append(records, ipnsRecord(n.key, value, firstSequence, time.Now().Add(-time.Hour)))
	case "mis-signed":
		records = append(records, ipnsRecord(other.key, value, firstSequence, soon))
	case "replayed":
		records = append(records, ipnsRecord(n.key, value+"/new", firstSequence+1, soon),
			ipnsRecord(n.key, value, firstSequence, soon))
	case "far":
		records = append(records, ipnsRecord(n.key, value, firstSequence, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
	default:
		return nil, fmt.Errorf("no such record: %s", kind)
	}
	key := append([]byte("/ipns/"), n.id...)
	stream, err := d.kad(target)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for _, record := range records {
		if _, err := stream.Write(framed(kadPutValue(key, record))); err != nil {
			return nil, err
		}
		if _, err := stream.read(); err != nil {
			return nil, err
		}
	}
	return map[string]any{"name": peer.ID(n.id).String(), "key": hex.EncodeToString(key)}, nil
}

func (d *driver) offerProvider(target peer.ID, words []string) (map[string]any, error) {
	key, err := hex.DecodeString(words[0])
	if err != nil {
		return nil, err
	}
	provider, err := peer.Decode(words[1])
	if err != nil {
		return nil, err
	}
	stream, err := d.kad(target)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	_, err = stream.Write(framed(kadAddProvider(key, []byte(provider), nil)))
	return map[string]any{}, err
}

func (d *driver) kad(target peer.ID) (*frameStream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeMax)
	defer cancel()
	stream, err := d.host.NewStream(ctx, target, kadProtocol)
	if err != nil {
		return nil, err
	}
	return newFrameStream(stream), nil
}
