#include "scheduler/coordinate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/duration.h"

namespace timerose::scheduler {
namespace {

constexpr double kGain = 0.25;  // of a move, and of the error's average: the paper's c_c and c_e
constexpr double kHeightMin_s = 1e-5;  // else two nodes of one place would have no distance at all
constexpr double kPartMax_s = Coordinate::kMicrosecondsMax * kMicro;
constexpr double kErrorMin = 0.001;
constexpr double kErrorMax = Coordinate::kErrorMax / 1000.0;

template <typename Vector>
double length(const Vector& vector) {
  double sum = 0;
  for (const double part : vector) sum += part * part;
  return std::sqrt(sum);
}

}  // namespace

Status Coordinate::check() const {
  const auto within = [](int32_t part) {
    return part >= -kMicrosecondsMax && part <= kMicrosecondsMax;
  };
  if (std::all_of(at_us.begin(), at_us.end(), within) && height_us <= kMicrosecondsMax &&
      error_permille <= kErrorMax) {
    return success();
  }
  return Error{ErrorCode::kMalformed,
               fmt::format("coordinate: expected parts within {} us and an error of {} at most",
                           kMicrosecondsMax, kErrorMax)};
}

double round_trip_s(const Coordinate& a, const Coordinate& b) {
  std::array<double, Coordinate::kDimensions> apart{};
  for (size_t i = 0; i < apart.size(); ++i) {
    apart[i] = static_cast<double>(a.at_us[i]) - static_cast<double>(b.at_us[i]);
  }
  return (length(apart) + static_cast<double>(a.height_us) + static_cast<double>(b.height_us)) *
         kMicro;
}

bool CoordinateEstimate::observe(const Coordinate& other, double round_trip_s) {
  if (!(round_trip_s > 0) || round_trip_s > kRoundTripMax_s) return false;
  Vector apart{};
  for (size_t i = 0; i < apart.size(); ++i) apart[i] = at_s_[i] - other.at_us[i] * kMicro;
  const double flat = length(apart);
  const double heights = height_s_ + other.height_us * kMicro;
  const double predicted = flat + heights;

  // A node that is sure of its place hardly moves for one that is not.
  const double other_error = std::max(other.error_permille / 1000.0, kErrorMin);
  const double weight = error_ / (error_ + other_error);
  const double miss = std::abs(predicted - round_trip_s) / round_trip_s;
  error_ = std::clamp(miss * kGain * weight + error_ * (1 - kGain * weight), kErrorMin, kErrorMax);

  const double move =
      std::clamp(kGain * weight * (round_trip_s - predicted), -kMoveMax_s, kMoveMax_s);
  const Vector away = flat > kMicro ? apart : random_direction();
  const double norm = flat > kMicro ? predicted : 1 + heights;
  for (size_t i = 0; i < at_s_.size(); ++i) {
    at_s_[i] = std::clamp(at_s_[i] + move * away[i] / norm, -kPartMax_s, kPartMax_s);
  }
  height_s_ = std::clamp(height_s_ + move * heights / norm, kHeightMin_s, kPartMax_s);
  return true;
}

Coordinate CoordinateEstimate::coordinate() const {
  Coordinate out;
  for (size_t i = 0; i < at_s_.size(); ++i) {
    out.at_us[i] = static_cast<int32_t>(std::lround(at_s_[i] / kMicro));
  }
  out.height_us = static_cast<uint32_t>(std::lround(height_s_ / kMicro));
  out.error_permille = static_cast<uint32_t>(std::lround(error_ * 1000));
  return out;
}

CoordinateEstimate::Vector CoordinateEstimate::random_direction() {
  std::array<int16_t, Coordinate::kDimensions> bits{};
  std::array<uint8_t, sizeof(bits)> bytes{};
  random_.fill(bytes);
  std::memcpy(bits.data(), bytes.data(), sizeof(bits));
  Vector out{};
  for (size_t i = 0; i < out.size(); ++i) out[i] = bits[i];
  const double size = length(out);
  if (size == 0) return {1, 0, 0};
  for (double& part : out) part /= size;
  return out;
}

}  // namespace timerose::scheduler
