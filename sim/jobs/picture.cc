#include "sim/jobs/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace timerose::sim::jobs {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 380;
constexpr double kLeft = 70;
constexpr double kRight = 24;
constexpr double kTop = 64;
constexpr double kBottom = 44;
constexpr double kMarks = 6;      // about so many on an axis
constexpr double kLetter = 7;     // the width of one, about
constexpr uint32_t kSpan_s = 10;  // of which percentiles and means are taken
constexpr double kEdge = 0.5;     // lines of one pixel are sharp there

// The least of 1, 2, 2.5, 5, 10, 20, ... that is not below.
double round_step(double value) {
  if (value <= 0) return 1;
  const double scale = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0}) {
    if (value <= step * scale * (1 + 1e-9)) return step * scale;
  }
  return 10 * scale;
}

// As people count time.
double round_seconds(double value) {
  for (const double step : {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0}) {
    if (value <= step) return step;
  }
  return std::ceil(value / 1800) * 1800;
}

std::string span_name(double ms) {
  if (ms < 1000) return fmt::format("{:g} ms", ms);
  return fmt::format("{:g} s", ms / 1000);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (letter == '<') {
      out += "&lt;";
    } else if (letter == '&') {
      out += "&amp;";
    } else {
      out += letter;
    }
  }
  return out;
}

class Canvas {
 public:
  explicit Canvas(const Drawing& drawing) : drawing_(drawing) {
    double most = 0;
    double least = 1e18;
    for (const Line& line : drawing.lines) {
      seconds_ = std::max(seconds_, static_cast<double>(line.values.size()));
      for (const auto& value : line.values) {
        if (!value) continue;
        most = std::max(most, *value);
        if (*value > 0) least = std::min(least, *value);
      }
    }
    step_ = round_step(most / kMarks);
    top_ = std::max(1.0, std::ceil(most / step_)) * step_;
    if (drawing.scale != Scale::kTimes) return;
    bottom_ = std::pow(10, std::floor(std::log10(std::min(least, std::max(most, 1.0)))));
    top_ =
        std::pow(10, std::max(std::ceil(std::log10(std::max(most, 1.0))), std::log10(bottom_) + 1));
  }

  std::string drawn() {
    begin();
    shade();
    mark_seconds();
    mark_values();
    double legend = kLeft;
    for (const Line& line : drawing_.lines) {
      name(line, legend);
      trace(line);
      legend += 40 + kLetter * static_cast<double>(line.name.size());
    }
    return std::move(out_) + "</svg>\n";
  }

 private:
  [[nodiscard]] double x(double second) const {
    return kLeft + (kWidth - kLeft - kRight) * second / seconds_;
  }
  [[nodiscard]] double y(double value) const {
    double part = value / top_;
    if (drawing_.scale == Scale::kTimes) {
      part = std::log(std::max(value, bottom_) / bottom_) / std::log(top_ / bottom_);
    }
    return kHeight - kBottom - (kHeight - kTop - kBottom) * part;
  }

  void begin() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
        "font-family=\"sans-serif\" "
        "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        "<text x=\"{}\" y=\"22\" font-size=\"16\">{}</text>\n",
        kWidth, kHeight, kLeft, escaped(drawing_.title));
  }

  void shade() {
    for (const Band& band : drawing_.bands) {
      const double from = x(std::clamp(band.from_s, 0.0, seconds_));
      const double until = x(std::clamp(band.until_s, 0.0, seconds_));
      if (until <= from) continue;
      out_ += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"#f4e9d8\"/>"
          "<text x=\"{:.1f}\" y=\"{}\" fill=\"#8a6d3b\">{}</text>\n",
          from, kTop, until - from, kHeight - kTop - kBottom, from + 4, kTop + 14,
          escaped(band.name));
    }
  }

  void mark_seconds() {
    const double step = round_seconds(seconds_ / (2 * kMarks));
    for (double second = 0; second <= seconds_; second += step) {
      out_ += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#888\"/>"
          "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">{4:g}</text>\n",
          x(second), kHeight - kBottom, kHeight - kBottom + 4, kHeight - kBottom + 18, second);
    }
    out_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">seconds</text>\n",
                        kWidth - kRight, kHeight - 8);
  }

  void mark_value(double value, const std::string& text) {
    const double at = std::floor(y(value)) + kEdge;
    out_ += fmt::format(
        "<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"{}\"/>"
        "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
        kLeft, kWidth - kRight, at, at, value == bottom_ ? "#888" : "#ddd", kLeft - 6, at + 4,
        text);
  }

  void mark_values() {
    if (drawing_.scale == Scale::kTimes) {
      for (double value = bottom_; value <= top_ * 1.001; value *= 10) {
        mark_value(value, span_name(value));
        if (value < top_ * 0.999) mark_value(3 * value, span_name(3 * value));
      }
      return;
    }
    for (double value = 0; value <= top_ * (1 + 1e-9); value += step_) {
      mark_value(value, fmt::format("{:g}", value));
    }
    out_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", kLeft - 6,
                        kTop - 14, escaped(drawing_.unit));
  }

  void name(const Line& line, double at) {
    out_ += fmt::format(
        "<rect x=\"{}\" y=\"36\" width=\"14\" height=\"4\" fill=\"{}\"/>"
        "<text x=\"{}\" y=\"43\">{}</text>\n",
        at, line.colour, at + 19, escaped(line.name));
  }

  void trace(const Line& line) {
    bool open = false;
    for (size_t i = 0; i < line.values.size(); ++i) {
      if (!line.values[i]) {
        if (std::exchange(open, false)) out_ += "\"/>\n";
        continue;
      }
      if (!std::exchange(open, true)) {
        out_ += fmt::format(
            "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
            "points=\"",
            line.colour);
      }
      out_ += fmt::format("{:.1f},{:.1f} ", x(static_cast<double>(i)), y(*line.values[i]));
    }
    if (open) out_ += "\"/>\n";
  }

  const Drawing& drawing_;
  double seconds_ = 1;
  double step_ = 1;
  double bottom_ = 0;
  double top_ = 1;
  std::string out_;
};

