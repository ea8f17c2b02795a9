// Which module satisfies which import: settled once for a function, carried out for each call.
// For this folder's .cc files only.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wasm/host_function.h"
#include "wasm/native.h"
#include "wasm/session.h"

namespace timerose::wasm {

class Linking {
 public:
  using Links = std::map<std::string, std::shared_ptr<const Module>>;

  // kUnsupported names every import that nothing satisfies, or whose type is another one;
  // kInvalidArgument for links in a circle, too many of them, or one in the name of the host.
  static Result<Linking> create(const Engine& engine, std::shared_ptr<const Module> module,
                                const Links& links);

  [[nodiscard]] bool uses(HostModule module) const;
  [[nodiscard]] bool has_links() const { return !steps_.empty(); }

  // A fresh instance of everything in the session's store; the ending if that failed, which may be
  // the guest's own doing (its start function).
  [[nodiscard]] std::optional<Ending> instantiate(Session& session) const;

 private:
  struct Step {
    std::string name;
    std::shared_ptr<const Module> module;
  };
  Linking() = default;
  Status order(const Links& links);
  Status bind(const Module& module, const Links& links, std::vector<std::string>& missing);
  std::optional<Ending> instantiate_links(Session& session) const;

  std::shared_ptr<const Module> module_;
  std::vector<Step> steps_;      // linked modules, each after those that it imports from
  LinkerPointer linker_;         // has the host's functions that are imported
  InstancePrePointer prepared_;  // without links only
  bool uses_wasi_ = false;
  bool uses_timerose_ = false;
};

}  // namespace timerose::wasm
