#include "wasm/wasi/context.h"

#include "wasm/wasi/state.h"
#include "wasm/wasi/vfs/output.h"

namespace timerose::wasi {

Attempt<vfs::NodePtr> Context::State::output_directory() {
  WASI_ASSIGN(auto node, tree().find(tree().root(), "out"));
  if (node && !node->is_directory()) return vfs::NodePtr();
  return node;
}

Context::Context(World world, const Limits& limits, Blockstore& store, const unixfs::Layout& layout)
    : state_(std::make_unique<State>(std::move(world), limits, store, layout)) {}
Context::~Context() = default;

const Bytes& Context::stdout_bytes() const { return state_->streams[0]; }
const Bytes& Context::stderr_bytes() const { return state_->streams[1]; }
Bytes Context::take_stdout() { return std::exchange(state_->streams[0], {}); }
Bytes Context::take_stderr() { return std::exchange(state_->streams[1], {}); }
void Context::on_write(OnWrite callback) { state_->on_write = std::move(callback); }
void Context::hold_output_in(wasm::OutputRoom* room) { state_->held = wasm::HeldOutput(room); }

bool Context::has_output() const {
  if (!state_->may_have_output()) return false;
  // What cannot be told is "yes": collect_output() then says why.
  auto directory = state_->output_directory();
  if (!directory.ok()) return true;
  if (!directory.value()) return false;
  auto empty = state_->tree().is_empty(directory.value());
  return !empty.ok() || !empty.value();
}

Result<unixfs::Imported> Context::collect_output(const unixfs::BlockSink& sink) {
  auto directory = state_->output_directory();
  if (!directory.ok()) return error_of(directory.failure());
  if (!directory.value()) {
    return Error{ErrorCode::kNotFound, "the guest left no directory /out; ask has_output() first"};
  }
  return vfs::write_directory(state_->tree(), directory.value(), state_->layout, sink);
}

}  // namespace timerose::wasi
