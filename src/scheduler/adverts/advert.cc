#include "scheduler/adverts/advert.h"

#include <fmt/format.h>

#include <algorithm>

#include "scheduler/adverts/advert_payload.h"

namespace timerose::scheduler {
namespace {

Error malformed(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("Advert: {}", what)};
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_letter_or_digit(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

// An engine's or a GPU's name, as people write them.
bool is_plain_name(std::string_view text) {
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return !text.empty() && text.size() <= Advert::kNameBytesMax &&
         std::all_of(text.begin(), text.end(), printable);
}

template <typename Number>
Status at_most(std::string_view name, Number found, Number max) {
  if (found <= max) return success();
  return malformed(fmt::format("{}: expected at most {}, found {}", name, max, found));
}

Status check_capacity(const Capacity& has) {
  TR_TRY(at_most("cores", has.cores, Advert::kCoresMax));
  TR_TRY(at_most("memory", has.memory_bytes, Advert::kMemoryBytesMax));
  TR_TRY(at_most("disk", has.disk_bytes, Advert::kDiskBytesMax));
  TR_TRY(at_most("GPUs", has.gpus.size(), Advert::kGpusMax));
  TR_TRY(at_most("engines", has.engines.size(), Advert::kEnginesMax));
  TR_TRY(at_most("labels", has.labels.size(), Advert::kLabelsMax));
  for (const Gpu& gpu : has.gpus) {
    if (!is_plain_name(gpu.name)) return malformed("a GPU's name is empty, long or not ASCII");
    TR_TRY(at_most("memory of a GPU", gpu.memory_bytes, Advert::kMemoryBytesMax));
  }
  for (const std::string& engine : has.engines) {
    if (!is_plain_name(engine)) return malformed("an engine's name is empty, long or not ASCII");
  }
  if (std::adjacent_find(has.engines.begin(), has.engines.end(), std::greater_equal<>()) !=
      has.engines.end()) {
    return malformed("engines are not in ascending order, each once");
  }
  for (const auto& [name, value] : has.labels) {
    if (!is_label_name(name)) return malformed(fmt::format("\"{}\" is no label's name", name));
    if (!is_label_value(value)) {
      return malformed(fmt::format("label {}: \"{}\" is no label's value", name, value));
    }
  }
  if (!has.operator_name.empty() && !is_label_value(has.operator_name)) {
    return malformed(fmt::format("\"{}\" is no operator's name", has.operator_name));
  }
  return success();
}

Status check_use(const Use& use, const Capacity& has) {
  TR_TRY(at_most("cores free", use.cores_free, has.cores));
  TR_TRY(at_most("memory free", use.memory_free_bytes, has.memory_bytes));
  TR_TRY(at_most("disk free", use.disk_free_bytes, has.disk_bytes));
  TR_TRY(at_most("running", use.running, Advert::kGuestsMax));
  return at_most("queued", use.queued, Advert::kGuestsMax);
}

}  // namespace

bool is_label_name(std::string_view text) {
  const auto allowed = [](char c) {
    return is_lower_or_digit(c) || std::string_view("._-/").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= Advert::kLabelBytesMax &&
         is_lower_or_digit(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

bool is_label_value(std::string_view text) {
  const auto allowed = [](char c) {
    return is_letter_or_digit(c) || std::string_view("._-/:+@").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= Advert::kLabelBytesMax &&
         std::all_of(text.begin(), text.end(), allowed);
}

Status Advert::check() const {
  if (interval_s < kIntervalMin_s) return malformed("interval: expected at least 1 second");
  TR_TRY(at_most("interval", interval_s, kIntervalMax_s));
  TR_TRY(at_most("issued", issued_unix_ms, kMomentMax_ms));
  TR_TRY(check_capacity(capacity));
  TR_TRY(check_use(use, capacity));
  TR_TRY(at_most("speed, fuel", speed.fuel_per_s, kSpeedMax));
  TR_TRY(at_most("speed, network", speed.network_bytes_s, kSpeedMax));
  return coordinate.check();
}

Status Advert::sign(const PrivateKey& key) {
  node = key.public_key();
  TR_TRY(check());
  Bytes payload;
  write_advert_payload(payload, *this);
  signature = key.sign(payload);
  return success();
}

Status Advert::verify() const {
  Bytes payload;
  write_advert_payload(payload, *this);
  if (node.verify(payload, signature)) return success();
  return Error{ErrorCode::kMismatch,
               fmt::format("the signature is not that of {} over this advert: it was changed, or "
                           "signed by another key",
                           peer().to_string())};
}

Result<Bytes> Advert::encode() const {
  TR_TRY(check());
  Bytes bytes;
  bytes.reserve(512);
  write_advert(bytes, *this);
  TR_TRY(at_most("bytes", bytes.size(), kBytesMax));
  return bytes;
}

Result<Advert> Advert::decode(ByteView bytes) {
  TR_TRY(at_most("bytes", bytes.size(), kBytesMax));
  TR_ASSIGN(Advert advert, read_advert(bytes));
  TR_TRY(advert.check());
  return advert;
}

}  // namespace timerose::scheduler
