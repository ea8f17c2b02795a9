// Local files, folders and symbolic links into UnixFS.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "unixfs/importer.h"

namespace timerose::cli {

struct ImportPathOptions {
  unixfs::ImportOptions import;
  bool recursive = true;        // false: a folder is kInvalidArgument
  bool hidden = true;           // entries of folders whose names begin with '.'
  bool follow_argument = true;  // a symbolic link that is named itself (not one inside a folder)
  // Told of each thing once it is imported, children before their folder; `name` is the path as
  // given, with '/' between its parts.
  std::function<Status(const std::string& name, const unixfs::Imported&)> on_imported;
};

// Imports what is at `path`. kInvalidArgument for what is neither file, folder, link nor pipe.
Result<unixfs::Imported> import_path(const std::filesystem::path& path, const std::string& name,
                                     const ImportPathOptions& options,
                                     const unixfs::BlockSink& sink);

}  // namespace timerose::cli