template <typename Value>
std::vector<std::optional<double>> column(const MeshResult& result, Value value) {
  std::vector<std::optional<double>> out;
  out.reserve(result.seconds.size());
  for (const Second& second : result.seconds) out.emplace_back(static_cast<double>(value(second)));
  return out;
}

// Of the seconds around each.
std::vector<std::optional<double>> smoothed(const std::vector<std::optional<double>>& values) {
  std::vector<std::optional<double>> out;
  out.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t from = i - std::min<size_t>(i, kSpan_s / 2);
    const size_t until = std::min<size_t>(values.size(), i + kSpan_s / 2 + 1);
    double sum = 0;
    for (size_t at = from; at < until; ++at) sum += values[at].value_or(0);
    out.emplace_back(sum / static_cast<double>(until - from));
  }
  return out;
}

std::vector<Band> partitions_of(const Scenario& scenario) {
  std::vector<Band> out;
  for (const Partition& cut : scenario.faults.partitions) {
    const std::string who =
        cut.region.empty() ? fmt::format("{:.0f} % of nodes", cut.share * 100) : cut.region;
    const double at_s = static_cast<double>(cut.at_ms) / 1000;
    out.push_back({who + " cut off", at_s, at_s + static_cast<double>(cut.lasts_ms) / 1000});
  }
  return out;
}

}  // namespace

std::string draw(const Drawing& drawing) { return Canvas(drawing).drawn(); }

std::string picture_of_use(const Scenario& scenario, const MeshResult& result) {
  return draw(
      {.title = fmt::format("{}: what the mesh does", scenario.name),
       .unit = "number",
       .bands = partitions_of(scenario),
       .lines = {{"cores here", "#999999", column(result, [](const Second& s) { return s.cores; })},
                 {"cores busy", "#2e8b57", column(result, [](const Second& s) { return s.busy; })},
                 {"executions waiting", "#c0392b",
                  column(result, [](const Second& s) { return s.waiting; })},
                 {"calls under way", "#1f5fbf",
                  column(result, [](const Second& s) { return s.under_way; })}}});
}

std::string picture_of_bytes(const Scenario& scenario, const MeshResult& result) {
  const auto moved =
      column(result, [](const Second& s) { return static_cast<double>(s.bytes) / (1 << 20); });
  return draw({.title = fmt::format("{}: data moved between nodes", scenario.name),
               .unit = "MiB/s",
               .bands = partitions_of(scenario),
               .lines = {{"each second", "#b9cdea", moved},
                         {"mean of ten seconds", "#1f5fbf", smoothed(moved)}}});
}

std::string picture_of_latency(const Scenario& scenario, const MeshResult& result) {
  std::vector<Line> lines{{"half of the calls within", "#2e8b57", {}},
                          {"90 %", "#e08e0b", {}},
                          {"99 %", "#c0392b", {}}};
  const std::array shares{0.5, 0.9, 0.99};
  std::vector<std::vector<Books::Latency>> spans(result.seconds.size() / kSpan_s + 1);
  for (const Books::Latency& one : result.latencies) {
    const size_t span = std::min<size_t>(one.at_ms / 1000 / kSpan_s, spans.size() - 1);
    spans[span].push_back(one);
  }
  for (const auto& span : spans) {
    for (size_t i = 0; i < lines.size(); ++i) {
      std::optional<double> value;
      if (!span.empty()) value = std::max(1U, latency_ms(span, shares[i]));
      lines[i].values.insert(lines[i].values.end(), kSpan_s, value);
    }
  }
  return draw({.title = fmt::format("{}: from the question to the answer", scenario.name),
               .unit = {},
               .scale = Scale::kTimes,
               .bands = partitions_of(scenario),
               .lines = std::move(lines)});
}

}  // namespace timerose::sim::jobs
