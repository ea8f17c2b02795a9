#include <algorithm>

#include "ipld/dag_cbor.h"
#include "scheduler/adverts/advert_payload.h"

namespace timerose::scheduler {
namespace {

void write_gpus(dag_cbor::Writer& out, const std::vector<Gpu>& gpus) {
  out.list(gpus.size());
  for (const Gpu& gpu : gpus) {
    out.list(2);
    out.text(gpu.name);
    out.integer(gpu.memory_bytes);
  }
}

void write_use(dag_cbor::Writer& out, const Use& use) {
  out.map(6);
  out.text("disk");
  out.integer(use.disk_free_bytes);
  out.text("wait");
  out.integer(use.wait_ms);
  out.text("cores");
  out.integer(use.cores_free);
  out.text("memory");
  out.integer(use.memory_free_bytes);
  out.text("queued");
  out.integer(use.queued);
  out.text("running");
  out.integer(use.running);
}

void write_place(dag_cbor::Writer& out, const Coordinate& place) {
  out.list(Coordinate::kDimensions + 2);
  for (const int32_t part : place.at_us) out.negative(part);
  out.integer(place.height_us);
  out.integer(place.error_permille);
}

uint64_t count(bool a, bool b, bool c) { return uint64_t{a} + uint64_t{b} + uint64_t{c}; }

bool is_measured(const Speed& speed) { return !(speed == Speed()); }

void write_speed(dag_cbor::Writer& out, const Speed& speed) {
  out.map(count(speed.fuel_per_s != 0, speed.network_bytes_s != 0, speed.receipt.has_value()));
  if (speed.fuel_per_s != 0) {
    out.text("fuel");
    out.integer(speed.fuel_per_s);
  }
  if (speed.network_bytes_s != 0) {
    out.text("network");
    out.integer(speed.network_bytes_s);
  }
  if (speed.receipt) {
    out.text("receipt");
    out.link(*speed.receipt);
  }
}

void write_capacity(dag_cbor::Writer& out, const Capacity& capacity) {
  out.map(3);
  out.text("disk");
  out.integer(capacity.disk_bytes);
  out.text("cores");
  out.integer(capacity.cores);
  out.text("memory");
  out.integer(capacity.memory_bytes);
}

void write_labels(dag_cbor::Writer& out, const Labels& labels) {
  out.map(labels.size());
  for (const auto& [name, value] : labels) {
    out.text(name);
    out.text(value);
  }
}

void write_engines(dag_cbor::Writer& out, const std::vector<std::string>& engines) {
  out.list(engines.size());
  for (const std::string& engine : engines) out.text(engine);
}

// Names in DAG-CBOR order: shorter ones first.
void write_payload(dag_cbor::Writer& out, const Advert& advert) {
  const Capacity& has = advert.capacity;
  constexpr uint64_t kAlways = 8;
  out.map(kAlways + count(!has.gpus.empty(), !advert.warm.empty(), is_measured(advert.speed)) +
          count(!has.labels.empty(), !has.engines.empty(), !has.operator_name.empty()));
  out.text("v");
  out.integer(kAdvertVersion);
  if (!has.gpus.empty()) {
    out.text("gpus");
    write_gpus(out, has.gpus);
  }
  out.text("node");
  out.bytes(advert.peer().bytes());
  out.text("used");
  write_use(out, advert.use);
  if (!advert.warm.empty()) {
    out.text("warm");
    out.bytes(advert.warm.encode());
  }
  out.text("place");
  write_place(out, advert.coordinate);
  if (is_measured(advert.speed)) {
    out.text("speed");
    write_speed(out, advert.speed);
  }
  out.text("issued");
  out.integer(advert.issued_unix_ms);
  if (!has.labels.empty()) {
    out.text("labels");
    write_labels(out, has.labels);
  }
  if (!has.engines.empty()) {
    out.text("engines");
    write_engines(out, has.engines);
  }
  out.text("capacity");
  write_capacity(out, has);
  out.text("interval");
  out.integer(advert.interval_s);
  if (!has.operator_name.empty()) {
    out.text("operator");
    out.text(has.operator_name);
  }
  out.text("sequence");
  out.integer(advert.sequence);
}

}  // namespace

void write_advert_payload(Bytes& out, const Advert& advert) {
  dag_cbor::Writer writer(out);
  write_payload(writer, advert);
}

void write_advert(Bytes& out, const Advert& advert) {
  dag_cbor::Writer writer(out);
  writer.map(2);
  writer.text("payload");
  write_payload(writer, advert);
  writer.text("signature");
  writer.bytes(advert.signature);
}

}  // namespace timerose::scheduler
