// Where a run in a worker process gets its modules from, and where the code goes that the worker
// has compiled.
#pragma once

#include <memory>

#include "base/file.h"
#include "multiformats/cid.h"

namespace timerose::isolation {

// Of one thread at a time.
class CodeSource {
 public:
  virtual ~CodeSource() = default;

  struct Module {
    enum class Form { kCompiled, kBinary };
    Form form;
    std::shared_ptr<const FileDescriptor> file;
  };
  virtual Result<Module> get(const Cid& module) = 0;

  // What a worker has put in the place of a binary. It is whatever the worker likes: machine code
  // that may run where that worker's guests may, and nowhere else.
  virtual void keep(const Cid& module, std::shared_ptr<const FileDescriptor> code) = 0;
};

}  // namespace timerose::isolation
