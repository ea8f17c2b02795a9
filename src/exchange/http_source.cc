#include "exchange/http_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "exchange/http_address.h"
#include "exchange/http_client.h"
#include "exchange/http_replies.h"
#include "exchange/source_policy.h"

namespace timerose::exchange {
namespace {

using bitswap::SessionId;

// Of a gateway that the configuration names. A provider that the routing names is not followed: it
// could lead to any server that only this machine can reach.
constexpr uint32_t kRedirectsMax = 3;
// From the request of one block to its last byte.
constexpr uint64_t kBlockTimeoutMs = 60'000;

// The parameters that ask for a part of a DAG as a CAR.
std::string query_of(const DagPart& part) {
  switch (part.scope) {
    case DagScope::kBlock:
      return "format=car&dag-scope=block";
    case DagScope::kAll:
      return "format=car&dag-scope=all";
    case DagScope::kEntity:
      break;
  }
  std::string query = "format=car&dag-scope=entity";
  if (!part.bytes) return query;
  query += fmt::format("&entity-bytes={}:", part.bytes->begin);
  // Both ends are included, and numbers are those of 63 bits.
  const bool is_open = part.bytes->end > static_cast<uint64_t>(INT64_MAX);
  return query + (is_open ? "*" : std::to_string(std::max<uint64_t>(part.bytes->end, 1) - 1));
}

class HttpSource final : public BlockSource {
 public:
  HttpSource(const HttpSourceOptions& options, const std::vector<std::string>& gateways,
             Clock& clock, Post post);
  // What is posted finds it gone.
  ~HttpSource() override { *alive_ = false; }

  void start(OnAnswers on_answers, OnDagEnded on_dag_ended) override {
    on_answers_ = std::move(on_answers);
    on_dag_ended_ = std::move(on_dag_ended);
  }
  void add_providers(SessionId session, std::span<const mesh::PeerAddresses> providers) override;
  std::vector<Cid> offer(SessionId session, std::span<const Cid> cids,
                         const BitswapPace& bitswap) override;
  bool offer_dag(SessionId session, const Cid& root, const DagPart& part) override;
  void drop(SessionId session, std::span<const Cid> cids) override;
  void close(SessionId session) override;
  std::vector<SourceStat> stat() override { return policy_.stat(clock_.monotonic_ns()); }

 private:
  struct UnderWay {
    AskGateway asked;
    HttpClient::Id http;
  };

  void carry_out();
  void ask(const AskGateway& asked);
  void ask_dag(const AskGateway& asked, const DagPart& part);
  [[nodiscard]] HttpGet get_of(const AskGateway& asked, std::string_view query,
                               std::string_view accept) const;
  void block_ended(RequestId id, BlockReply::Arrived arrived);
  void dag_blocks(RequestId id, std::vector<Block> blocks, Backlog& backlog, uint64_t bytes);
  void dag_ended(RequestId id, DagReply::Ended ended);
  // Runs `task` on the loop, from any thread, unless this has ended by then.
  template <typename Task>
  void on_loop(Task task);

