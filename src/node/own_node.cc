#include "node/own_node.h"

#include <fmt/format.h>

#include "node/config_checks.h"
#include "node/jobs/remember.h"

namespace timerose::node {

namespace {

// The receipt stays, as those of all calls do, until the next one takes its place.
Result<MeasuredSpeed> measure_and_keep(Repository& repository, Clock& clock) {
  TR_ASSIGN(auto* engine, repository.engine());
  TR_ASSIGN(const PrivateKey* key, repository.key());
  TR_ASSIGN(auto* store, repository.blockstore());
  const auto hold = store->hold();
  TR_ASSIGN(MeasuredSpeed speed, measure_speed(*engine, *key, *store, clock));
  TR_TRY(remember(repository, speed_call(), speed.answer));
  return speed;
}

}  // namespace

Result<OwnNode> own_node(const Config& config, Repository& repository, Clock& clock) {
  OwnNode own;
  TR_ASSIGN(own.labels, parse_labels(config.text_of("Node.Labels")));
  own.operator_name = config.text_of("Node.Operator");
  own.folder = repository.path();
  own.storage_bytes_max = config.storage_bytes_max();
  own.engine = [&repository] { return repository.engine(); };
  own.measure = [&repository, &clock] { return measure_and_keep(repository, clock); };
  own.stored_bytes = [&repository]() -> uint64_t {
    const auto database = repository.database();
    return database.ok() ? (*database)->usage().bytes : 0;
  };
  own.warm = [&repository] {
    const auto modules = repository.modules();
    if (!modules.ok()) return std::vector<Cid>();
    return (*modules)->latest(scheduler::WarmSet::kEntriesMax);
  };
  return own;
}

Result<scheduler::Labels> parse_labels(std::string_view text) {
  scheduler::Labels out;
  for (const std::string& item : split_list(text)) {
    const size_t sign = item.find('=');
    const std::string name = item.substr(0, sign);
    const std::string value = sign == std::string::npos ? "" : item.substr(sign + 1);
    if (!scheduler::is_label_name(name) || !scheduler::is_label_value(value)) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("expected labels such as zone=eu, with commas between (a name of "
                               "a-z, 0-9 and ._-/, a value of letters, digits and ._-/:+@, {} "
                               "characters each at most), found '{}'",
                               scheduler::Advert::kLabelBytesMax, item)};
    }
    if (!out.emplace(name, value).second) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("label {} is there twice", name)};
    }
  }
  if (out.size() > scheduler::Advert::kLabelsMax) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a node has at most {} labels, found {}",
                             scheduler::Advert::kLabelsMax, out.size())};
  }
  return out;
}

Result<std::string> parse_operator(std::string_view text) {
  if (text.empty() || scheduler::is_label_value(text)) return std::string(text);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("expected a name of letters, digits and ._-/:+@, {} characters at "
                           "most, found '{}'",
                           scheduler::Advert::kLabelBytesMax, text)};
}

}  // namespace timerose::node
