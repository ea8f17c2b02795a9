#include "unixfs/resolve.h"

#include <fmt/format.h>

#include <charconv>

#include "base/printable.h"
#include "ipld/codec.h"
#include "ipld/dag_pb.h"
#include "unixfs/directory.h"
#include "unixfs/node.h"

namespace timerose::unixfs {
namespace {

constexpr size_t kShownNames = 8;
constexpr size_t kShownNameBytesMax = 64;

// A name as a message can hold it.
std::string shown(std::string_view name) {
  return "'" + printable_line(name.substr(0, kShownNameBytesMax)) +
         (name.size() > kShownNameBytesMax ? "...'" : "'");
}

// Collects the names to list in a message: some, and whether there were more.
class SomeNames {
 public:
  // False once no more are wanted.
  bool add(std::string_view name) {
    if (count_ == kShownNames) {
      text_ += ", ...";
      return false;
    }
    text_ += (count_++ == 0 ? "" : ", ") + shown(name);
    return true;
  }
  [[nodiscard]] std::string to_string() const {
    return count_ == 0 ? "it is empty" : "it has " + text_;
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

// Walks one path from block to block. `at_` is the next segment.
class Walk {
 public:
  Walk(Blockstore& store, const Path& path) : store_(store), path_(path), cid_(path.root) {}

  Result<Resolved> run() {
    while (at_ < path_.segments.size()) {
      const size_t before = at_;
      TR_ASSIGN(std::optional<Resolved> inside, step());
      if (inside) return std::move(*inside);
      bare_links_ = at_ == before ? bare_links_ + 1 : 0;
      if (bare_links_ > kBareLinksMax) {
        return Error{ErrorCode::kLimitExceeded,
                     fmt::format("{}: more than {} blocks in a row are only links", so_far(at_),
                                 kBareLinksMax)};
      }
    }
    return Resolved{cid_, {}, {}};
  }

 private:
  // From the block `cid_` to the next; or the end, inside this one.
  Result<std::optional<Resolved>> step() {
    switch (cid_.codec()) {
      case Codec::kRaw:
      case Codec::kLibp2pKey:
        return through_file("file");
      case Codec::kDagPb:
        return step_dag_pb();
      default: {
        TR_ASSIGN(const SharedBytes block, block_here());
        return step_value(block.view());
      }
    }
  }

  Result<SharedBytes> block_here() {
    auto block = store_.get(cid_);
    if (!block.ok()) return std::move(block).error().within("resolving " + so_far(at_));
    return block;
  }

  Result<std::optional<Resolved>> step_dag_pb() {
    TR_ASSIGN(const SharedBytes block, block_here());
    TR_ASSIGN(const std::optional<ByteView> data, dag_pb::data_of(block.view()));
    std::optional<Type> type;
    if (data) {
      if (const auto node = decode_view(*data); node.ok()) type = node->fields.type;
    }
    const bool is_directory = type == Type::kDirectory || type == Type::kHamtShard;
    const std::string& name = path_.segments[at_];
    if (is_directory) {
      TR_ASSIGN(const auto entry, find_entry(store_, cid_, name));
      if (entry) return follow(entry->cid);
    } else if (!type) {
      TR_ASSIGN(const auto link, find_link(block.view(), name));
      if (link) return follow(*link);
    }
    if (name == "Links" || name == "Data") return step_value(block.view());
    if (is_directory) return not_in_directory();
    if (type) return through_file(type_name(*type));
    return not_in_node(block.view());
  }

  static Result<std::optional<Cid>> find_link(ByteView block, std::string_view name) {
    std::optional<Cid> found;
    TR_TRY(dag_pb::for_each_link(block, [&](const dag_pb::LinkView& link) {
      if (!found && link.name == name) found = link.cid;
      return success();
    }));
    return found;
  }

  Result<std::optional<Resolved>> follow(const Cid& next) {
    cid_ = next;
    ++at_;
    return std::optional<Resolved>();
  }

  // Through the value of a block up to a link, or to the end of the path.
  Result<std::optional<Resolved>> step_value(ByteView block) {
    auto decoded = ipld::decode(cid_.codec(), block);
    if (!decoded.ok()) return std::move(decoded).error().within("resolving " + so_far(at_));
    const size_t first = at_;
    const Value* value = &*decoded;
    for (;;) {
      if (const Cid* link = value->as_link()) {
        cid_ = Cid(*link);
        return std::optional<Resolved>();
      }
      if (at_ == path_.segments.size()) break;
      TR_ASSIGN(value, member(*value));
      ++at_;
    }
    const auto begin = path_.segments.begin() + static_cast<std::ptrdiff_t>(first);
    return std::optional(Resolved{cid_, {begin, path_.segments.end()}, *value});
  }

  // The member of a map or a list that the next segment names.
  Result<const Value*> member(const Value& value) {
    const std::string& name = path_.segments[at_];
    if (const Value::Map* map = value.as_map()) {
      if (const Value* found = value.find(name)) return found;
      SomeNames names;
      for (const auto& [key, item] : *map) {
        if (!names.add(key)) break;
      }
      return not_found(names.to_string());
    }
    if (const Value::List* list = value.as_list()) {
      size_t index = 0;
      const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), index);
      const bool is_index = failed == std::errc() && end == name.data() + name.size() &&
                            (name.size() == 1 || name[0] != '0');
      if (is_index && index < list->size()) return &(*list)[index];
      return not_found(fmt::format("it is a list of {}, counted from 0", list->size()));
    }
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is of kind {}: there is no {} in it", so_far(at_),
                             kind_name(value.kind()), shown(name))};
  }

