package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ipfs/go-cid"
)

// The tables of the text: what each message has, of which kind; "?" is before what may be left out.
var shapes = map[string]map[string]string{
	"offer": {"call": "number", "invocation": "bytes", "fuel": "number", "lease": "number", "priority": "number",
		"deadline": "?number", "fresh": "?true", "logs": "?true", "receipt": "?true", "commit": "?true",
		"authority": "?list", "blocks": "?list"},
	"probe":       {"call": "number", "invocation": "bytes", "authority": "?list"},
	"known":       {"call": "number", "invocation": "link", "authority": "?list"},
	"reveal":      {"calls": "list"},
	"cancel":      {"call": "number"},
	"acknowledge": {"calls": "list"},
	"heartbeat":   {},
	"accept":      {"call": "number", "lease": "number", "ahead": "number"},
	"busy":        {"call": "number", "retry": "number", "waiting": "number", "message": "text"},
	"refuse":      {"call": "number", "reason": "text", "message": "text"},
	"log":         {"call": "number", "stream": "number", "position": "number", "bytes": "bytes"},
	"result":      {"call": "number", "outcome": "bytes", "receipt": "?bytes", "cached": "?true", "blocks": "?list"},
	"failure":     {"call": "number", "kind": "text", "message": "text"},
	"commit":      {"call": "number", "digest": "bytes"},
	"estimate":    {"call": "number", "lacking": "number", "lacks": "?list", "wait": "number", "warm": "?true", "known": "?true"},
	"unknown":     {"call": "number"},
}

func (m message) check() error {
	shape, known := shapes[m.name]
	if !known {
		return fmt.Errorf("no such message: %q", m.name)
	}
	for name, value := range m.fields {
		kind := strings.TrimPrefix(shape[name], "?")
		if kind == "" || kindOf(value) != kind {
			return fmt.Errorf("%s has a field %q of a wrong kind: %v", m.name, name, value)
		}
		if strings.HasPrefix(shape[name], "?") && isEmpty(value) {
			return fmt.Errorf("%s has an empty field %q", m.name, name)
		}
	}
	for name, kind := range shape {
		if _, there := m.fields[name]; !there && !strings.HasPrefix(kind, "?") {
			return fmt.Errorf("%s has no field %q", m.name, name)
		}
	}
	return nil
}

func kindOf(value any) string {
	switch value := value.(type) {
	case bool:
		return fmt.Sprint(value)
	case uint64:
		return "number"
	case []byte:
		return "bytes"
	case string:
		return "text"
	case cid.Cid:
		return "link"
	case []any:
		return "list"
	}
	return "map"
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case uint64:
		return value == 0
	case []byte:
		return len(value) == 0
	case []any:
		return len(value) == 0
	}
	return false
}

// golden FOLDER: reads its frames (*.bin), and tells those that are none, or would be written in other
// bytes.
func golden(folder string) (map[string]any, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.bin"))
	if err != nil {
		return nil, err
	}
	wrong := map[string]any{}
	for _, name := range names {
		frame, err := os.ReadFile(name)
		if err == nil {
			_, err = messagesOf(frame)
		}
		if err != nil {
			wrong[filepath.Base(name)] = err.Error()
		}
	}
	return map[string]any{"frames": len(names), "wrong": wrong}, nil
}
