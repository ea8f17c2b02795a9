// Where a guest runs that is not to run in this process.
#pragma once

#include <optional>

#include "compute/execution.h"

namespace timerose::compute {

// Thread-safe.
class Runner {
 public:
  virtual ~Runner() = default;

  // As execute() does for `call`, whose digest is `digest`; its module is read from the store too.
  virtual Result<Answer> run(const Invocation& call, const Sha256Digest& digest,
                             const Budget& budget, const wasi::Context::OnWrite& on_write,
                             const Surroundings& around) = 0;

  // Whether compiled code is at hand for calls of this function.
  [[nodiscard]] virtual bool is_warm(const Invocation& call) const = 0;

  // Who alone may be given the answers that it gives (MemoKey::scope); nothing: all may, because
  // they are as good as those of this process.
  [[nodiscard]] virtual const std::optional<Sha256Digest>& scope() const = 0;
};

}  // namespace timerose::compute
