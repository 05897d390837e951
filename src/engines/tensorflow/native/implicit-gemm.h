// Convolutions of stride 1 without a margin, and their gradients, by implicit GEMM: as products of matrices whose rows are the
// windows of the images, channels of any number, filters of any size. kernels.cc includes this file after dense.h, once for each set of instructions.
//
// Images are [height, width, in], filters [tall, wide, in, out]. A window is `tall` runs of wide · in numbers that lie in a row, so that no window
// has to be copied. Every number is summed up in the same order whatever the number of threads.

// The rest: columns behind the last whole vector, if they are so few that one sum along the window for each takes less time than a vector for all.
constexpr int kMostRest = 2;
int CountRest(const Window& shape) {
  const int rest = shape.out % LANES;
  return rest <= kMostRest && shape.out > LANES && shape.run() >= 2 * LANES ? rest : 0;
}

// Numbers of a run in whole vectors.
inline int PaddedRun(const Window& shape) { return (shape.run() + LANES - 1) / LANES * LANES; }

// Of a filter these columns, [rest, tall, padded run], with zeros behind each run.
void PackRest(const float* filter, const Window& shape, float* to) {
  const int rest = CountRest(shape), run = shape.run(), padded = PaddedRun(shape);
  for (int column = shape.out - rest; column < shape.out; column++)
    for (int line = 0; line < shape.tall; line++, to += padded)
      for (int k = 0; k < padded; k++) to[k] = k < run ? filter[(static_cast<long>(line) * run + k) * shape.out + column] : 0;
}

// A vector that begins within a run; `left` of its numbers count, the others are zeros. Nothing is read from `end` on.
inline Vector LoadRun(const float* from, int left, const float* end) {
  if (left >= LANES || from + LANES > end) return LoadSome(from, left);
  Selection counting;
  for (int lane = 0; lane < LANES; lane++) counting[lane] = lane;
  return Where(counting < left, Load(from));
}

inline float Total(Vector value) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += value[lane];
  return sum;
}

// The sums of ROWS windows with the last REST columns.
template <int ROWS, int REST>
inline void MultiplyRest(const float* const* windows, const Window& shape, const float* filters, const float* end, float* const* to) {
  Vector sums[ROWS][REST] = {};
  const int run = shape.run(), padded = PaddedRun(shape), size = shape.tall * padded;
  for (int line = 0; line < shape.tall; line++)
    for (int k = 0; k < run; k += LANES)
      for (int r = 0; r < ROWS; r++) {
        const Vector x = LoadRun(windows[r] + static_cast<long>(line) * shape.width * shape.in + k, run - k, end);
        for (int column = 0; column < REST; column++) sums[r][column] += x * Load(filters + column * size + line * padded + k);
      }
  for (int r = 0; r < ROWS; r++)
    for (int column = 0; column < REST; column++) to[r][column] = Total(sums[r][column]);
}

// The sums of ROWS windows with VECTORS of a panel of the filter, [depth, kPanel]; `windows` are their corners.
template <int ROWS, int VECTORS>
inline void MultiplyWindows(const float* const* windows, const Window& shape, const float* panel, int width, float* const* to) {
  Vector sums[ROWS][VECTORS] = {};
  const float* from[ROWS];
  for (int r = 0; r < ROWS; r++) from[r] = windows[r];
  const int run = shape.run();
  for (int row = 0; row < shape.tall; row++) {
    for (int k = 0; k < run; k++, panel += kPanel) {
      Vector factors[VECTORS];
      for (int v = 0; v < VECTORS; v++) factors[v] = Load(panel + v * LANES);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++) {
        const Vector x = Repeat(from[r][k]);
        for (int v = 0; v < VECTORS; v++) sums[r][v] += x * factors[v];
      }
    }
    for (int r = 0; r < ROWS; r++) from[r] += shape.width * shape.in;
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECTORS && v * LANES < width; v++) {
      const int left = width - v * LANES;
      __builtin_memcpy(to[r] + v * LANES, &sums[r][v], sizeof(float) * (left < LANES ? left : LANES));
    }
}

