// One host of a MemoryNetwork. For the memory_*.cc files only.
#pragma once

#include <memory>

#include "mesh/memory_state.h"

namespace timerose::mesh {

class MemoryHost final : public Host {
 public:
  // Takes over the descriptor of `node`.
  MemoryHost(std::shared_ptr<MemoryNetwork::State> network, std::unique_ptr<MemoryNode> node);
  ~MemoryHost() override;

  [[nodiscard]] const PeerId& self() const override { return node_->self; }
  [[nodiscard]] int event_descriptor() const override { return node_->descriptor; }
  void take_events(std::vector<Event>& out, size_t max) override;

  Status listen(const Address& address) override;
  Status connect(const PeerAddresses& target) override;
  void disconnect(const PeerId& peer) override;
  void deny(const PeerId& peer, bool denied) override;
  [[nodiscard]] std::vector<Address> listen_addresses() const override;
  QueryId ping(const PeerId& peer) override;

  void handle_protocol(const Protocol& protocol) override;
  StreamId open_stream(const PeerId& peer, const std::vector<std::string>& protocols) override;
  Sent send(StreamId stream, const std::vector<ByteView>& pieces) override;
  void set_reading(StreamId stream, bool reading) override;
  void close_stream(StreamId stream) override;

  QueryId find_providers(ByteView multihash, uint32_t count_max) override;
  QueryId provide(ByteView multihash) override;
  QueryId find_peer(const PeerId& peer) override;
  QueryId get_value(ByteView key) override;
  QueryId put_value(ByteView key, ByteView value) override;
  void accept_record(QueryId offer) override;
  void cancel_query(QueryId /*query*/) override {}

  void subscribe(const std::string& topic) override;
  void unsubscribe(const std::string& topic) override;
  Status publish(const std::string& topic, ByteView data) override;
  void judge(MessageId message, Verdict verdict) override;

 private:
  using Lock = std::lock_guard<std::mutex>;
  // Gives the event to the caller, or false if it is of a stream that was closed here.
  bool hand_over(Event& event, std::vector<Event>& out);
  void frame_taken(const MemoryNode::StreamEnd& end, size_t bytes);

  const std::shared_ptr<MemoryNetwork::State> network_;
  const std::unique_ptr<MemoryNode> node_;
};

}  // namespace timerose::mesh
