// Products of td's kernels for dense layers (dense.h, zeros.h), each matrix in memory of its own that is no larger than it: built with the compiler's
// checks of addresses, it ends with an error where something beyond is read or written, where a product is not that of plain loops, or where leaving
// out zeros changes a bit of it. LANES is given to the compiler.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "epilogue.h"
#include "vectors.h"
#include "dense.h"
#include "zeros.h"

// Whether a product that leaves out zeros of `a` has the same bits.
bool IsSameWithoutZeros(const std::vector<float>& a, bool a_turned, const std::vector<float>& b, int rows, int depth, int columns, const std::vector<float>& expected) {
  const int stride = depth + LANES, groups = (rows + kGroup - 1) / kGroup, a_stride = a_turned ? rows : depth;
  std::vector<int> places(groups * stride), counts(groups);
  for (int row = 0; row < rows; row += LANES)
    FindPlaces(a.data() + row * (a_turned ? 1 : a_stride), a_stride, a_turned, std::min(LANES, rows - row), depth, stride, &places[row / kGroup * stride], &counts[row / kGroup]);
  for (int group = 0; group < groups; group++) {
    std::vector<int> wanted;
    for (int k = 0; k < depth; k++) {
      bool counts_here = false;
      for (int row = group * kGroup; row < std::min(rows, (group + 1) * kGroup); row++) counts_here |= (a_turned ? a[k * rows + row] : a[row * depth + k]) != 0;
      if (counts_here) wanted.push_back(k);
    }
    if (counts[group] != static_cast<int>(wanted.size()) || !std::equal(wanted.begin(), wanted.end(), &places[group * stride])) return false;
  }
  bool is_same = true;
  for (int vectors = 1; vectors <= kGroupVectors; vectors++) {
    std::vector<float> c(rows * columns);
    for (int column = 0; column < columns; column += vectors * LANES)
      MultiplyAt(a.data(), a_stride, a_turned, b.data(), columns, places.data(), stride, counts.data(), rows, depth, columns, column, std::min(vectors * LANES, columns - column), {}, c.data());
    is_same &= std::equal(c.begin(), c.end(), expected.begin(), [](float x, float y) { return x == y || (x != x && y != y); });
  }
  return is_same;
}

// Keeps the largest error; one that is no number is the largest of all.
void Note(double error, double& worst) { worst = std::isnan(error) ? INFINITY : std::max(worst, error); }

int main() {
  constexpr int kShapes[][3] = {{1, 1, 1}, {5, 7, 3}, {5, 3, 7}, {2, 1, 40}, {30, 33, 48}, {20, 10, 130}, {20, 130, 1}, {18, 2100, 40}, {9, 2100, 5}, {14, 2, 15}, {37, 300, 100}, {13, 1025, 16}, {10, 1030, 31}};
  double worst = 0;
  bool is_same = true;
  for (const auto& [rows, depth, columns] : kShapes)
    for (const bool a_turned : {false, true})
      for (const bool b_turned : {false, true}) {
        std::vector<float> a(rows * depth), b(depth * columns), c(rows * columns);
        for (size_t place = 0; place < a.size(); place++) a[place] = std::sin(static_cast<float>(place));
        for (size_t place = 0; place < b.size(); place++) b[place] = std::cos(static_cast<float>(place));
        std::vector<float> scratch(static_cast<size_t>(kDepth) * kPanel);
        const int a_stride = a_turned ? rows : depth, b_stride = b_turned ? depth : columns;
        for (int column = 0; column < columns; column += kPanel)
          MultiplyDense(a.data(), a_stride, a_turned, b.data(), b_stride, b_turned, rows, depth, columns, column, std::min(kPanel, columns - column), {}, scratch.data(), c.data());
        for (int row = 0; row < rows; row++)
          for (int column = 0; column < columns; column++) {
            double sum = 0;
            for (int k = 0; k < depth; k++)
              sum += static_cast<double>(a_turned ? a[k * rows + row] : a[row * depth + k]) * (b_turned ? b[column * depth + k] : b[k * columns + column]);
            Note(std::abs(sum - c[row * columns + column]) / depth, worst);
          }
        // As in images of digits, most numbers are zero; then one that isn't finite meets zeros.
        if (b_turned || depth > kDepth) continue;
        for (size_t place = 0; place < a.size(); place++)
          if (std::sin(static_cast<float>(place * place)) < 0.8) a[place] = 0;
        for (const bool is_finite : {true, false}) {
          if (!is_finite) b[b.size() / 2] = INFINITY;
          for (int column = 0; column < columns; column += kPanel)
            MultiplyDense(a.data(), a_stride, a_turned, b.data(), b_stride, false, rows, depth, columns, column, std::min(kPanel, columns - column), {}, scratch.data(), c.data());
          is_same &= IsSameWithoutZeros(a, a_turned, b, rows, depth, columns, c);
        }
      }
  std::printf("%g\n", worst);
  return worst < 2e-6 && is_same ? 0 : 1;
}
