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

  enum class Maker {
    kFresh,  // the worker had run no guest before
    kUsed,
  };
  // What a worker has put in the place of a binary. It is whatever the worker likes: machine code
  // that may run where that worker's guests may, and nowhere else. That of a used one may be a
  // former guest's.
  virtual void keep(const Cid& module, std::shared_ptr<const FileDescriptor> code, Maker maker) = 0;
};

}  // namespace timerose::isolation
