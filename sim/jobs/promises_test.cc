// Each promise is broken once on purpose, and must be seen to be: a check that cannot fail is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/jobs/executor_promises.h"
#include "sim/jobs/mesh_run.h"

namespace timerose::sim::jobs {
namespace {

namespace execute = scheduler::execute;
using scheduler::jobs::EndJob;
using scheduler::jobs::JobAction;
using ::testing::HasSubstr;

// More work than its six nodes can do at a time.
Scenario busy() {
  Scenario out;
  out.nodes = 6;
  out.lasts_ms = 5'000;
  out.machines = {{.cores = 2}};
  out.work.jobs_per_s = 20;
  out.work.askers = 0.4;
  out.work.deadline_ms = 15'000;
  out.work.verify.policy = scheduler::verify::Policy::kNone;
  out.work.functions = {{.module_bytes = 64U << 10, .fuel = 1'000'000'000, .output_bytes = 1000}};
  out.work.data.objects = 20;
  out.work.data.bytes_max = 4U << 20;
  return out;
}

struct Mutant {
  const char* name;
  std::function<void(Scenario&)> world;
  Sabotage sabotage;
  const char* seen;  // in the failure
};

std::ostream& operator<<(std::ostream& out, const Mutant& mutant) { return out << mutant.name; }

Sabotage of_limits(std::function<void(execute::ExecutorLimits&)> change) {
  Sabotage out;
  out.limits = std::move(change);
  return out;
}

template <typename Action>
Sabotage without_executor_action() {
  Sabotage out;
  out.executor = [](std::vector<execute::ExecutorAction>& actions) {
    std::erase_if(actions, [](const auto& one) { return std::holds_alternative<Action>(one); });
  };
  return out;
}

Sabotage of_job_ends(int times) {
  Sabotage out;
  out.job = [times](std::vector<JobAction>& actions) {
    std::vector<JobAction> changed;
    for (const JobAction& action : actions) {
      const bool ends = std::holds_alternative<EndJob>(action);
      for (int i = 0; i < (ends ? times : 1); ++i) changed.push_back(action);
    }
    actions = std::move(changed);
  };
  return out;
}

Sabotage believing_anybody() {
  Sabotage out;
  out.options = [](scheduler::jobs::JobOptions& options) {
    options.verify.policy = scheduler::verify::Policy::kNone;
  };
  return out;
}

Sabotage with_longer_deadlines() {
  Sabotage out;
  out.options = [](scheduler::jobs::JobOptions& options) { options.deadline_ms *= 10; };
  return out;
}

Sabotage with_more_fuel() {
  Sabotage out;
  out.executor = [](std::vector<execute::ExecutorAction>& actions) {
    for (execute::ExecutorAction& action : actions) {
      auto* launch = std::get_if<execute::Launch>(&action);
      if (launch == nullptr) continue;
      auto job = std::make_shared<execute::Job>(*launch->job);
      job->fuel *= 2;
      launch->job = std::move(job);
    }
  };
  return out;
}

void lie(Scenario& world) {
  world.nodes = 12;
  world.faults.lies_alone = 0.4;
  world.work.jobs_per_s = 5;
  world.work.verify = *scheduler::verify::parse_wish("quorum=2");
}

std::vector<Mutant> mutants() {
  return {
      {"AJobThatIsLost", {}, of_job_ends(0), "has no end after its deadline"},
      {"AJobThatIsAnsweredTwice", {}, of_job_ends(2), "ended twice"},
      {"ADeadlineThatIsNotKept",
       [](Scenario& world) { world.work.functions[0].fuel = 40'000'000'000; },
       with_longer_deadlines(), "has no end after its deadline"},
      {"AGuestThatIsNotStopped", [](Scenario& world) { world.work.cancelled = 0.5; },
       without_executor_action<execute::Stop>(), "a lease did not end"},
      {"ARunThatIsForgotten",
       {},
       without_executor_action<execute::Launch>(),
       "still at work after the end"},
      {"TooManyGuestsAtATime",
       {},
       of_limits([](auto& limits) { ++limits.running_max; }),
       "guests run at a time, and 2 may"},
      {"TooManyGuestsOfOneRequester",
       [](Scenario& world) { world.limits.running_of_requester = 1; },
       of_limits([](auto& limits) { limits.running_of_requester_max = 2; }),
       "guests run at a time for one requester"},
      {"TooManyFetchesAtATime", [](Scenario& world) { world.limits.fetching = 1; },
       of_limits([](auto& limits) { limits.fetching_max = 8; }), "inputs are fetched at a time"},
      {"TooManyCalls", [](Scenario& world) { world.limits.calls = 4; },
       of_limits([](auto& limits) { limits.calls_max = 1000; }), "calls wait, and 4 may"},
      {"TooManyCallsOfOneRequester", [](Scenario& world) { world.limits.calls_of_requester = 3; },
       of_limits([](auto& limits) { limits.calls_of_requester_max = 1000; }),
       "calls of one requester wait, and 3 may"},
      {"TooManyBytesOfOneRequester", [](Scenario& world) { world.limits.bytes_of_requester = 500; },
       of_limits([](auto& limits) { limits.bytes_of_requester_max = 1U << 20; }),
       "bytes of one requester's calls wait, and 500 may"},
      {"TooMuchFuelAMinute", [](Scenario& world) { world.limits.fuel_a_minute = 3'000'000'000; },
       of_limits([](auto& limits) { limits.fuel_of_requester_a_minute = UINT64_MAX; }),
       "of 3000000000 a minute"},
      {"MoreFuelThanTheCallHas", [](Scenario& world) { world.work.starved = 0.5; },
       with_more_fuel(), "a guest may use"},
      {"AWrongOutcomeOfTooFew", lie, believing_anybody(), "believes a wrong Outcome"},
  };
}

class Promise : public ::testing::TestWithParam<Mutant> {};

TEST_P(Promise, IsKeptAndIsSeenToBeBroken) {
  Scenario world = busy();
  if (GetParam().world) GetParam().world(world);
  EXPECT_EQ(run_mesh(world, {}).failure, "");
  EXPECT_THAT(run_mesh(world, {.sabotage = GetParam().sabotage}).failure,
              HasSubstr(GetParam().seen));
}

INSTANTIATE_TEST_SUITE_P(Simulated, Promise, ::testing::ValuesIn(mutants()),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(ExecutorPromises, SeeMoreQuestionsThanMayBeLookedInto) {
  EventQueue events;
  std::string failure;
  execute::ExecutorLimits limits;
  limits.questions_max = 2;
  ExecutorPromises promises(events, limits, [&](const std::string& what) { failure = what; });
  for (uint64_t question = 1; question <= 3; ++question) {
    EXPECT_EQ(failure, "");
    promises.asked(ExecutorPromises::QuestionId{question});
    promises.check_limits();
  }
  EXPECT_THAT(failure, HasSubstr("more questions"));
}

// One call, offered and running.
struct RunningCall {
  RunningCall() {
    offer.call = 1;
    offer.invocation = call.encode().value();
    offer.fuel = 1000;
    offer.lease_ms = 5000;
    execute::Job job(Cid::of_sha256(Codec::kDagCbor, offer.invocation), call);
    job.fuel = 1000;
    promises.opened(mesh::StreamId{1}, job.requester);
    promises.received(mesh::StreamId{1}, offer);
    promises.runs(ExecutorPromises::ExecutionId{1}, job);
  }
  void pass(uint64_t ns) {
    events.after(ns, [this] { promises.check_leases(); });
    events.run_one();
  }
  static compute::Invocation invocation() {
    compute::Invocation out(Cid::of_sha256(Codec::kRaw, as_bytes("module")));
    out.entry = "_start";
    return out;
  }
  EventQueue events;
  std::string failure;
  ExecutorPromises promises{events, {}, [this](const std::string& what) { failure = what; }};
  compute::Invocation call = invocation();
  execute::Offer offer;
};

TEST(ExecutorPromises, SeeALeaseThatDoesNotEnd) {
  RunningCall call;
  call.pass(4 * kSecond);
  call.promises.received(mesh::StreamId{1}, execute::Heartbeat{});
  call.pass(4 * kSecond);
  EXPECT_EQ(call.failure, "") << "it was heard of within the lease";
  call.promises.closed(mesh::StreamId{1});
  call.pass(kSecond);
  EXPECT_EQ(call.failure, "") << "it may come back over another link";
  call.pass(2 * kSecond);
  EXPECT_THAT(call.failure, HasSubstr("a lease did not end"));
}

TEST(ExecutorPromises, SeeAGuestThatUsesMoreThanItMay) {
  RunningCall call;
  EXPECT_EQ(call.failure, "");
  call.promises.ran(ExecutorPromises::ExecutionId{1}, 1001);
  EXPECT_THAT(call.failure, HasSubstr("used 1001 fuel of 1000"));
}

}  // namespace
}  // namespace timerose::sim::jobs
