// The inside of a Context. Everything is made when it is first used: a call that touches no file
// pays for no tree.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "crypto/keystream.h"
#include "wasm/output_room.h"
#include "wasm/wasi/clocks.h"
#include "wasm/wasi/context.h"
#include "wasm/wasi/descriptors.h"
#include "wasm/wasi/vfs/tree.h"

namespace timerose::wasi {

class Context::State final : public StandardNodes {
 public:
  State(World its_world, const Limits& its_limits, Blockstore& store,
        const unixfs::Layout& its_layout)
      : world(std::move(its_world)), limits(its_limits), layout(its_layout), store_(store) {}

  const World world;
  const Limits limits;
  const unixfs::Layout layout;
  VirtualClocks clocks;
  std::array<Bytes, 2> streams;  // standard output and standard error
  OnWrite on_write;
  wasm::HeldOutput held;

  Keystream& random() {
    if (!random_) random_.emplace(world.random_key);
    return *random_;
  }
  vfs::Tree& tree() {
    if (!tree_)
      tree_ = std::make_unique<vfs::Tree>(world, limits, store_, clocks, held, vfs::Tree::Keep());
    return *tree_;
  }
  DescriptorTable& descriptors() {
    if (!descriptors_) descriptors_.emplace(limits.open_files_max, *this);
    return *descriptors_;
  }

  // False if nothing can be below /out: no call has looked at the tree, and nothing is mounted.
  [[nodiscard]] bool may_have_output() const { return tree_ != nullptr || !world.mounts.empty(); }
  // The directory /out, or null.
  Attempt<vfs::NodePtr> output_directory();

 private:
  vfs::NodePtr standard_input() override { return tree().nameless_file(world.stdin_file); }
  vfs::NodePtr root() override { return tree().root(); }

  Blockstore& store_;
  std::optional<Keystream> random_;
  std::unique_ptr<vfs::Tree> tree_;  // outlives the descriptors, which hold its nodes
  std::optional<DescriptorTable> descriptors_;
};

}  // namespace timerose::wasi
