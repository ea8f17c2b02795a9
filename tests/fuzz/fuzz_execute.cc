// Frames of the execution protocol: what decodes must encode to the same bytes, and neither side
// may fail a check, whatever it is told.
#include <cstdint>

#include "base/check.h"
#include "scheduler/execute/executor_side.h"
#include "scheduler/execute/requester_side.h"

namespace timerose::scheduler::execute {
namespace {

class Everything final : public ExecutorView {
 public:
  [[nodiscard]] bool may_ask(const PeerId& /*requester*/) const override { return true; }
  [[nodiscard]] bool has_inputs(const Job& job) const override { return job.fuel % 2 == 0; }
};

PeerId peer() { return PeerId::of(PrivateKey::from_seed({1}).public_key()); }

void hear_as_executor(const std::vector<Message>& messages) {
  const Everything view;
  ExecutorSide side(view, {});
  uint64_t now_ns = 1;
  const mesh::StreamId link{1};
  side.step(now_ns, LinkOpened{link, peer()});
  for (const Message& message : messages) {
    for (const ExecutorAction& action : std::vector(side.step(now_ns, Received{link, message}))) {
      if (const auto* launch = std::get_if<Launch>(&action)) {
        side.step(now_ns, ExecutionEnded{launch->execution, Finish{0, false, {1}, {2}, {}}, 1, 1});
      }
      if (const auto* fetch = std::get_if<FetchInputs>(&action)) {
        side.step(now_ns, InputsFetched{fetch->execution, std::nullopt});
      }
      if (const auto* survey = std::get_if<Survey>(&action)) {
        side.step(now_ns, Surveyed{survey->question, Estimate{}});
      }
      if (const auto* look_up = std::get_if<LookUp>(&action)) {
        side.step(now_ns, LookedUp{look_up->question, Finish{0, true, {1}, {2}, {}}});
      }
    }
    now_ns += 100'000'000;
    side.step(now_ns, Tick{});
  }
  side.step(now_ns, Drain{.also_running = true});
}

void hear_as_requester(const std::vector<Message>& messages) {
  RequesterSide side{RequesterLimits()};
  uint64_t now_ns = 1;
  for (CallNumber call = 0; call < 8; ++call) {
    Offer offer;
    offer.call = call;
    offer.logs = call % 2 == 0;
    offer.commit = call % 4 == 1;
    side.step(now_ns, Ask{peer(), std::move(offer)});
  }
  side.step(now_ns, Ask{peer(), Probe{8, {}, {}}});
  side.step(now_ns, Ask{peer(), Known{9, Cid::of_sha256(Codec::kDagCbor, {}), {}}});
  side.step(now_ns, LinkReady{peer()});
  for (const Message& message : messages) {
    side.step(now_ns, Heard{peer(), message});
    side.step(now_ns, RevealCalls{{1}});
    now_ns += 100'000'000;
    side.step(now_ns, RequesterTick{});
  }
}

}  // namespace
}  // namespace timerose::scheduler::execute

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace timerose::scheduler::execute;
  const timerose::ByteView frame(data, size);
  const auto messages = decode_frame(frame);
  if (!messages.ok()) return 0;
  CHECK(timerose::equal(encode_frame(*messages), frame));
  hear_as_executor(*messages);
  hear_as_requester(*messages);
  return 0;
}
