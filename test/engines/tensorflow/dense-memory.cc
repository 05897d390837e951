// Products of td's kernels for dense layers (dense.h), each matrix in memory of its own that is no larger than it: built with the compiler's checks of
// addresses, it ends with an error where something beyond is read or written, or where a product is not that of plain loops. LANES is given to the compiler.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "epilogue.h"
#include "vectors.h"
#include "dense.h"

int main() {
  constexpr int kShapes[][3] = {{1, 1, 1}, {5, 7, 3}, {5, 3, 7}, {2, 1, 40}, {30, 33, 48}, {20, 10, 130}, {20, 130, 1}, {18, 2100, 40}, {9, 2100, 5}, {14, 2, 15}, {13, 1025, 16}, {10, 1030, 31}};
  double worst = 0;
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
            worst = std::max(worst, std::abs(sum - c[row * columns + column]) / depth);
          }
      }
  std::printf("%g\n", worst);
  return worst < 2e-6 ? 0 : 1;
}
