#include "compute/invocation.h"

#include <fmt/format.h>

#include "compute/fields.h"
#include "compute/mount_path.h"
#include "ipld/dag_cbor.h"
#include "ipld/utf8.h"

namespace timerose::compute {
namespace {

constexpr uint64_t kPageBytes = 64U << 10;  // of WebAssembly

Error invalid_invocation(std::string message) {
  return {ErrorCode::kInvalidArgument, std::move(message)};
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Status check_text(const Invocation& call) {
  if (call.entry.empty())
    return invalid_invocation("the entry is empty: name an exported function (--entry NAME)");
  if (!is_utf8(call.entry))
    return invalid_invocation("the entry is not UTF-8, so no module can export it");
  for (const std::string& arg : call.args) {
    if (has_nul(arg))
      return invalid_invocation("an argument holds a NUL byte, where a guest would cut it off");
  }
  for (const auto& [name, value] : call.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      return invalid_invocation(fmt::format(
          "environment variable \"{}\": its name must not be empty or hold '=', neither it nor its "
          "value a NUL byte",
          name));
    }
  }
  for (const auto& [name, cid] : call.links) {
    if (!is_utf8(name))
      return invalid_invocation("the name of a link is not UTF-8, so nothing can import it");
  }
  return success();
}

Status check_mounts(const Invocation& call) {
  for (const auto& [path, cid] : call.mounts) {
    TR_ASSIGN(const std::string normal, normal_mount_path(path));
    if (normal != path)
      return invalid_invocation(fmt::format("mount \"{}\" is written \"{}\"", path, normal));
  }
  return success();
}

Status check_version(const Cid& cid) {
  if (cid.version() == 1) return success();
  return invalid_invocation(fmt::format("{} is a CID of version 0; here it is {}", cid.to_string(),
                                        cid.as_v1().to_string()));
}

Status check_cids(const Invocation& call) {
  TR_TRY(check_version(call.module));
  for (const Cid& cid : call.inputs) TR_TRY(check_version(cid));
  for (const auto& [path, cid] : call.mounts) TR_TRY(check_version(cid));
  for (const auto& [name, cid] : call.links) TR_TRY(check_version(cid));
  if (!call.stdin_file) return success();
  TR_TRY(check_version(*call.stdin_file));
  if (!call.inputs.empty() && call.inputs.front() == *call.stdin_file) {
    return invalid_invocation("standard input is the first input, which it is when left out");
  }
  return success();
}

Status check_limits(const Invocation& call) {
  if (call.seed.size() > Invocation::kSeedBytesMax) {
    return invalid_invocation(fmt::format("a seed of {} bytes: at most {} are allowed",
                                          call.seed.size(), Invocation::kSeedBytesMax));
  }
  if (call.memory_bytes_max < kPageBytes || call.memory_bytes_max % kPageBytes != 0) {
    return invalid_invocation(
        fmt::format("a memory limit of {} bytes: expected whole pages of {}, at least one",
                    call.memory_bytes_max, kPageBytes));
  }
  return success();
}

void write(dag_cbor::Writer& out, const Invocation& call) {
  out.map(5 + uint64_t{!call.env.empty()} + uint64_t{!call.args.empty()} +
          uint64_t{!call.seed.empty()} + uint64_t{!call.links.empty()} +
          uint64_t{call.stdin_file.has_value()} + uint64_t{!call.inputs.empty()} +
          uint64_t{!call.mounts.empty()});
  out.text("v");
  out.integer(Invocation::kRulesVersion);
  out.text("abi");
  out.text(wasm::abi_name(call.abi));
  if (!call.env.empty()) out.text("env"), write_byte_pairs(out, call.env);
  if (!call.args.empty()) out.text("args"), write_byte_strings(out, call.args);
  if (!call.seed.empty()) out.text("seed"), out.bytes(call.seed);
  out.text("entry");
  out.text(call.entry);
  if (!call.links.empty()) out.text("links"), write_link_pairs(out, call.links);
  if (call.stdin_file) out.text("stdin"), out.link(*call.stdin_file);
  if (!call.inputs.empty()) {
    out.text("inputs");
    out.list(call.inputs.size());
    for (const Cid& cid : call.inputs) out.link(cid);
  }
  out.text("memory");
  out.integer(call.memory_bytes_max);
  out.text("module");
  out.link(call.module);
  if (!call.mounts.empty()) out.text("mounts"), write_link_pairs(out, call.mounts);
}

}  // namespace

Status Invocation::check() const {
  TR_TRY(check_text(*this));
  TR_TRY(check_cids(*this));
  TR_TRY(check_mounts(*this));
  return check_limits(*this);
}

Status Invocation::encode_into(Bytes& out) const {
  TR_TRY(check());
  out.clear();
  dag_cbor::Writer writer(out);
  write(writer, *this);
  return success();
}

Result<Bytes> Invocation::encode() const {
  Bytes out;
  TR_TRY(encode_into(out));
  return out;
}

Result<Invocation> Invocation::decode(ByteView bytes) {
  TR_ASSIGN(const Value value, dag_cbor::decode(bytes));
  TR_ASSIGN(Fields fields, Fields::of(value, "Invocation"));
  TR_ASSIGN(const uint64_t version, fields.integer("v"));
  if (version != kRulesVersion) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("Invocation: rules of version {}; this program has {}", version,
                             kRulesVersion)};
  }
  TR_ASSIGN(Cid module, fields.link("module"));
  Invocation call(std::move(module));
  TR_ASSIGN(const std::string abi, fields.text("abi"));
  auto named = wasm::abi_named(abi);
  if (!named.ok()) {
    return Error{ErrorCode::kMalformed, "Invocation: field \"abi\": " + named.error().message};
  }
  call.abi = *named;
  TR_ASSIGN(call.env, fields.byte_pairs("env"));
  TR_ASSIGN(call.args, fields.byte_strings("args"));
  TR_ASSIGN(call.seed, fields.bytes_or_empty("seed"));
  TR_ASSIGN(call.entry, fields.text("entry"));
  TR_ASSIGN(call.links, fields.link_pairs("links"));
  TR_ASSIGN(call.stdin_file, fields.optional_link("stdin"));
  TR_ASSIGN(call.inputs, fields.links("inputs"));
  TR_ASSIGN(call.memory_bytes_max, fields.integer("memory"));
  TR_ASSIGN(call.mounts, fields.link_pairs("mounts"));
  TR_TRY(fields.finish());
  if (Status status = call.check(); !status.ok()) {
    return Error{ErrorCode::kMalformed, "Invocation: " + status.error().message};
  }
  return call;
}

Result<Invocation> Invocation::canonical() const {
  Invocation call = *this;
  call.module = call.module.as_v1();
  for (Cid& cid : call.inputs) cid = cid.as_v1();
  for (auto& [name, cid] : call.links) cid = cid.as_v1();
  TR_ASSIGN(call.mounts, normal_mounts(mounts));
  if (call.stdin_file) call.stdin_file = call.stdin_file->as_v1();
  if (!call.inputs.empty() && call.stdin_file == call.inputs.front()) call.stdin_file.reset();
  if (call.memory_bytes_max >= kPageBytes) {
    call.memory_bytes_max -= call.memory_bytes_max % kPageBytes;
  }
  TR_TRY(call.check());
  return call;
}

Result<Invocation> load_invocation(Blockstore& store, const Cid& cid) {
  if (cid.codec() != Codec::kDagCbor) {
    return invalid_invocation(fmt::format("{} is {}: an Invocation is a dag-cbor block",
                                          cid.to_string(), codec_name(cid.codec())));
  }
  TR_ASSIGN(const SharedBytes block, store.get(cid));
  return Invocation::decode(block.view());
}

}  // namespace timerose::compute
