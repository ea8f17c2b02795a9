// Sockets: a descriptor never is one, so these say EBADF or ENOTSOCK and do nothing.
#include "wasm/wasi/calls.h"

namespace timerose::wasi {
namespace {

Attempt<void> not_a_socket(State& state, Parameters p) {
  WASI_TRY(state.descriptors().get(static_cast<Fd>(p[0])));
  return Errno::kNotsock;
}

}  // namespace

Attempt<void> sock_accept(State& state, GuestMemory, Parameters p) {
  return not_a_socket(state, p);
}
Attempt<void> sock_recv(State& state, GuestMemory, Parameters p) { return not_a_socket(state, p); }
Attempt<void> sock_send(State& state, GuestMemory, Parameters p) { return not_a_socket(state, p); }
Attempt<void> sock_shutdown(State& state, GuestMemory, Parameters p) {
  return not_a_socket(state, p);
}

}  // namespace timerose::wasi
