// Who may have a block, where they are, and why they could not be reached. Of the loop's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "mesh/host.h"
#include "multiformats/cid.h"

namespace timerose::exchange {

class ProviderSearch {
 public:
  // Questions to the DHT at a time; beyond it the oldest is ended.
  static constexpr size_t kSearchesMax = 32;
  static constexpr uint32_t kProvidersMax = 20;  // of one answer
  // Peers whose addresses, or last failure, are remembered.
  static constexpr size_t kPeersMax = 4096;

  // `ended`: no more will be found.
  using OnFound = std::function<void(
      const Cid& cid, const std::vector<mesh::PeerAddresses>& providers, bool ended)>;

  ProviderSearch(mesh::Host& host, OnFound on_found)
      : host_(host), on_found_(std::move(on_found)) {}

  void find(const Cid& cid);
  void remember(const mesh::PeerAddresses& peer);
  void dial(const PeerId& peer);
  void connected(const PeerId& peer);
  // Whether dial() was called for it and it is not connected yet.
  [[nodiscard]] bool is_dialed(const PeerId& peer) const { return dialed_.contains(peer); }
  // Empty if nothing went wrong.
  [[nodiscard]] std::string why_not_reached(const PeerId& peer) const;

  // How the last question to the DHT ended, if it found nobody; empty if it did, or none has ended.
  [[nodiscard]] const std::string& why_nobody_found() const { return why_nobody_found_; }

  // Whether the event was an answer to one of these questions.
  bool on_found(const mesh::ProvidersFound& event);
  bool on_ended(const mesh::QueryEnded& event);
  void on_dial_failed(const mesh::DialFailed& event);

 private:
  mesh::Host& host_;
  const OnFound on_found_;
  std::map<mesh::QueryId, Cid> searches_;  // oldest first
  std::map<PeerId, std::vector<mesh::Address>> addresses_;
  std::map<PeerId, std::string> failures_;
  std::set<PeerId> dialed_;
  std::string why_nobody_found_;
};

}  // namespace timerose::exchange
