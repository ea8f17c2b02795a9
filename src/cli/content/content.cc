#include "cli/content/content.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <thread>

#include "cli/content/batching_sink.h"
#include "cli/content/import_path.h"
#include "names/name_service.h"

namespace timerose::cli {
namespace {

// Whether a person who typed this surely meant a CID.
bool looks_like_cid(std::string_view text) {
  return text.starts_with("/ipfs/") || text.starts_with("ipfs://") || text.starts_with("Qm") ||
         text.starts_with("baf");
}

Result<Cid> add_local(Session& session, const std::string& text, const unixfs::Layout& layout,
                      Access access) {
  TR_ASSIGN(auto* store, session.blockstore(access));
  BatchingSink batch(store);
  ImportPathOptions options;
  options.import.layout = layout;
  options.import.hash_threads = std::thread::hardware_concurrency();
  StdinSource input(session.streams());
  auto imported =
      text == "-" ? unixfs::import_file(input, options.import, batch.sink())
                  : import_path(path_of_client(session.streams(), text), "", options, batch.sink());
  if (!imported.ok()) return std::move(imported).error();
  TR_TRY(batch.flush());
  TR_TRY(store->flush());
  return imported->cid;
}

// What was added before is found by reading alone, so that a call on it can be answered by the memo
// without opening the repository for writing. The first block that is not there ends the attempt.
Result<Cid> find_or_add_local(Session& session, const std::string& text,
                              const unixfs::Layout& layout) {
  auto found = add_local(session, text, layout, Access::kReadOnly);
  const bool absent = !found.ok() && found.error().code == ErrorCode::kPermission;
  return absent ? add_local(session, text, layout, Access::kReadWrite) : std::move(found);
}

}  // namespace

Result<unixfs::Path> path_of(Session& session, std::string_view text) {
  if (!names::is_name_path(text)) return unixfs::Path::parse(text);
  TR_ASSIGN(const auto path, names::NamePath::parse(text));
  TR_ASSIGN(auto* service, session.names());
  names::ResolveOptions options;
  options.find.timeout_ms = session.fetching().timeout_ms;
  options.cancel = session.streams().cancelled;
  TR_ASSIGN(auto resolved, service->resolve(path, options));
  return unixfs::Path{std::get<Cid>(std::move(resolved.path.root)),
                      std::move(resolved.path.segments)};
}

Result<Cid> resolve_path(Session& session, std::string_view text) {
  TR_ASSIGN(const auto path, path_of(session, text));
  return resolve_path(session, path);
}

Result<Cid> resolve_path(Session& session, const unixfs::Path& path) {
  if (path.segments.empty()) return path.root;
  TR_ASSIGN(auto* store, session.content());
  return unixfs::resolve_to_cid(*store, path);
}

Result<unixfs::Resolved> resolve_inside(Session& session, std::string_view text) {
  TR_ASSIGN(const auto path, path_of(session, text));
  TR_ASSIGN(auto* store, session.content());
  return unixfs::resolve(*store, path);
}

Result<Cid> resolve_content(Session& session, const std::string& text,
                            const unixfs::Layout& layout) {
  if (text == "-") return add_local(session, text, layout, Access::kReadWrite);
  if (names::is_name_path(text)) return resolve_path(session, text);
  const auto path = unixfs::Path::parse(text);
  if (path.ok()) return resolve_path(session, *path);
  struct stat status{};
  const std::string local = path_of_client(session.streams(), text);
  if (stat(local.c_str(), &status) == 0) return find_or_add_local(session, text, layout);
  return names_nothing(text, "a file or folder", path.error());
}

Error names_nothing(std::string_view text, std::string_view expected, Error why) {
  if (looks_like_cid(text)) return why;
  return {ErrorCode::kNotFound, fmt::format("'{}' is neither a CID nor {} here", text, expected)};
}

}  // namespace timerose::cli