// Calls multiply(rows, windows, places) for all windows of an image, so many at a time: as many as registers hold, 4 or 1.
template <typename Multiply>
inline void ForWindows(const float* x, const Window& shape, const Multiply& multiply) {
  const int across = shape.across(), count = shape.places();
  for (int first = 0; first < count;) {
    const int rows = count - first >= kRows ? kRows : count - first >= 4 ? 4 : 1;
    const float* windows[kRows];
    for (int r = 0; r < rows; r++) {
      const int place = first + r;
      windows[r] = x + (static_cast<long>(place / across) * shape.width + place % across) * shape.in;
    }
    multiply(rows, windows, first);
    first += rows;
  }
}

template <int VECTORS>
void ConvolvePanel(const float* x, const Window& shape, const float* panel, int column, int width, float* y) {
  ForWindows(x, shape, [&](int rows, const float* const* windows, int first) {
    float* to[kRows];
    for (int r = 0; r < rows; r++) to[r] = y + static_cast<long>(first + r) * shape.out + column;
    if (rows == kRows)
      MultiplyWindows<kRows, VECTORS>(windows, shape, panel, width, to);
    else if (rows == 4)
      MultiplyWindows<4, VECTORS>(windows, shape, panel, width, to);
    else
      MultiplyWindows<1, VECTORS>(windows, shape, panel, width, to);
  });
}

template <int REST>
void ConvolveRest(const float* x, const Window& shape, const float* filters, float* y) {
  const float* end = x + static_cast<long>(shape.height) * shape.width * shape.in;
  ForWindows(x, shape, [&](int rows, const float* const* windows, int first) {
    float* to[kRows];
    for (int r = 0; r < rows; r++) to[r] = y + static_cast<long>(first + r + 1) * shape.out - REST;
    int r = 0;
    for (; r + 4 <= rows; r += 4) MultiplyRest<4, REST>(windows + r, shape, filters, end, to + r);
    for (; r < rows; r++) MultiplyRest<1, REST>(windows + r, shape, filters, end, to + r);
  });
}

// The convolution of an image. `panels`: of the filter, one behind the other, each [depth, kPanel]. `rest`: what PackRest gives.
void ConvolveWindows(const float* x, const Window& shape, const float* panels, const float* rest, float* y) {
  const int last = CountRest(shape), whole = shape.out - last;
  for (int column = 0; column < whole; column += kPanel, panels += static_cast<long>(shape.depth()) * kPanel) {
    const int width = whole - column < kPanel ? whole - column : kPanel;
    (width <= LANES ? ConvolvePanel<1> : ConvolvePanel<kPanelVectors>)(x, shape, panels, column, width, y);
  }
  static_assert(kMostRest == 2, "a case for each number of columns");
  if (last == 1) ConvolveRest<1>(x, shape, rest, y);
  if (last == 2) ConvolveRest<2>(x, shape, rest, y);
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

// Adds the products of ROWS numbers of each window of some rows of windows, [lines, across], with VECTORS of a panel of dy, [lines · across, kPanel].
template <int ROWS, int VECTORS>
inline void AddWindows(const float* from, const Window& shape, int lines, const float* panel, float* to, long stride) {
  Vector sums[ROWS][VECTORS] = {};
  const int across = shape.across();
  for (int line = 0; line < lines; line++) {
    const float* at = from + static_cast<long>(line) * shape.width * shape.in;
    for (int place = 0; place < across; place++, at += shape.in, panel += kPanel) {
      Vector factors[VECTORS];
      for (int v = 0; v < VECTORS; v++) factors[v] = Load(panel + v * LANES);
#pragma GCC unroll 12
      for (int r = 0; r < ROWS; r++) {
        const Vector x = Repeat(at[r]);
        for (int v = 0; v < VECTORS; v++) sums[r][v] += x * factors[v];
      }
    }
  }
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECTORS; v++) {
      float* place = to + r * stride + v * LANES;
      Store(place, Load(place) + sums[r][v]);
    }
}

