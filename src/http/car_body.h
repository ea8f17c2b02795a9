// A CAR archive (version 1) made while it is sent.
#pragma once

#include <optional>

#include "http/car_walk.h"
#include "http/message.h"

namespace timerose::http {

class CarBody final : public BodyStream {
 public:
  // One next() gives no more than this, but for its last block.
  static constexpr size_t kPiecesBytes = 256U << 10;

  CarBody(Blockstore& store, CarPlan plan) : root_(plan.terminus), walk_(store, std::move(plan)) {}

  Result<std::vector<SharedBytes>> next() override;

 private:
  const Cid root_;
  CarWalk walk_;
  bool begun_ = false;
  std::optional<Error> failed_;  // after pieces that are to be sent first
};

}  // namespace timerose::http