  Error not_found(const std::string& what_is_there) {
    return Error{ErrorCode::kNotFound, fmt::format("no {} in {}: {}", shown(path_.segments[at_]),
                                                   so_far(at_), what_is_there)};
  }

  Error not_in_directory() {
    SomeNames names;
    const Status walked = for_each_entry(store_, cid_, [&](const Entry& entry) -> Status {
      if (names.add(entry.name)) return success();
      return Error{ErrorCode::kCancelled, "enough names"};
    });
    // A directory whose other parts are not here still lacks this entry.
    if (!walked.ok() && walked.error().code != ErrorCode::kCancelled) {
      return not_found("its entries cannot all be read: " + walked.error().message);
    }
    return not_found(names.to_string());
  }

  Error not_in_node(ByteView block) {
    SomeNames names;
    // The block was read whole before, so this walk can only end for having enough.
    (void)dag_pb::for_each_link(block, [&](const dag_pb::LinkView& link) -> Status {
      if (link.name.empty() || names.add(link.name)) return success();
      return Error{ErrorCode::kCancelled, "enough names"};
    });
    return not_found(names.to_string() + " (links by name)");
  }

  Error through_file(std::string_view kind) {
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("{} is a {}, not a directory: there is no {} in it", so_far(at_), kind,
                             shown(path_.segments[at_]))};
  }

  // The path up to a segment, for messages.
  [[nodiscard]] std::string so_far(size_t segments) const {
    std::string text = "/ipfs/" + path_.root.to_string();
    for (size_t i = 0; i < segments; ++i) text += "/" + path_.segments[i];
    return text;
  }

  Blockstore& store_;
  const Path& path_;
  Cid cid_;
  size_t at_ = 0;
  size_t bare_links_ = 0;
};

}  // namespace

Result<Resolved> resolve(Blockstore& store, const Path& path) { return Walk(store, path).run(); }

Result<Cid> resolve_to_cid(Blockstore& store, const Path& path) {
  TR_ASSIGN(const Resolved resolved, resolve(store, path));
  if (resolved.rest.empty()) return resolved.cid;
  return Error{
      ErrorCode::kInvalidArgument,
      fmt::format("{} ends inside the block {}, at a value of kind {}; expected a whole block",
                  path.to_string(), resolved.cid.to_string(), kind_name(resolved.value->kind()))};
}

}  // namespace timerose::unixfs
