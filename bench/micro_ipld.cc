// Codecs: bytes a second through DAG-CBOR, DAG-JSON and DAG-PB.
#include <benchmark/benchmark.h>

#include "ipld/dag_cbor.h"
#include "ipld/dag_json.h"
#include "ipld/dag_pb.h"

namespace timerose {
namespace {

Cid cid_of(int n) {
  const std::string text = std::to_string(n);
  return Cid::of_sha256(Codec::kRaw, as_bytes(text));
}

// A block like those of our own objects: small maps with text, integers, links and bytes.
Value records(int count) {
  Value::List list;
  for (int i = 0; i < count; ++i) {
    list.push_back(Value::Map{{"name", "record " + std::to_string(i)},
                              {"size", int64_t{i} * 1000},
                              {"link", cid_of(i)},
                              {"ok", i % 2 == 0},
                              {"bytes", Bytes(32, static_cast<uint8_t>(i))}});
  }
  return list;
}

Bytes file_node(int links) {
  dag_pb::Node node;
  for (int i = 0; i < links; ++i) node.links.push_back({cid_of(i), "", true, 1 << 20});
  node.data = Bytes(4096, 7);
  return dag_pb::encode(node);
}

void set_bytes(benchmark::State& state, size_t block_bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * block_bytes));
}

void dag_cbor_encode(benchmark::State& state) {
  const Value value = records(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(dag_cbor::encode(value));
  set_bytes(state, dag_cbor::encode(value)->size());
}

void dag_cbor_decode(benchmark::State& state) {
  const Bytes block = *dag_cbor::encode(records(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(dag_cbor::decode(block));
  set_bytes(state, block.size());
}

void dag_cbor_links(benchmark::State& state) {
  const Bytes block = *dag_cbor::encode(records(static_cast<int>(state.range(0))));
  for (auto _ : state) {
    size_t links = 0;
    benchmark::DoNotOptimize(dag_cbor::for_each_link(block, [&](const Cid&) {
      ++links;
      return success();
    }));
    benchmark::DoNotOptimize(links);
  }
  set_bytes(state, block.size());
}

// One record without a tree, as an Invocation is written.
void dag_cbor_write(benchmark::State& state) {
  const Cid cid = cid_of(1);
  Bytes out;
  for (auto _ : state) {
    out.clear();
    dag_cbor::Writer writer(out);
    writer.map(3);
    writer.text("args");
    writer.list(2);
    writer.text("first");
    writer.text("second");
    writer.text("seed");
    writer.null();
    writer.text("function");
    writer.link(cid);
    benchmark::DoNotOptimize(out.data());
  }
  set_bytes(state, out.size());
}

void dag_json_encode(benchmark::State& state) {
  const Value value = records(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(dag_json::encode(value));
  set_bytes(state, dag_json::encode(value)->size());
}

void dag_json_decode(benchmark::State& state) {
  const std::string text = *dag_json::encode(records(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(dag_json::decode(as_bytes(text)));
  set_bytes(state, text.size());
}

void dag_pb_links(benchmark::State& state) {
  const Bytes block = file_node(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    uint64_t total = 0;
    benchmark::DoNotOptimize(dag_pb::for_each_link(block, [&](const dag_pb::LinkView& link) {
      total += link.size;
      return success();
    }));
    benchmark::DoNotOptimize(total);
  }
  set_bytes(state, block.size());
}

BENCHMARK(dag_cbor_encode)->Arg(1)->Arg(1000);
BENCHMARK(dag_cbor_decode)->Arg(1)->Arg(1000);
BENCHMARK(dag_cbor_links)->Arg(1)->Arg(1000);
BENCHMARK(dag_cbor_write);
BENCHMARK(dag_json_encode)->Arg(1000);
BENCHMARK(dag_json_decode)->Arg(1000);
BENCHMARK(dag_pb_links)->Arg(1024);

}  // namespace
}  // namespace timerose

BENCHMARK_MAIN();