template <int VECTORS>
void AddPanelGradient(const float* x, const Window& shape, const float* panel, long stride, float* sums) {
  const int run = shape.run(), lines = shape.places() / shape.across();
  for (int line = 0; line < shape.tall; line++) {
    const float* from = x + static_cast<long>(line) * shape.width * shape.in;
    float* to = sums + static_cast<long>(line) * run * stride;
    int k = 0;
    for (; k + kRows <= run; k += kRows) AddWindows<kRows, VECTORS>(from + k, shape, lines, panel, to + k * stride, stride);
    for (; k + 4 <= run; k += 4) AddWindows<4, VECTORS>(from + k, shape, lines, panel, to + k * stride, stride);
    for (; k < run; k++) AddWindows<1, VECTORS>(from + k, shape, lines, panel, to + k * stride, stride);
  }
}

// Adds what RUNS vectors of every window contribute to the gradient of the last REST columns, [rest, tall, padded run]; of the last vector `left` numbers count.
template <int RUNS, int REST>
inline void AddRuns(const float* from, const Window& shape, const float* dy, int left, const float* end, float* to, long size) {
  Vector sums[RUNS][REST] = {};
  const int across = shape.across(), lines = shape.places() / across;
  for (int line = 0; line < lines; line++) {
    const float* at = from + static_cast<long>(line) * shape.width * shape.in;
    for (int place = 0; place < across; place++, at += shape.in, dy += shape.out) {
      Vector factors[REST];
      for (int column = 0; column < REST; column++) factors[column] = Repeat(dy[column]);
      for (int v = 0; v < RUNS; v++) {
        const Vector x = LoadRun(at + v * LANES, v + 1 == RUNS ? left : LANES, end);
        for (int column = 0; column < REST; column++) sums[v][column] += x * factors[column];
      }
    }
  }
  for (int v = 0; v < RUNS; v++)
    for (int column = 0; column < REST; column++) {
      float* place = to + column * size + v * LANES;
      Store(place, Load(place) + sums[v][column]);
    }
}

template <int REST>
void AddRestGradient(const float* x, const float* dy, const Window& shape, float* sums) {
  const int run = shape.run(), padded = PaddedRun(shape);
  const long size = static_cast<long>(shape.tall) * padded;
  const float* end = x + static_cast<long>(shape.height) * shape.width * shape.in;
  for (int line = 0; line < shape.tall; line++) {
    const float* from = x + static_cast<long>(line) * shape.width * shape.in;
    float* to = sums + line * padded;
    int k = 0;
    for (; k + 4 * LANES <= padded; k += 4 * LANES) AddRuns<4, REST>(from + k, shape, dy + shape.out - REST, run - k - 3 * LANES, end, to + k, size);
    for (; k < padded; k += LANES) AddRuns<1, REST>(from + k, shape, dy + shape.out - REST, run - k, end, to + k, size);
  }
}

// Adds what an image contributes to the gradient of the filter, [depth, out rounded up to panels], but for the rest: of these columns, `rest` has the
// gradient, [rest, tall, padded run]. Scratch: a panel of one image's dy.
void AddWindowGradient(const float* x, const float* dy, const Window& shape, float* scratch, float* sums, float* rest) {
  const int count = shape.places(), last = CountRest(shape), whole = shape.out - last;
  const long stride = (shape.out + kPanel - 1) / kPanel * static_cast<long>(kPanel);
  for (int column = 0; column < whole; column += kPanel) {
    const int width = whole - column < kPanel ? whole - column : kPanel;
    PackPanel(dy, shape.out, false, 0, count, column, width, scratch);
    (width <= LANES ? AddPanelGradient<1> : AddPanelGradient<kPanelVectors>)(x, shape, scratch, stride, sums + column);
  }
  if (last == 1) AddRestGradient<1>(x, dy, shape, rest);
  if (last == 2) AddRestGradient<2>(x, dy, shape, rest);
}
