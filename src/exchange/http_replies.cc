#include "exchange/http_replies.h"

#include <fmt/format.h>

#include "base/duration.h"

namespace timerose::exchange {
namespace {

constexpr std::string_view kCarType = "application/vnd.ipld.car";

bool is_wrong_bytes(const Error& error) {
  return error.code == ErrorCode::kMismatch || error.code == ErrorCode::kMalformed ||
         error.code == ErrorCode::kLimitExceeded;
}

GotBlock measured(const HttpEnd& end) { return {end.bytes, end.first_byte_ns, end.duration_ns}; }

}  // namespace

Came came_of(const HttpEnd& end) {
  if (!end.whole && end.status != 0) {
    return Failed{fmt::format("its reply broke off: {}", end.why)};
  }
  switch (end.status) {
    case 0:
      return Failed{fmt::format("gives no reply: {}", end.why)};
    case 404:
    case 410:
    case 412:
    case 451:
    case 504:  // it has looked for it elsewhere
      return NotThere{fmt::format("does not have it (status {})", end.status)};
    case 429:
    case 503:
      return TooBusy{end.retry_after_s * kNsPerSecond};
    default:
      return Failed{fmt::format("answers with status {}", end.status)};
  }
}

// The hash says whether the bytes are right, whatever their type.
bool BlockReply::begin(const std::string&) { return true; }

HttpReply::Taken BlockReply::take(ByteView bytes) {
  if (bytes_.size() + bytes.size() > kBlockBytesMax) {
    too_long_ = true;
    return Taken::kStop;
  }
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return Taken::kMore;
}

void BlockReply::end(const HttpEnd& end) {
  if (too_long_) {
    const std::string why = fmt::format("sends more than the {} bytes of a block", kBlockBytesMax);
    return done_({Error{ErrorCode::kLimitExceeded, why}, WrongBytes{why}});
  }
  if (!end.whole || end.status != 200) {
    return done_({Error{ErrorCode::kNotFound, "no block"}, came_of(end)});
  }
  auto block = Block::verify(cid_, SharedBytes(std::move(bytes_)));
  if (!block.ok()) return done_({block.error(), WrongBytes{"sends other bytes than the block's"}});
  done_({std::move(block), measured(end)});
}

// In another order, a block that came before what links to it could not be told from a strange one.
bool DagReply::begin(const std::string& content_type) {
  return content_type.starts_with(kCarType) && content_type.find("order=dfs") != std::string::npos;
}

HttpReply::Taken DagReply::take(ByteView bytes) {
  if (backlog_->bytes > Backlog::kBytesMax) return Taken::kPause;
  std::vector<Block> blocks;
  uint64_t size = 0;
  wrong_ = stream_.feed(bytes, [&](Block block) -> Status {
    TR_ASSIGN(const bool is_new, check_.add(block));
    if (!is_new) return success();
    size += block.size();
    blocks.push_back(std::move(block));
    return success();
  });
  // What was right before is right.
  if (!blocks.empty()) {
    backlog_->bytes += size;
    on_blocks_(std::move(blocks), size);
  }
  return wrong_.ok() ? Taken::kMore : Taken::kStop;
}

void DagReply::end(const HttpEnd& end) {
  if (!wrong_.ok()) {
    const Error& error = wrong_.error();
    if (is_wrong_bytes(error)) return done_({error, WrongBytes{error.message}});
    return done_({error, Failed{error.message}});
  }
  if (!end.whole || end.status != 200) {
    const Came came = came_of(end);
    return done_({Error{ErrorCode::kNotFound, "the stream of the DAG broke off"}, came});
  }
  if (!stream_.may_end() || !check_.whole()) {
    return done_({Error{ErrorCode::kNotFound, "the stream ended before the DAG did"},
                  Failed{"sends a part of the DAG as if it were all"}});
  }
  done_({success(), measured(end)});
}

}  // namespace timerose::exchange
