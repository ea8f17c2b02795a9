package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/chunker"
	"github.com/ipfs/boxo/files"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/boxo/ipld/unixfs"
	unixfile "github.com/ipfs/boxo/ipld/unixfs/file"
	"github.com/ipfs/boxo/ipld/unixfs/importer/balanced"
	"github.com/ipfs/boxo/ipld/unixfs/importer/helpers"
	uio "github.com/ipfs/boxo/ipld/unixfs/io"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/ipfs/go-datastore"
	ipld "github.com/ipfs/go-ipld-format"
	carv2 "github.com/ipld/go-car/v2"
	_ "github.com/ipld/go-ipld-prime/codec/dagcbor" // so that links in DAG-CBOR are followed
)

// add PATH PROFILE: a file or a folder as UnixFS; the profile is v0-2015 or v1-2025.
func (n *node) add(ctx context.Context, words []string) (map[string]any, error) {
	profile := uio.UnixFS_v1_2025
	if words[1] == "v0-2015" {
		profile = uio.UnixFS_v0_2015
	} else if words[1] != "v1-2025" {
		return nil, errors.New("no such profile: " + words[1])
	}
	batch := ipld.NewBufferedDAG(ctx, n.dag)
	root, err := addPath(ctx, batch, words[0], profile)
	if err != nil {
		return nil, err
	}
	if err := batch.Commit(); err != nil {
		return nil, err
	}
	return map[string]any{"cid": root.Cid().String()}, n.flush(ctx)
}

func addPath(ctx context.Context, dag ipld.DAGService, name string, profile uio.UnixFSProfile) (ipld.Node, error) {
	stat, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !stat.IsDir() {
		return addFile(dag, name, profile)
	}
	directory, err := uio.NewDirectory(dag, uio.WithCidBuilder(builder(profile)),
		uio.WithMaxHAMTFanout(profile.HAMTShardWidth), uio.WithSizeEstimationMode(profile.HAMTSizeEstimation))
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		child, err := addPath(ctx, dag, filepath.Join(name, entry.Name()), profile)
		if err != nil {
			return nil, err
		}
		if err := directory.AddChild(ctx, entry.Name(), child); err != nil {
			return nil, err
		}
	}
	root, err := directory.GetNode()
	if err != nil {
		return nil, err
	}
	return root, dag.Add(ctx, root)
}

func addFile(dag ipld.DAGService, name string, profile uio.UnixFSProfile) (ipld.Node, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	parameters := helpers.DagBuilderParams{
		Maxlinks: profile.FileDAGWidth, RawLeaves: profile.RawLeaves, CidBuilder: builder(profile), Dagserv: dag,
	}
	layout, err := parameters.New(chunk.NewSizeSplitter(file, profile.ChunkSize))
	if err != nil {
		return nil, err
	}
	return balanced.Layout(layout)
}

func builder(profile uio.UnixFSProfile) cid.Builder {
	if profile.CIDVersion == 0 {
		return cid.V0Builder{}
	}
	return cid.V1Builder{Codec: cid.DagProtobuf, MhType: profile.MhType}
}

// import PATH: the blocks of a CAR archive; gives its only root.
func (n *node) importCar(ctx context.Context, words []string) (map[string]any, error) {
	file, err := os.Open(words[0])
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader, err := carv2.NewBlockReader(file)
	if err != nil {
		return nil, err
	}
	if len(reader.Roots) != 1 {
		return nil, errors.New("expected a CAR archive with one root")
	}
	var read []blocks.Block
	for {
		block, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		read = append(read, block)
	}
	if err := n.blocks.PutMany(ctx, read); err != nil {
		return nil, err
	}
	return map[string]any{"cid": reader.Roots[0].String()}, n.exchange.NotifyNewBlocks(ctx, read...)
}

// fetch CID: all that hangs from it, verified by the exchange, and on the disk when it answers.
func (n *node) fetch(ctx context.Context, words []string) (map[string]any, error) {
	root, err := cid.Decode(words[0])
	if err != nil {
		return nil, err
	}
	var count, bytes atomic.Uint64
	session := merkledag.NewSession(ctx, n.dag)
	links := func(ctx context.Context, c cid.Cid) ([]*ipld.Link, error) {
		node, err := session.Get(ctx, c)
		if err != nil {
			return nil, err
		}
		count.Add(1)
		bytes.Add(uint64(len(node.RawData())))
		return node.Links(), nil
	}
	if err := merkledag.Walk(ctx, links, root, cid.NewSet().Visit, merkledag.Concurrent()); err != nil {
		return nil, err
	}
	if err := n.flush(ctx); err != nil {
		return nil, err
	}
	return map[string]any{"blocks": count.Load(), "bytes": bytes.Load()}, nil
}

func (n *node) flush(ctx context.Context) error {
	return n.datastore.Sync(ctx, datastore.NewKey("/"))
}

// digest CID: of a UnixFS file the SHA-256; of a directory the SHA-256 of its entries by name, each
// the name, a NUL and the digest of what it names. Also the microseconds until the first byte.
func (n *node) digest(ctx context.Context, words []string) (map[string]any, error) {
	start := time.Now()
	root, err := cid.Decode(words[0])
	if err != nil {
		return nil, err
	}
	top, err := n.dag.Get(ctx, root)
	if err != nil {
		return nil, err
	}
	content, err := unixfile.NewUnixfsFile(ctx, n.dag, top)
	if err != nil {
		return nil, err
	}
	first := &firstByte{start: start}
	digest, bytes, err := digestOf(content, first)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"digest": hex.EncodeToString(digest), "bytes": bytes, "first_byte_us": first.after.Microseconds(),
	}, nil
}

type firstByte struct {
	start time.Time
	after time.Duration
}

func (f *firstByte) Write(data []byte) (int, error) {
	if f.after == 0 {
		f.after = time.Since(f.start)
	}
	return len(data), nil
}

func digestOf(content files.Node, first io.Writer) ([]byte, int64, error) {
	hash := sha256.New()
	switch content := content.(type) {
	case files.File:
		bytes, err := io.Copy(io.MultiWriter(hash, first), content)
		return hash.Sum(nil), bytes, err
	case files.Directory:
		return digestOfDirectory(content, first)
	}
	return nil, 0, unixfs.ErrUnrecognizedType
}

func digestOfDirectory(directory files.Directory, first io.Writer) ([]byte, int64, error) {
	digests := map[string][]byte{}
	names := []string{}
	total := int64(0)
	entries := directory.Entries()
	for entries.Next() {
		digest, bytes, err := digestOf(entries.Node(), first)
		if err != nil {
			return nil, 0, err
		}
		total += bytes
		names = append(names, entries.Name())
		digests[entries.Name()] = digest
	}
	slices.Sort(names)
	hash := sha256.New()
	for _, name := range names {
		hash.Write(append([]byte(name), 0))
		hash.Write(digests[name])
	}
	return hash.Sum(nil), total, entries.Err()
}
