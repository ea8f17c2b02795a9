#include "sim/jobs/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace timerose::sim::jobs {
namespace {

constexpr double kWidth = 900;
constexpr double kHeight = 360;
constexpr double kLeft = 80;
constexpr double kRight = 20;
constexpr double kTop = 50;
constexpr double kBottom = 40;
constexpr int kMarks = 5;
constexpr uint32_t kSpan_s = 10;

// The next of 1, 2, 5, 10, 20, ...
double round_up(double value) {
  if (value <= 0) return 1;
  const double scale = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    if (value <= step * scale) return step * scale;
  }
  return 10 * scale;
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

template <typename Value>
std::vector<double> column(const MeshResult& result, Value value) {
  std::vector<double> out;
  out.reserve(result.seconds.size());
  for (const Second& second : result.seconds) out.push_back(static_cast<double>(value(second)));
  return out;
}

}  // namespace

std::string draw(const std::string& title, const std::string& unit,
                 const std::vector<Line>& lines) {
  size_t seconds = 1;
  double most = 0;
  for (const Line& line : lines) {
    seconds = std::max(seconds, line.values.size());
    for (const double value : line.values) most = std::max(most, value);
  }
  const double top = round_up(most);
  const auto x = [&](double second) {
    return kLeft + (kWidth - kLeft - kRight) * second / static_cast<double>(seconds);
  };
  const auto y = [&](double value) {
    return kHeight - kBottom - (kHeight - kTop - kBottom) * value / top;
  };
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{}\" y=\"20\" font-size=\"15\">{}</text>\n",
      kWidth, kHeight, kLeft, escaped(title));
  for (int mark = 0; mark <= kMarks; ++mark) {
    const double value = top * mark / kMarks;
    out += fmt::format(
        "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:g}</text>\n",
        kLeft, kWidth - kRight, y(value), y(value), kLeft - 6, y(value) + 4, value);
    const double second = static_cast<double>(seconds) * mark / kMarks;
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:.0f} s</text>\n",
                       x(second), kHeight - kBottom + 18, second);
  }
  out += fmt::format("<text x=\"8\" y=\"{}\">{}</text>\n", kTop - 12, escaped(unit));
  double legend = kLeft + 60;
  for (const Line& line : lines) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" fill=\"{}\">{}</text>\n", legend, kTop - 12,
                       line.colour, escaped(line.name));
    legend += 20 + 8 * static_cast<double>(line.name.size());
    out += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\" points=\"",
                       line.colour);
    for (size_t i = 0; i < line.values.size(); ++i) {
      out += fmt::format("{:.1f},{:.1f} ", x(static_cast<double>(i)), y(line.values[i]));
    }
    out += "\"/>\n";
  }
  return out + "</svg>\n";
}

std::string picture_of_use(const MeshResult& result) {
  return draw(
      "Use of the mesh", "cores",
      {{"here", "gray", column(result, [](const Second& s) { return s.cores; })},
       {"busy", "green", column(result, [](const Second& s) { return s.busy; })},
       {"waiting", "red", column(result, [](const Second& s) { return s.waiting; })},
       {"calls under way", "blue", column(result, [](const Second& s) { return s.under_way; })}});
}

std::string picture_of_bytes(const MeshResult& result) {
  return draw("Data moved between nodes", "MiB/s",
              {{"moved", "blue", column(result, [](const Second& s) {
                  return static_cast<double>(s.bytes) / (1 << 20);
                })}});
}

std::string picture_of_latency(const MeshResult& result) {
  std::vector<Line> lines{{"half", "green", {}}, {"90 %", "orange", {}}, {"99 %", "red", {}}};
  const std::array shares{0.5, 0.9, 0.99};
  std::vector<std::vector<Books::Latency>> spans(result.seconds.size() / kSpan_s + 1);
  for (const Books::Latency& one : result.latencies) {
    const size_t span = std::min<size_t>(one.at_ms / 1000 / kSpan_s, spans.size() - 1);
    spans[span].push_back(one);
  }
  for (const auto& span : spans) {
    for (size_t i = 0; i < lines.size(); ++i) {
      lines[i].values.insert(lines[i].values.end(), kSpan_s, latency_ms(span, shares[i]));
    }
  }
  return draw("From the question to the answer", "ms", lines);
}

}  // namespace timerose::sim::jobs
