#include "sim/jobs/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/jobs/field_reader.h"

namespace timerose::sim::jobs {
namespace {

void add_mesh_fields(Scenario& out, FieldReader& reader) {
  reader.text("name", out.name);
  reader.count("nodes", out.nodes, 2, Scenario::kNodesMax);
  reader.span("lasts", out.lasts_ms);
  reader.real("height_ms", out.height_ms);
  const auto region = reader.list("regions", out.regions);
  region.text("name", &Region::name);
  region.share("share", &Region::share);
  region.real("x_ms", &Region::x_ms);
  region.real("y_ms", &Region::y_ms);
  region.real("radius_ms", &Region::radius_ms);
  const auto machine = reader.list("machines", out.machines);
  machine.share("share", &Machine::share);
  machine.count("cores", &Machine::cores, 1, 1024);
  machine.bytes("memory", &Machine::memory_bytes);
  machine.count("fuel_per_s", &Machine::fuel_per_s, 1, 1'000'000'000'000);
  machine.bytes("up_per_s", &Machine::up_bytes_s);
  machine.bytes("down_per_s", &Machine::down_bytes_s);
}

void add_fault_fields(Faults& out, FieldReader& reader) {
  reader.share("faults.loss", out.loss);
  reader.real("faults.breaks_per_minute", out.breaks_per_minute);
  reader.share("faults.churning", out.churning);
  reader.span("faults.stays", out.stays_ms);
  reader.span("faults.away", out.away_ms);
  reader.share("faults.slow", out.slow);
  reader.real("faults.slower", out.slower);
  reader.share("faults.never_runs", out.never_runs);
  reader.share("faults.lies_alone", out.lies_alone);
  reader.share("faults.lies_together", out.lies_together);
  reader.flag("faults.praise", out.praise);
  reader.span("faults.skew", out.skew_ms);
  const auto partition = reader.list("faults.partitions", out.partitions);
  partition.span("at", &Partition::at_ms);
  partition.span("lasts", &Partition::lasts_ms);
  partition.text("region", &Partition::region);
  partition.share("share", &Partition::share);
}

void add_limit_fields(Limits& out, FieldReader& reader) {
  reader.count("limits.running_of_requester", out.running_of_requester, 1, UINT32_MAX);
  reader.count("limits.fetching", out.fetching, 1, UINT32_MAX);
  reader.count("limits.calls", out.calls, 1, UINT32_MAX);
  reader.count("limits.calls_of_requester", out.calls_of_requester, 1, UINT32_MAX);
  reader.bytes("limits.bytes_of_requester", out.bytes_of_requester);
  reader.count("limits.fuel_a_minute", out.fuel_a_minute, 1, UINT64_MAX);
}

void add_work_fields(Work& out, FieldReader& reader) {
  reader.real("work.jobs_per_s", out.jobs_per_s);
  reader.share("work.askers", out.askers);
  reader.count("work.askers_max", out.askers_max, 1, Scenario::kNodesMax);
  reader.share("work.follow", out.follow);
  reader.share("work.repeated", out.repeated);
  reader.share("work.starved", out.starved);
  reader.share("work.cancelled", out.cancelled);
  reader.span("work.deadline", out.deadline_ms);
  reader.word(
      "work.verify",
      [&out](std::string_view word) {
        const auto wish = scheduler::verify::parse_wish(word);
        if (wish.ok()) out.verify = *wish;
        return wish.ok();
      },
      "\"none\", \"trust\", \"self\", or a quorum such as \"quorum=2\" or \"quorum=2/6\"");
  reader.share("work.verified", out.verified);
  reader.share("work.hedged", out.hedged);
  reader.flag("work.receipts", out.receipts);
  reader.word(
      "work.placing",
      [&out](std::string_view word) {
        out.placing = word == "omniscient" ? Placing::kOmniscient : Placing::kShipped;
        return word == "omniscient" || word == "shipped";
      },
      "\"shipped\" or \"omniscient\"");
  const auto function = reader.list("work.functions", out.functions);
  function.text("name", &FunctionKind::name);
  function.share("share", &FunctionKind::share);
  function.count("count", &FunctionKind::count, 1, 100'000);
  function.bytes("module", &FunctionKind::module_bytes);
  function.count("fuel", &FunctionKind::fuel, 1, UINT64_MAX);
  function.real("fuel_per_byte", &FunctionKind::fuel_per_byte);
  function.bytes("output", &FunctionKind::output_bytes);
  function.bytes("memory", &FunctionKind::memory_bytes);
  function.share("kills", &FunctionKind::kills);
  reader.count("work.data.objects", out.data.objects, 1, 10'000'000);
  reader.bytes("work.data.least", out.data.bytes_min);
  reader.bytes("work.data.most", out.data.bytes_max);
  reader.real("work.data.zipf", out.data.zipf);
  reader.count("work.data.copies", out.data.copies, 1, 64);
}

template <typename List>
bool have_shares(const List& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& one) { return one.share > 0; });
}

}  // namespace

Result<Scenario> Scenario::parse(std::string_view text) {
  Scenario out;
  FieldReader reader;
  add_mesh_fields(out, reader);
  add_fault_fields(out.faults, reader);
  add_limit_fields(out.limits, reader);
  add_work_fields(out.work, reader);
  TR_TRY(reader.read(text));
  TR_TRY(out.check());
  return out;
}

Status Scenario::check() const {
  const auto wrong = [](std::string what) {
    return Error{ErrorCode::kInvalidArgument, std::move(what)};
  };
  if (!have_shares(regions))
    return wrong(
        R"(regions: one of them needs a share above 0, such as {"name": "eu", "share": 1})");
  if (!have_shares(machines))
    return wrong(
        R"(machines: one of them needs a share above 0, such as {"share": 1, "cores": 4})");
  if (!have_shares(work.functions)) {
    return wrong(
        R"(work.functions: one of them needs a share above 0, such as {"name": "f", "share": 1})");
  }
  if (work.data.bytes_min == 0 || work.data.bytes_min > work.data.bytes_max) {
    return wrong(
        R"(work.data: expected 0 < least <= most, such as {"least": "1MiB", "most": "64MiB"})");
  }
  const double liars = faults.never_runs + faults.lies_alone + faults.lies_together;
  if (liars > 1) {
    return wrong(fmt::format(
        "faults: never_runs, lies_alone and lies_together are shares of the same nodes; together "
        "they are {:g}, which is more than 1",
        liars));
  }
  for (const Machine& machine : machines) {
    if (machine.up_bytes_s == 0 || machine.down_bytes_s == 0) {
      return wrong(R"(machines: up_per_s and down_per_s must be above 0, such as "12MB")");
    }
  }
  for (const Partition& partition : faults.partitions) {
    const bool known = partition.region.empty() ||
                       std::any_of(regions.begin(), regions.end(), [&](const Region& region) {
                         return region.name == partition.region;
                       });
    if (!known) {
      std::string names;
      for (const Region& region : regions) names += (names.empty() ? "" : ", ") + region.name;
      return wrong(fmt::format("faults.partitions: there is no region {}; there are {}",
                               partition.region, names));
    }
  }
  return success();
}

}  // namespace timerose::sim::jobs
