package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/ipfs/go-cid"
	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/datamodel"
	cidlink "github.com/ipld/go-ipld-prime/linking/cid"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"github.com/multiformats/go-multihash"
)

// DAG-CBOR, with the codec of go-ipld-prime: maps are `fields`, lists []any, links cid.Cid, whole
// numbers uint64, and bytes, text and truth what they are in Go.
type fields = map[string]any

func encode(value any) []byte {
	builder := basicnode.Prototype.Any.NewBuilder()
	if err := assemble(builder, value); err != nil {
		panic(err) // only values of our own making are encoded
	}
	out := bytes.Buffer{}
	if err := dagcbor.Encode(builder.Build(), &out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Strictly: what would be written differently is refused.
func decode(block []byte) (any, error) {
	builder := basicnode.Prototype.Any.NewBuilder()
	if err := dagcbor.Decode(builder, bytes.NewReader(block)); err != nil {
		return nil, err
	}
	value, err := valueOf(builder.Build())
	if err == nil && !bytes.Equal(encode(value), block) {
		err = errors.New("not the one encoding of its value")
	}
	return value, err
}

func assemble(to datamodel.NodeAssembler, value any) error {
	switch value := value.(type) {
	case bool:
		return to.AssignBool(value)
	case int:
		return to.AssignInt(int64(value))
	case uint64:
		return to.AssignNode(basicnode.NewUint(value))
	case []byte:
		return to.AssignBytes(value)
	case string:
		return to.AssignString(value)
	case cid.Cid:
		return to.AssignLink(cidlink.Link{Cid: value})
	case []any:
		list, err := to.BeginList(int64(len(value)))
		for _, one := range value {
			err = errors.Join(err, assemble(list.AssembleValue(), one))
		}
		return errors.Join(err, list.Finish())
	case fields:
		entries, err := to.BeginMap(int64(len(value)))
		for name, one := range value {
			entry, failed := entries.AssembleEntry(name)
			if err = errors.Join(err, failed); err != nil {
				return err
			}
			err = assemble(entry, one)
		}
		return errors.Join(err, entries.Finish())
	}
	return fmt.Errorf("no kind of DAG-CBOR: %T", value)
}

func valueOf(node datamodel.Node) (any, error) {
	switch node.Kind() {
	case datamodel.Kind_Bool:
		return node.AsBool()
	case datamodel.Kind_Int:
		if number, is := node.(datamodel.UintNode); is {
			return number.AsUint()
		}
		number, err := node.AsInt()
		if err == nil && number < 0 {
			err = errors.New("a number below 0")
		}
		return uint64(number), err
	case datamodel.Kind_Bytes:
		return node.AsBytes()
	case datamodel.Kind_String:
		return node.AsString()
	case datamodel.Kind_Link:
		link, err := node.AsLink()
		if err != nil {
			return nil, err
		}
		return link.(cidlink.Link).Cid, nil
	case datamodel.Kind_List:
		return listOf(node)
	case datamodel.Kind_Map:
		return fieldsOf(node)
	}
	return nil, fmt.Errorf("no value of a message: %s", node.Kind())
}

func listOf(node datamodel.Node) (any, error) {
	list := []any{}
	for each := node.ListIterator(); !each.Done(); {
		_, one, err := each.Next()
		if err != nil {
			return nil, err
		}
		value, err := valueOf(one)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return list, nil
}

func fieldsOf(node datamodel.Node) (any, error) {
	all := fields{}
	for each := node.MapIterator(); !each.Done(); {
		key, one, err := each.Next()
		if err != nil {
			return nil, err
		}
		name, err := key.AsString()
		if err != nil {
			return nil, err
		}
		if all[name], err = valueOf(one); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func cidOf(codec uint64, block []byte) cid.Cid {
	digest := sha256.Sum256(block)
	hash, err := multihash.Encode(digest[:], multihash.SHA2_256)
	if err != nil {
		panic(err)
	}
	return cid.NewCidV1(codec, hash)
}
