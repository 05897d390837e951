// Convolutions of stride 1 without a margin, and their gradients, by implicit GEMM: as products of matrices whose rows are the
// windows of the images, channels of any number, filters of any size. kernels.cc includes this file after dense.h, once for each set of instructions.
//
// Images are [height, width, in], filters [tall, wide, in, out]. A window is `tall` runs of wide · in numbers that lie in a row, so that no window
// has to be copied. Every number is summed up in the same order whatever the number of threads.

// The sums of ROWS windows with a panel of the filter, [depth, kPanel]; `windows` are their corners.
template <int ROWS>
inline void MultiplyWindows(const float* const* windows, const Window& shape, const float* panel, int width, float* const* to) {
  Vector sums[ROWS][kPanelVectors] = {};
  const float* from[ROWS];
  for (int r = 0; r < ROWS; r++) from[r] = windows[r];
  const int run = shape.run();
  for (int row = 0; row < shape.tall; row++) {
    for (int k = 0; k < run; k++, panel += kPanel) {
      Vector factors[kPanelVectors];
      for (int v = 0; v < kPanelVectors; v++) factors[v] = Load(panel + v * LANES);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++) {
        const Vector x = Repeat(from[r][k]);
        for (int v = 0; v < kPanelVectors; v++) sums[r][v] += x * factors[v];
      }
    }
    for (int r = 0; r < ROWS; r++) from[r] += shape.width * shape.in;
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < kPanelVectors && v * LANES < width; v++) {
      const int left = width - v * LANES;
      __builtin_memcpy(to[r] + v * LANES, &sums[r][v], sizeof(float) * (left < LANES ? left : LANES));
    }
}

// The convolution of an image. `panels`: of the filter, one behind the other, each [depth, kPanel].
void ConvolveWindows(const float* x, const Window& shape, const float* panels, float* y) {
  const int across = shape.across(), count = shape.places(), depth = shape.depth();
  for (int column = 0; column < shape.out; column += kPanel, panels += static_cast<long>(depth) * kPanel) {
    const int width = shape.out - column < kPanel ? shape.out - column : kPanel;
    for (int first = 0; first < count;) {
      const int rows = count - first >= kRows ? kRows : count - first >= 4 ? 4 : 1;
      const float* windows[kRows];
      float* to[kRows];
      for (int r = 0; r < rows; r++) {
        const int place = first + r;
        windows[r] = x + (static_cast<long>(place / across) * shape.width + place % across) * shape.in;
        to[r] = y + static_cast<long>(place) * shape.out + column;
      }
      if (rows == kRows)
        MultiplyWindows<kRows>(windows, shape, panels, width, to);
      else if (rows == 4)
        MultiplyWindows<4>(windows, shape, panels, width, to);
      else
        MultiplyWindows<1>(windows, shape, panels, width, to);
      first += rows;
    }
  }
}

// Windows whose gradients are computed before they are added to the image.
constexpr int kWindows = 48;

// The gradient of an image. `panels`: of the filter turned, [out, depth], each [out, kPanel]; scratch: kWindows · depth.
void SpreadWindows(const float* dy, const Window& shape, const float* panels, float* scratch, float* dx) {
  const int across = shape.across(), count = shape.places(), depth = shape.depth(), run = shape.run();
  __builtin_memset(dx, 0, sizeof(float) * shape.height * shape.width * shape.in);
  for (int first = 0; first < count; first += kWindows) {
    const int rows = count - first < kWindows ? count - first : kWindows;
    const float* from = dy + static_cast<long>(first) * shape.out;
    const float* panel = panels;
    for (int column = 0; column < depth; column += kPanel, panel += static_cast<long>(shape.out) * kPanel) {
      const int width = depth - column < kPanel ? depth - column : kPanel;
      MultiplyRows<false>(from, shape.out, {panel, kPanel, shape.out}, rows, shape.out, false, nullptr, column, width, depth, scratch);
    }
    for (int row = 0; row < rows; row++) {
      const int place = first + row;
      const float* added = scratch + static_cast<long>(row) * depth;
      float* to = dx + (static_cast<long>(place / across) * shape.width + place % across) * shape.in;
      for (int line = 0; line < shape.tall; line++, added += run, to += shape.width * shape.in) {
        int k = 0;
        for (; k + LANES <= run; k += LANES) Store(to + k, Load(to + k) + Load(added + k));
        for (; k < run; k++) to[k] += added[k];
      }
    }
  }
}

// Adds the products of ROWS numbers of each window of some rows of windows, [lines, across], with a panel of dy, [lines · across, kPanel].
template <int ROWS>
inline void AddWindows(const float* from, const Window& shape, int lines, const float* panel, float* to, long stride) {
  Vector sums[ROWS][kPanelVectors] = {};
  const int across = shape.across();
  for (int line = 0; line < lines; line++) {
    const float* at = from + static_cast<long>(line) * shape.width * shape.in;
    for (int place = 0; place < across; place++, at += shape.in, panel += kPanel) {
      Vector factors[kPanelVectors];
      for (int v = 0; v < kPanelVectors; v++) factors[v] = Load(panel + v * LANES);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++) {
        const Vector x = Repeat(at[r]);
        for (int v = 0; v < kPanelVectors; v++) sums[r][v] += x * factors[v];
      }
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < kPanelVectors; v++) {
      float* place = to + r * stride + v * LANES;
      Store(place, Load(place) + sums[r][v]);
    }
}

// Adds what an image contributes to the gradient of the filter, [depth, out rounded up to panels]. Scratch: a panel of one image's dy.
void AddWindowGradient(const float* x, const float* dy, const Window& shape, float* scratch, float* sums) {
  const int run = shape.run(), count = shape.places(), lines = count / shape.across();
  const long stride = (shape.out + kPanel - 1) / kPanel * static_cast<long>(kPanel);
  for (int column = 0; column < shape.out; column += kPanel) {
    PackPanel(dy, shape.out, false, 0, count, column, shape.out - column < kPanel ? shape.out - column : kPanel, scratch);
    for (int line = 0; line < shape.tall; line++) {
      const float* from = x + static_cast<long>(line) * shape.width * shape.in;
      float* to = sums + static_cast<long>(line) * run * stride + column;
      int k = 0;
      for (; k + kRows <= run; k += kRows) AddWindows<kRows>(from + k, shape, lines, scratch, to + k * stride, stride);
      for (; k + 4 <= run; k += 4) AddWindows<4>(from + k, shape, lines, scratch, to + k * stride, stride);
      for (; k < run; k++) AddWindows<1>(from + k, shape, lines, scratch, to + k * stride, stride);
    }
  }
}
