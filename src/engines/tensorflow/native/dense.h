// Dense layers: products of matrices with what goes before and comes after them. kernels.cc includes this file after vectors.h, once for each set
// of instructions. Matrices are [rows, columns]. Every element is the sum over its depth in one order, whoever computes it.

// Columns that are computed at a time, and how much of their depth, as much as the second cache holds.
constexpr int kPanelVectors = 2;
constexpr int kPanel = kPanelVectors * LANES;
constexpr int kDepth = 1024;
// Rows whose sums are held in registers.
constexpr int kRows = LANES == 16 ? 12 : 6;

// Some columns of the second factor, [depth, kPanel], with zeros behind the last. Turned: of a matrix [columns, depth].
void PackPanel(const float* b, long stride, bool turned, int first, int depth, int column, int width, float* panel) {
  if (turned) {
    for (int j = 0; j < width; j++)
      for (int k = 0; k < depth; k++) panel[k * kPanel + j] = b[(column + j) * stride + first + k];
    for (int k = 0; k < depth; k++)
      for (int j = width; j < kPanel; j++) panel[k * kPanel + j] = 0;
    return;
  }
  for (int k = 0; k < depth; k++) {
    const float* from = b + (first + k) * stride + column;
    float* to = panel + k * kPanel;
    if (width == kPanel) {
      for (int v = 0; v < kPanelVectors; v++) Store(to + v * LANES, Load(from + v * LANES));
    } else {
      for (int j = 0; j < kPanel; j++) to[j] = j < width ? from[j] : 0;
    }
  }
}

inline void Finish(Vector value, const Epilogue& after, long place, int column, int width, float* to) {
  if (after.bias) value += LoadSome(after.bias + column, width);
  if (after.relu) value = Rectify(value);
  if (after.passed) value = Where(LoadSome(after.passed + place, width) > Vector{}, value);
  if (after.weights) value += Repeat(after.decay) * LoadSome(after.weights + place, width);
  StoreSome(to + place, value, width);
}

// Some columns of the second factor, packed or where they lie.
struct Panel {
  const float* data;
  // From a row to the next.
  long stride;
  // Rows behind which so much lies that whole vectors can be read.
  int whole;
};

// Columns [column, column + width) of rows [first, first + part) of a matrix [depth, stride], where they lie, in so many vectors.
inline Panel PanelOf(const float* b, long stride, int depth, int first, int part, int column, int width, int vectors) {
  // Behind a row come the next ones, but for the last few.
  const long spare = depth * stride - column - vectors * LANES, readable = spare < 0 ? 0 : spare / stride + 1;
  const bool is_whole = width == vectors * LANES || readable >= first + part;
  return {b + first * stride + column, stride, is_whole ? part : readable < first ? 0 : static_cast<int>(readable - first)};
}

// The places of a product's depth that are added up, if that is all of them.
struct EveryPlace {
  int operator[](int index) const { return index; }
};

// Some rows of the product with as many vectors of a panel as it has columns for, added up over so many places of the depth, in ascending order.
// TRANSPOSED: of a[k][row]. `adds`: to what stands there.
template <int ROWS, bool TRANSPOSED, int VECTORS, typename List>
inline void MultiplyPanel(const float* a, long stride, const Panel& panel, const List& places, int count, bool adds, const Epilogue* after, int row, int column, int width, long columns, float* to) {
  Vector sums[ROWS][VECTORS] = {};
  const auto add = [&](int k, const Vector* factors) __attribute__((always_inline)) {
#pragma GCC unroll 12
    for (int r = 0; r < ROWS; r++) {
      const Vector x = Repeat(TRANSPOSED ? a[k * stride + r] : a[r * stride + k]);
      for (int v = 0; v < VECTORS; v++) sums[r][v] += x * factors[v];
    }
  };
  int whole = count;
  while (whole > 0 && places[whole - 1] >= panel.whole) whole--;
  for (int index = 0; index < whole; index++) {
    const int k = places[index];
    Vector factors[VECTORS];
    for (int v = 0; v < VECTORS; v++) factors[v] = Load(panel.data + k * panel.stride + v * LANES);
    add(k, factors);
  }
  for (int index = whole; index < count; index++) {
    const int k = places[index];
    Vector factors[VECTORS] = {};
    __builtin_memcpy(factors, panel.data + k * panel.stride, sizeof(float) * width);
    add(k, factors);
  }
  static constexpr Epilogue kNothing = {};
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECTORS && v * LANES < width; v++) {
      const long place = (row + r) * columns + column + v * LANES;
      const int left = width - v * LANES;
      Vector value = sums[r][v];
      if (adds) value += LoadSome(to + place, left);
      Finish(value, after ? *after : kNothing, place, column + v * LANES, left, to);
    }
}

// All rows of it, with every place of the depth.
template <bool TRANSPOSED, int VECTORS = kPanelVectors>
inline void MultiplyRows(const float* a, long stride, const Panel& panel, int rows, int depth, bool adds, const Epilogue* after, int column, int width, long columns, float* to) {
  const long step = TRANSPOSED ? 1 : stride;
  const EveryPlace every;
  int row = 0;
  for (; row + kRows <= rows; row += kRows) MultiplyPanel<kRows, TRANSPOSED, VECTORS>(a + row * step, stride, panel, every, depth, adds, after, row, column, width, columns, to);
  for (; row + 4 <= rows; row += 4) MultiplyPanel<4, TRANSPOSED, VECTORS>(a + row * step, stride, panel, every, depth, adds, after, row, column, width, columns, to);
  for (; row < rows; row++) MultiplyPanel<1, TRANSPOSED, VECTORS>(a + row * step, stride, panel, every, depth, adds, after, row, column, width, columns, to);
}

// Columns [column, column + width) of all rows of a · b, [rows, columns]. Of a' · b if `a_turned`, of a · b' if `b_turned`; then with scratch, kDepth · kPanel.
template <bool TRANSPOSED, int VECTORS>
void MultiplyColumns(const float* a, long a_stride, const float* b, long b_stride, bool b_turned, int rows, int depth, long columns, int column, int width, const Epilogue& after, float* scratch, float* to) {
  for (int first = 0; first < depth; first += kDepth) {
    const int part = depth - first < kDepth ? depth - first : kDepth;
    Panel panel = {scratch, kPanel, part};
    if (b_turned)
      PackPanel(b, b_stride, true, first, part, column, width, scratch);
    else
      panel = PanelOf(b, b_stride, depth, first, part, column, width, VECTORS);
    const Epilogue* last = first + part == depth ? &after : nullptr;
    const float* from = TRANSPOSED ? a + first * a_stride : a + first;
    MultiplyRows<TRANSPOSED, VECTORS>(from, a_stride, panel, rows, part, first > 0, last, column, width, columns, to);
  }
}

void MultiplyDense(const float* a, long a_stride, bool a_turned, const float* b, long b_stride, bool b_turned, int rows, int depth, long columns, int column, int width, const Epilogue& after, float* scratch, float* to) {
  const bool is_narrow = width <= LANES;
  const auto turned = is_narrow ? MultiplyColumns<true, 1> : MultiplyColumns<true, kPanelVectors>;
  const auto straight = is_narrow ? MultiplyColumns<false, 1> : MultiplyColumns<false, kPanelVectors>;
  (a_turned ? turned : straight)(a, a_stride, b, b_stride, b_turned, rows, depth, columns, column, width, after, scratch, to);
}