  const HttpSourceOptions options_;
  Clock& clock_;
  const Post post_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // of the loop's thread
  OnAnswers on_answers_;
  OnDagEnded on_dag_ended_;
  SourcePolicy policy_;
  std::map<RequestId, UnderWay> under_way_;
  HttpClient client_;  // last: its thread ends before the rest goes
};

HttpSource::HttpSource(const HttpSourceOptions& options, const std::vector<std::string>& gateways,
                       Clock& clock, Post post)
    : options_(options),
      clock_(clock),
      post_(std::move(post)),
      policy_({.requests_of_gateway_max = options.requests_of_gateway_max}),
      client_({.connections_of_host_max = options.requests_of_gateway_max,
               .connect_timeout_ms = options.connect_timeout_ms,
               .stall_timeout_ms = options.stall_timeout_ms,
               .proxy = options.proxy},
              clock) {
  for (const std::string& gateway : gateways) policy_.add_gateway(gateway);
}

template <typename Task>
void HttpSource::on_loop(Task task) {
  // A task is copied by whoever keeps it, and what it holds need not be fit for that.
  auto shared = std::make_shared<Task>(std::move(task));
  post_([alive = alive_, shared] {
    if (*alive) (*shared)();
  });
}

void HttpSource::add_providers(SessionId session, std::span<const mesh::PeerAddresses> providers) {
  if (!options_.routed_providers) return;
  for (const mesh::PeerAddresses& provider : providers) {
    for (const mesh::Address& address : provider.addresses) {
      const auto parsed = parse_http_multiaddr(address);
      if (parsed.ok()) policy_.add_provider(session, parsed->url());
    }
  }
}

std::vector<Cid> HttpSource::offer(SessionId session, std::span<const Cid> cids,
                                   const BitswapPace& bitswap) {
  std::vector<Cid> taken = policy_.offer(clock_.monotonic_ns(), session, cids, bitswap);
  carry_out();
  return taken;
}

bool HttpSource::offer_dag(SessionId session, const Cid& root, const DagPart& part) {
  const auto asked = policy_.offer_dag(clock_.monotonic_ns(), session, root);
  if (asked) ask_dag(*asked, part);
  return asked.has_value();
}

void HttpSource::drop(SessionId session, std::span<const Cid> cids) {
  policy_.drop(session, cids);
  carry_out();
}

void HttpSource::close(SessionId session) {
  policy_.close(session);
  carry_out();
}

void HttpSource::carry_out() {
  // Wants that nobody is left to ask for are answered later: whoever offers them does not expect
  // an answer before it knows that they were taken.
  std::vector<SourceAnswer> given_up;
  for (const SourceAction& action : policy_.take_actions(clock_.monotonic_ns())) {
    if (const auto* asked = std::get_if<AskGateway>(&action)) {
      ask(*asked);
    } else if (const auto* cancelled = std::get_if<CancelRequest>(&action)) {
      const auto found = under_way_.find(cancelled->request);
      CHECK(found != under_way_.end());
      client_.cancel(found->second.http);
      under_way_.erase(found);
    } else if (const auto* gone = std::get_if<GiveUpWant>(&action)) {
      given_up.push_back({gone->session, gone->cid, Error{ErrorCode::kNotFound, gone->why}, {}});
    }
  }
  if (given_up.empty()) return;
  on_loop([this, given_up = std::move(given_up)]() mutable { on_answers_(std::move(given_up)); });
}

HttpGet HttpSource::get_of(const AskGateway& asked, std::string_view query,
                           std::string_view accept) const {
  return {.url = fmt::format("{}/ipfs/{}?{}", policy_.name(asked.gateway), asked.cid.to_string(),
                             query),
          .accept = std::string(accept),
          .redirects_max = policy_.is_configured(asked.gateway) ? kRedirectsMax : 0};
}

void HttpSource::ask(const AskGateway& asked) {
  HttpGet get = get_of(asked, "format=raw", "application/vnd.ipld.raw");
  get.timeout_ms = kBlockTimeoutMs;
  auto reply = std::make_unique<BlockReply>(
      asked.cid, [this, id = asked.request](BlockReply::Arrived arrived) {
        on_loop([this, id, arrived = std::move(arrived)]() mutable {
          block_ended(id, std::move(arrived));
        });
      });
  under_way_.emplace(asked.request, UnderWay{asked, client_.get(std::move(get), std::move(reply))});
}

void HttpSource::ask_dag(const AskGateway& asked, const DagPart& part) {
  HttpGet get =
      get_of(asked, query_of(part), "application/vnd.ipld.car; version=1; order=dfs; dups=n");
  const auto backlog = std::make_shared<Backlog>();
  auto reply = std::make_unique<DagReply>(
      asked.cid, part, backlog,
      [this, id = asked.request, backlog](std::vector<Block> blocks, uint64_t bytes) {
        on_loop([this, id, backlog, blocks = std::move(blocks), bytes]() mutable {
          dag_blocks(id, std::move(blocks), *backlog, bytes);
        });
      },
      [this, id = asked.request](DagReply::Ended ended) {
        on_loop(
            [this, id, ended = std::move(ended)]() mutable { dag_ended(id, std::move(ended)); });
      });
  under_way_.emplace(asked.request, UnderWay{asked, client_.get(std::move(get), std::move(reply))});
}

void HttpSource::block_ended(RequestId id, BlockReply::Arrived arrived) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;  // cancelled meanwhile
  const AskGateway asked = std::move(found->second.asked);
  under_way_.erase(found);
  policy_.came(clock_.monotonic_ns(), id, arrived.came);
  carry_out();
  if (!arrived.block.ok()) return;  // somebody else is asked, or it is given up
  std::vector<SourceAnswer> answers;
  answers.push_back(
      {asked.session, asked.cid, std::move(arrived.block), policy_.name(asked.gateway)});
  on_answers_(std::move(answers));
}

void HttpSource::dag_blocks(RequestId id, std::vector<Block> blocks, Backlog& backlog,
                            uint64_t bytes) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  const UnderWay under_way = found->second;
  const size_t before = backlog.bytes.fetch_sub(bytes);
  if (before > Backlog::kBytesMax / 2 && before - bytes <= Backlog::kBytesMax / 2) {
    client_.resume(under_way.http);
  }
  std::vector<SourceAnswer> answers;
  for (Block& block : blocks) {
    policy_.brought(id, block.size());
    const Cid cid = block.cid();
    answers.push_back(
        {under_way.asked.session, cid, std::move(block), policy_.name(under_way.asked.gateway)});
  }
  on_answers_(std::move(answers));
}

void HttpSource::dag_ended(RequestId id, DagReply::Ended ended) {
  const auto found = under_way_.find(id);
  if (found == under_way_.end()) return;
  const AskGateway asked = std::move(found->second.asked);
  under_way_.erase(found);
  policy_.came(clock_.monotonic_ns(), id, ended.came);
  carry_out();
  Status status = std::move(ended.status);
  if (!status.ok()) status = std::move(status).error().within(policy_.name(asked.gateway));
  on_dag_ended_(asked.session, asked.cid, status);
}

}  // namespace

Result<std::unique_ptr<BlockSource>> make_http_source(const HttpSourceOptions& options,
                                                      Clock& clock, Post post) {
  std::vector<std::string> gateways;
  for (const std::string& gateway : options.gateways) {
    TR_ASSIGN(const HttpAddress parsed, parse_http_address(gateway));
    gateways.push_back(parsed.url());
  }
  return std::unique_ptr<BlockSource>(
      std::make_unique<HttpSource>(options, gateways, clock, std::move(post)));
}

}  // namespace timerose::exchange
