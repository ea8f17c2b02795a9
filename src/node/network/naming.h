// Names of one repository: the records it keeps, DNSLink, and, where a network is lent, the records
// of other nodes and the thread that keeps its own ones alive.
#pragma once

#include <optional>

#include "base/clock.h"
#include "names/name_service.h"
#include "names/republisher.h"
#include "node/repository.h"

namespace timerose::node {

class Naming {
 public:
  // Of a process of its own: local records and DNSLink only. Both must outlive it.
  Naming(Repository& repository, Clock& clock);
  // Of a daemon, whose repository has read its own key already; publishes again what is due. All
  // must outlive it.
  Naming(Repository& repository, Clock& clock, names::LoopNameNetwork& network);
  ~Naming();
  Naming(const Naming&) = delete;

  // Thread-safe.
  [[nodiscard]] names::NameService& service() { return service_; }

 private:
  names::LoopNameNetwork* const network_;
  names::RecordStore store_;
  names::SystemTxtResolver txt_;
  names::NameService service_;
  std::optional<names::Republisher> republisher_;
};

// The key of the repository that a person names: "self", the name of one in the keystore, or its
// PeerID in any form. kNotFound names the command that lists them.
Result<PrivateKey> key_named(Repository& repository, std::string_view text);
// The same by its PeerID; nothing if it is not here.
std::optional<PrivateKey> key_of(Repository& repository, const PeerId& name);

}  // namespace timerose::node
