package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"github.com/ipfs/go-cid"
)

// A map of DAG-CBOR; its keys are written in the order that DAG-CBOR has.
type object map[string]any

const (
	kindUnsigned = 0
	kindNegative = 1
	kindBytes    = 2
	kindText     = 3
	kindList     = 4
	kindMap      = 5
	kindTag      = 6
	tagOfLink    = 42
)

func cborHead(out []byte, kind byte, number uint64) []byte {
	kind <<= 5
	switch {
	case number < 24:
		return append(out, kind|byte(number))
	case number < 1<<8:
		return append(out, kind|24, byte(number))
	case number < 1<<16:
		return binary.BigEndian.AppendUint16(append(out, kind|25), uint16(number))
	case number < 1<<32:
		return binary.BigEndian.AppendUint32(append(out, kind|26), uint32(number))
	}
	return binary.BigEndian.AppendUint64(append(out, kind|27), number)
}

// As DAG-CBOR has it. What is none of its kinds is a mistake of this program.
func dagCbor(out []byte, value any) []byte {
	switch value := value.(type) {
	case bool:
		if value {
			return append(out, 0xf5)
		}
		return append(out, 0xf4)
	case int:
		if value < 0 {
			return cborHead(out, kindNegative, uint64(-1-value))
		}
		return cborHead(out, kindUnsigned, uint64(value))
	case uint64:
		return cborHead(out, kindUnsigned, value)
	case []byte:
		return append(cborHead(out, kindBytes, uint64(len(value))), value...)
	case string:
		return append(cborHead(out, kindText, uint64(len(value))), value...)
	case cid.Cid:
		out = cborHead(out, kindTag, tagOfLink)
		return dagCbor(out, append([]byte{0}, value.Bytes()...))
	case []any:
		out = cborHead(out, kindList, uint64(len(value)))
		for _, one := range value {
			out = dagCbor(out, one)
		}
		return out
	case object:
		return cborObject(out, value)
	}
	panic(fmt.Sprintf("no kind of DAG-CBOR: %T", value))
}

func cborObject(out []byte, value object) []byte {
	names := make([]string, 0, len(value))
	for name := range value {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		if len(names[i]) != len(names[j]) {
			return len(names[i]) < len(names[j])
		}
		return names[i] < names[j]
	})
	out = cborHead(out, kindMap, uint64(len(value)))
	for _, name := range names {
		out = dagCbor(dagCbor(out, name), value[name])
	}
	return out
}

var errNoCbor = errors.New("not the DAG-CBOR of a message")

// What a node sends: no floats, nothing of unknown length.
func readCbor(in []byte) (any, []byte, error) {
	if len(in) == 0 {
		return nil, nil, errNoCbor
	}
	first := in[0]
	if first>>5 == 7 {
		return first == 0xf5, in[1:], nil
	}
	number, rest, err := readCborNumber(in)
	if err != nil {
		return nil, nil, err
	}
	switch first >> 5 {
	case kindUnsigned:
		return number, rest, nil
	case kindNegative:
		return -1 - int(number), rest, nil
	case kindBytes, kindText:
		if uint64(len(rest)) < number {
			return nil, nil, errNoCbor
		}
		if first>>5 == kindText {
			return string(rest[:number]), rest[number:], nil
		}
		return bytes.Clone(rest[:number]), rest[number:], nil
	case kindList:
		return readCborList(rest, number)
	case kindMap:
		return readCborObject(rest, number)
	}
	inner, rest, err := readCbor(rest)
	link, is := inner.([]byte)
	if err != nil || !is || len(link) == 0 {
		return nil, nil, errNoCbor
	}
	named, err := cid.Cast(link[1:])
	return named, rest, err
}

func readCborNumber(in []byte) (uint64, []byte, error) {
	low := in[0] & 31
	if low < 24 {
		return uint64(low), in[1:], nil
	}
	size := 1 << (low - 24)
	if low > 27 || len(in) < 1+size {
		return 0, nil, errNoCbor
	}
	number := uint64(0)
	for _, one := range in[1 : 1+size] {
		number = number<<8 | uint64(one)
	}
	return number, in[1+size:], nil
}

func readCborList(rest []byte, count uint64) (any, []byte, error) {
	list := []any{}
	for range count {
		one, after, err := readCbor(rest)
		if err != nil {
			return nil, nil, err
		}
		list, rest = append(list, one), after
	}
	return list, rest, nil
}

func readCborObject(rest []byte, count uint64) (any, []byte, error) {
	all := object{}
	for range count {
		name, after, err := readCbor(rest)
		if err != nil {
			return nil, nil, err
		}
		text, is := name.(string)
		if !is {
			return nil, nil, errNoCbor
		}
		if all[text], rest, err = readCbor(after); err != nil {
			return nil, nil, err
		}
	}
	return all, rest, nil
}
