#include "names/name_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "names/ipns_record.h"
#include "unixfs/path.h"

namespace timerose::names {
namespace {

using unixfs::Escapes;

Error invalid(std::string_view text, std::string_view what) {
  constexpr size_t kShownBytesMax = 256;
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("'{}': {}", text.substr(0, kShownBytesMax), what)};
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelBytesMax &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "/ipfs/" or "ipns://", apart from what follows.
struct Begin {
  bool is_name = false;
  bool is_url = false;
};
Result<Begin> take_begin(std::string_view& rest) {
  if (take_prefix(rest, "/ipfs/") || take_prefix(rest, "/ipld/")) return Begin{false, false};
  if (take_prefix(rest, "/ipns/")) return Begin{true, false};
  if (take_prefix(rest, "ipfs://")) return Begin{false, true};
  if (take_prefix(rest, "ipns://")) return Begin{true, true};
  return Error{ErrorCode::kInvalidArgument,
               "expected /ipfs/CID/..., /ipns/NAME/..., ipfs://CID/... or ipns://NAME/..."};
}

Result<std::variant<Cid, PeerId, Domain>> parse_root(std::string_view text, bool is_name) {
  if (!is_name) {
    TR_ASSIGN(Cid cid, Cid::parse(text));
    return std::variant<Cid, PeerId, Domain>(std::move(cid));
  }
  auto peer = PeerId::parse(text);
  if (peer.ok()) return std::variant<Cid, PeerId, Domain>(std::move(peer).value());
  if (text.find('.') == text.npos) return std::move(peer).error();
  TR_ASSIGN(Domain domain, Domain::parse(text));
  return std::variant<Cid, PeerId, Domain>(std::move(domain));
}

std::string root_text(const std::variant<Cid, PeerId, Domain>& root) {
  if (const Cid* cid = std::get_if<Cid>(&root)) return cid->to_string();
  if (const PeerId* peer = std::get_if<PeerId>(&root)) return name_text(*peer);
  return std::get<Domain>(root).text;
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
  std::string lower(text.substr(0, kDomainBytesMax + 2));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower.ends_with('.')) lower.pop_back();
  bool good = lower.size() <= kDomainBytesMax && lower.find('.') != lower.npos;
  for (std::string_view rest = lower; good;) {
    const size_t dot = rest.find('.');
    good = is_label(rest.substr(0, dot));
    if (dot == rest.npos) break;
    rest.remove_prefix(dot + 1);
  }
  if (!good) {
    return invalid(text,
                   "is no domain: expected labels of at most 63 letters, digits, '-' and '_' with "
                   "dots between them, 253 characters at most (other scripts as xn--...)");
  }
  return Domain{std::move(lower)};
}

Result<NamePath> NamePath::parse(std::string_view text) {
  std::string_view rest = text;
  const auto begin = take_begin(rest);
  if (!begin.ok()) return invalid(text, begin.error().message);
  if (begin->is_url) rest = rest.substr(0, rest.find_first_of("?#"));
  const size_t slash = rest.find('/');
  auto root = parse_root(rest.substr(0, slash), begin->is_name);
  if (!root.ok()) return invalid(text, root.error().message);
  rest.remove_prefix(slash == rest.npos ? rest.size() : slash + 1);
  auto segments = unixfs::parse_segments(rest, begin->is_url ? Escapes::kPercent : Escapes::kNone);
  if (!segments.ok()) return invalid(text, segments.error().message);
  return NamePath{std::move(root).value(), std::move(segments).value()};
}

std::string NamePath::to_string() const {
  const bool as_url = unixfs::need_escapes(segments);
  const std::string_view space = is_immutable() ? "ipfs" : "ipns";
  return fmt::format(
      fmt::runtime(as_url ? "{}://{}{}" : "/{}/{}{}"), space, root_text(root),
      unixfs::format_segments(segments, as_url ? Escapes::kPercent : Escapes::kNone));
}

bool is_name_path(std::string_view text) {
  return text.starts_with("/ipns/") || text.starts_with("ipns://");
}

}  // namespace timerose::names
