// Convolutions without a margin, their filters' gradients, and pools of windows of 2 x 2 with theirs (implicit-gemm.h, max-pools.h), each array in memory of
// its own that is no larger than it: built with the compiler's checks of addresses, it ends with an error where something beyond is read or written, or
// where a result is not that of plain loops. LANES is given to the compiler.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "epilogue.h"
#include "vectors.h"
#include "window.h"
#include "dense.h"
#include "implicit-gemm.h"
#include "max-pools.h"

std::vector<float> Draw(long count, float step) {
  std::vector<float> drawn(count);
  for (long place = 0; place < count; place++) drawn[place] = std::sin(step * static_cast<float>(place));
  return drawn;
}

std::vector<float> Pack(const std::vector<float>& filter, const Window& shape) {
  std::vector<float> panels;
  for (int column = 0; column < shape.out; column += kPanel) {
    const size_t before = panels.size();
    panels.resize(before + static_cast<size_t>(shape.depth()) * kPanel);
    PackPanel(filter.data(), shape.out, false, 0, shape.depth(), column, std::min(kPanel, shape.out - column), &panels[before]);
  }
  return panels;
}

// Keeps the largest error; one that is no number is the largest of all.
void Note(double error, double& worst) { worst = std::isnan(error) ? INFINITY : std::max(worst, error); }

int main() {
  constexpr Window kShapes[] = {{12, 12, 20, 5, 5, 50}, {28, 28, 1, 5, 5, 20}, {6, 7, 9, 3, 4, 33}, {5, 4, 10, 2, 4, 17}, {5, 6, 16, 2, 5, 34}, {3, 9, 3, 2, 2, 5}, {5, 4, 6, 5, 4, 1}};
  double worst = 0;
  for (const Window& shape : kShapes) {
    const int down = shape.height - shape.tall + 1, across = shape.across(), rest_count = CountRest(shape), whole = shape.out - rest_count;
    const std::vector<float> x = Draw(static_cast<long>(shape.height) * shape.width * shape.in, 1.3f), filter = Draw(static_cast<long>(shape.depth()) * shape.out, 0.7f),
                             slope = Draw(static_cast<long>(shape.places()) * shape.out, 0.9f), bias = Draw(shape.out, 1.1f);
    const long size = static_cast<long>(shape.tall) * PaddedRun(shape), stride = (shape.out + kPanel - 1) / kPanel * static_cast<long>(kPanel);
    std::vector<float> rest(rest_count * size), y(slope.size()), sums(shape.depth() * stride), last(rest_count * size), scratch(static_cast<size_t>(shape.places()) * kPanel);
    PackRest(filter.data(), shape, rest.data());
    ConvolveWindows(x.data(), shape, Pack(filter, shape).data(), rest.data(), y.data());
    AddWindowGradient(x.data(), slope.data(), shape, scratch.data(), sums.data(), last.data());
    std::vector<double> expected(y.size()), gradient(filter.size());
    for (int place = 0; place < shape.places(); place++)
      for (int row = 0; row < shape.depth(); row++) {
        const int line = row / shape.run(), k = row % shape.run();
        const double pixel = x[((place / across + line) * shape.width + place % across) * shape.in + k];
        for (int out = 0; out < shape.out; out++) {
          expected[place * shape.out + out] += pixel * filter[row * shape.out + out];
          gradient[row * shape.out + out] += pixel * slope[place * shape.out + out];
        }
      }
    for (size_t place = 0; place < y.size(); place++) Note(std::abs(y[place] - expected[place]) / shape.depth(), worst);
    for (int row = 0; row < shape.depth(); row++)
      for (int out = 0; out < shape.out; out++) {
        const float found = out < whole ? sums[row * stride + out] : last[(out - whole) * size + row / shape.run() * PaddedRun(shape) + row % shape.run()];
        Note(std::abs(found - gradient[row * shape.out + out]) / shape.places(), worst);
      }
    if (down % 2 || across % 2) continue;
    RectifyImage(y.data(), bias.data(), shape.places(), shape.out);
    std::vector<float> pooled(y.size() / 4), dx(y.size());
    PoolImage(y.data(), down, across, shape.out, pooled.data());
    PoolGradient(slope.data(), y.data(), pooled.data(), down, across, shape.out, dx.data());
    for (size_t place = 0; place < pooled.size(); place++) {
      const int out = place % shape.out, column = place / shape.out % (across / 2), row = place / shape.out / (across / 2);
      double largest = -1;
      int first = 0;
      for (int pixel = 0; pixel < 4; pixel++) {
        const int at = ((2 * row + pixel / 2) * across + 2 * column + pixel % 2) * shape.out + out;
        const double value = std::max(0.0, expected[at] + bias[out]);
        Note(std::abs(value - y[at]) / shape.depth(), worst);
        if (y[at] > largest) {
          largest = y[at];
          first = at;
        }
      }
      Note(std::abs(largest - pooled[place]), worst);
      for (int pixel = 0; pixel < 4; pixel++) {
        const int at = ((2 * row + pixel / 2) * across + 2 * column + pixel % 2) * shape.out + out;
        Note(static_cast<double>(std::abs(dx[at] - (at == first ? slope[place] : 0))), worst);
      }
    }
  }
  std::printf("%g\n", worst);
  return worst < 2e-6 ? 0 : 1;
}
