#include "node/network/naming.h"

#include <fmt/format.h>

#include "node/log_line.h"

namespace timerose::node {
namespace {

Result<PrivateKey> copy_of(const PrivateKey& key) { return PrivateKey::decode(key.encode()); }

}  // namespace

std::optional<PrivateKey> key_of(Repository& repository, const PeerId& name) {
  const auto of_name = [&](Result<PrivateKey> key) -> std::optional<PrivateKey> {
    if (!key.ok() || PeerId::of(key->public_key()) != name) return std::nullopt;
    return std::move(key).value();
  };
  const auto self = repository.key();
  if (self.ok()) {
    if (auto found = of_name(copy_of(**self))) return found;
  }
  const Keystore keystore = repository.keystore();
  const auto names = keystore.names();
  if (!names.ok()) return std::nullopt;
  for (const std::string& one : *names) {
    if (auto found = of_name(keystore.load(one))) return found;
  }
  return std::nullopt;
}

Result<PrivateKey> key_named(Repository& repository, std::string_view text) {
  if (text == "self") {
    TR_ASSIGN(const PrivateKey* self, repository.key());
    return copy_of(*self);
  }
  auto named = repository.keystore().load(text);
  if (named.ok()) return named;
  const auto name = PeerId::parse(text);
  if (!name.ok()) return named;
  if (auto found = key_of(repository, *name)) return *std::move(found);
  return Error{
      ErrorCode::kNotFound,
      fmt::format("the key of {} is not here; `timerose key list -l` shows those there are", text)};
}

Naming::Naming(Repository& repository, Clock& clock)
    : network_(nullptr), store_(repository.records()), service_({clock, store_, txt_, nullptr}) {}

Naming::Naming(Repository& repository, Clock& clock, names::LoopNameNetwork& network)
    : network_(&network), store_(repository.records()), service_({clock, store_, txt_, &network}) {
  republisher_.emplace(
      service_, clock, [&repository](const PeerId& name) { return key_of(repository, name); },
      write_to_log);
  network.on_peer([this] {
    service_.met_peer();
    republisher_->look_again();
  });
}

Naming::~Naming() {
  if (network_ != nullptr) network_->on_peer({});
}

}  // namespace timerose::node
