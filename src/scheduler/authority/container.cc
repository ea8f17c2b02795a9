#include "scheduler/authority/container.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ipld/dag_cbor.h"
#include "multiformats/multibase.h"

namespace timerose::scheduler::authority {
namespace {

constexpr char kRaw = '@';
constexpr char kBase64Padded = 'B';
constexpr char kBase64Url = 'C';
constexpr std::string_view kCompressed = "MOP";
constexpr const char* kVersion = "ctn-v1";

Error malformed_container(std::string_view what) {
  return {ErrorCode::kMalformed, fmt::format("not a UCAN container: {}", what)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

Result<Bytes> unwrap(ByteView bytes) {
  if (!bytes.empty() && bytes.front() == kRaw) return to_bytes(bytes.subspan(1));
  const std::string_view text = trimmed(as_text(bytes));
  const char form = text.empty() ? '\0' : text.front();
  if (form == kBase64Url) return base_decode(Multibase::kBase64Url, text.substr(1));
  if (form == kBase64Padded) return base_decode(Multibase::kBase64Pad, text.substr(1));
  if (form != '\0' && kCompressed.find(form) != std::string_view::npos) {
    return Error{ErrorCode::kUnsupported,
                 "a compressed UCAN container; write it without compression"};
  }
  return malformed_container("it begins with none of @, B and C");
}

}  // namespace

std::string write_container(const std::vector<TokenRef>& tokens) {
  std::set<Bytes> sorted;
  for (const TokenRef& token : tokens) sorted.insert(to_bytes(token->bytes()));
  Bytes bytes;
  dag_cbor::Writer out(bytes);
  out.map(1);
  out.text(kVersion);
  out.list(sorted.size());
  for (const Bytes& token : sorted) out.bytes(token);
  return kBase64Url + base_encode(Multibase::kBase64Url, bytes);
}

Result<std::vector<TokenRef>> read_container(ByteView bytes) {
  if (bytes.size() > kContainerBytesMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a UCAN container of {} bytes; {} is the most", bytes.size(),
                             kContainerBytesMax)};
  }
  auto content = unwrap(bytes);
  if (!content.ok()) return std::move(content).error();
  auto value = dag_cbor::decode(*content);
  if (!value.ok()) return malformed_container(value.error().message);
  const Value* found = value->find(kVersion);
  const Value::List* list = found == nullptr ? nullptr : found->as_list();
  if (list == nullptr || value->as_map()->size() != 1) {
    return malformed_container(fmt::format("expected a map of {} and a list", kVersion));
  }
  if (list->size() > kContainerTokensMax) {
    return Error{ErrorCode::kLimitExceeded,
                 fmt::format("a UCAN container of {} tokens; {} is the most", list->size(),
                             kContainerTokensMax)};
  }
  std::vector<TokenRef> tokens;
  for (const Value& item : *list) {
    const Bytes* token_bytes = item.as_byte_string();
    if (token_bytes == nullptr) return malformed_container("expected tokens as bytes");
    TR_ASSIGN(Token token, Token::decode(*token_bytes));
    TR_TRY(token.verify());
    tokens.push_back(std::make_shared<const Token>(std::move(token)));
  }
  return tokens;
}

}  // namespace timerose::scheduler::authority
