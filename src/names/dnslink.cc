#include "names/dnslink.h"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>

#include "base/duration.h"

namespace timerose::names {
namespace {

constexpr std::string_view kPrefix = "dnslink=";

// Also "dnslink=CID", as it was once written.
std::optional<NamePath> path_of(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  auto path =
      NamePath::parse(text.starts_with('/') ? std::string(text) : "/ipfs/" + std::string(text));
  if (!path.ok()) return std::nullopt;
  return std::move(path).value();
}

Error answer_error(int code) {
  switch (code) {
    case ns_r_nxdomain:
      return {ErrorCode::kNotFound, "the domain does not exist"};
    case ns_r_servfail:
    case ns_r_refused:
      return {ErrorCode::kBusy,
              fmt::format("the name server did not answer the question (code {})", code)};
    default:
      return {ErrorCode::kMalformed, fmt::format("the name server answered with code {}", code)};
  }
}

Result<std::string> join_strings(ByteView data) {
  std::string text;
  while (!data.empty()) {
    const size_t length = data.front();
    if (length >= data.size()) {
      return Error{ErrorCode::kMalformed, "a TXT record ends within a character-string"};
    }
    text += as_text(data.subspan(1, length));
    data = data.subspan(1 + length);
  }
  return text;
}

ByteView data_of(const ns_rr& record) {
  return {ns_rr_rdata(record), static_cast<size_t>(ns_rr_rdlen(record))};
}

// A resolver's state, closed once.
class State {
 public:
  explicit State(const std::optional<SystemTxtResolver::Server>& server) {
    ready_ = res_ninit(&state_) == 0;
    if (!ready_) return;
    state_.retrans = static_cast<int>(SystemTxtResolver::kWaitMax.count());
    state_.retry = 2;
    if (!server) return;
    state_.nscount = 1;
    state_.nsaddr_list[0] = {};
    state_.nsaddr_list[0].sin_family = AF_INET;
    state_.nsaddr_list[0].sin_port = htons(server->port);
    state_.nsaddr_list[0].sin_addr.s_addr = htonl(server->ipv4);
  }
  ~State() {
    if (ready_) res_nclose(&state_);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  res_state get() { return &state_; }

 private:
  struct __res_state state_{};
  bool ready_ = false;
};

Error lookup_error(const std::string& domain, int code) {
  switch (code) {
    case HOST_NOT_FOUND:
      return {ErrorCode::kNotFound, fmt::format("the domain {} does not exist", domain)};
    case NO_DATA:
      return {ErrorCode::kNotFound, fmt::format("{} has no TXT record", domain)};
    default:
      return {ErrorCode::kBusy,
              fmt::format("no name server answered for {}; check /etc/resolv.conf and the network",
                          domain)};
  }
}

}  // namespace

Result<NamePath> dnslink_of(const std::vector<std::string>& texts) {
  std::optional<NamePath> found;
  for (const std::string& text : texts) {
    auto path = path_of(text);
    if (!path || path == found) continue;
    if (found) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("there are several dnslink records, of {} and of {}; the domain's "
                               "owner must leave one",
                               found->to_string(), path->to_string())};
    }
    found = std::move(path);
  }
  if (!found) {
    return Error{ErrorCode::kNotFound, "no TXT record of the form dnslink=/ipfs/... or /ipns/..."};
  }
  return *std::move(found);
}

Result<TxtAnswer> parse_txt_answer(ByteView message) {
  ns_msg parsed;
  if (message.size() > kDnsMessageBytesMax ||
      ns_initparse(message.data(), static_cast<int>(message.size()), &parsed) != 0) {
    return Error{ErrorCode::kMalformed, "not a DNS message"};
  }
  if (const int code = ns_msg_getflag(parsed, ns_f_rcode); code != ns_r_noerror) {
    return answer_error(code);
  }
  TxtAnswer answer;
  answer.ttl_ns = UINT64_MAX;
  for (int i = 0; i < ns_msg_count(parsed, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&parsed, ns_s_an, i, &record) != 0) {
      return Error{ErrorCode::kMalformed, "a DNS message with a record that is cut short"};
    }
    if (ns_rr_type(record) != ns_t_txt || ns_rr_class(record) != ns_c_in) continue;
    if (answer.texts.size() == kTxtRecordsMax) {
      return Error{ErrorCode::kLimitExceeded,
                   fmt::format("more than {} TXT records", kTxtRecordsMax)};
    }
    TR_ASSIGN(std::string text, join_strings(data_of(record)));
    answer.texts.push_back(std::move(text));
    answer.ttl_ns = std::min(answer.ttl_ns, uint64_t{ns_rr_ttl(record)} * kNsPerSecond);
  }
  if (answer.texts.empty()) return Error{ErrorCode::kNotFound, "no TXT record"};
  return answer;
}

Result<TxtAnswer> SystemTxtResolver::lookup(const std::string& domain) {
  State state(server_);
  if (!state.ready()) {
    return Error{ErrorCode::kIo, "the system's resolver could not be set up (/etc/resolv.conf)"};
  }
  Bytes message(kDnsMessageBytesMax);
  const int size = res_nquery(state.get(), domain.c_str(), ns_c_in, ns_t_txt, message.data(),
                              static_cast<int>(message.size()));
  if (size < 0) return lookup_error(domain, state.get()->res_h_errno);
  message.resize(std::min(static_cast<size_t>(size), message.size()));
  auto answer = parse_txt_answer(message);
  if (!answer.ok()) return std::move(answer).error().within("asking for " + domain);
  return answer;
}

}  // namespace timerose::names
