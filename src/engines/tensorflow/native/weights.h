// What a training does to every weight beside multiplying with it, in as few passes over memory as it takes. kernels.cc includes this file after
// vectors.h, once for each set of instructions. Arrays are [rows, columns], one column for each unit of a layer.

typedef int Integers __attribute__((vector_size(LANES * 4)));
typedef int UnalignedIntegers __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

inline Integers RepeatInteger(int value) { return value - Integers{}; }
inline Integers Choose(Integers mask, Integers a, Integers b) { return (a & mask) | (b & ~mask); }

// Of LANES columns from `first` on, the number of that rank among the magnitudes of each, 0 for the largest. Bits of magnitudes, taken as
// integers, are in the order of the magnitudes: the rank is searched bit by bit, from the highest, by counting what is not below. `scratch` has
// room for so many rows of vectors; what it holds beyond the last column is zero.
void FindRanks(const float* x, long rows, int columns, int first, long rank, int* scratch, float* to) {
  Integers* magnitudes = reinterpret_cast<Integers*>(scratch);
  const int width = columns - first < LANES ? columns - first : LANES;
  const Integers without_sign = RepeatInteger(0x7fffffff);
  for (long row = 0; row < rows; row++) {
    const float* from = x + row * columns + first;
    if (width == LANES) {
      magnitudes[row] = *reinterpret_cast<const UnalignedIntegers*>(from) & without_sign;
    } else {
      Integers part = {};
      __builtin_memcpy(&part, from, sizeof(float) * width);
      magnitudes[row] = part & without_sign;
    }
  }
  Integers bound = {}, open = RepeatInteger(-1);
  for (int bit = 30; bit >= 0; bit--) {
    const Integers candidate = bound | RepeatInteger(1 << bit);
    Integers count = {};
    for (long row = 0; row < rows; row++) count -= magnitudes[row] >= candidate;
    bound = Choose((count > RepeatInteger(static_cast<int>(rank))) & open, candidate, bound);
    // The smallest of exactly so many is it.
    open &= count != RepeatInteger(static_cast<int>(rank) + 1);
    bool any = false;
    for (int lane = 0; lane < LANES; lane++) any |= open[lane] != 0;
    if (!any) break;
  }
  Integers smallest = without_sign;
  for (long row = 0; row < rows; row++) {
    const Integers wanted = (magnitudes[row] >= bound) & (magnitudes[row] < smallest);
    smallest = Choose(wanted, magnitudes[row], smallest);
  }
  __builtin_memcpy(to + first, &smallest, sizeof(float) * width);
}

// x where a weight is kept, 0 · x where it is dropped: where its magnitude is below its column's threshold and it was drawn.
void KeepRows(const float* x, const float* weights, const float* thresholds, const unsigned char* drawn, long rows, int columns, float* to) {
  for (long row = 0; row < rows; row++, x += columns, weights += columns, drawn += columns, to += columns)
    for (int column = 0; column < columns; column++) {
      const bool is_dropped = (__builtin_fabsf(weights[column]) < thresholds[column]) & (drawn[column] != 0);
      to[column] = x[column] * (is_dropped ? 0.0f : 1.0f);
    }
}

// factor · x
void Scale(const float* x, float factor, long count, float* to) {
  for (long index = 0; index < count; index++) to[index] = factor * x[index];
}

// x + factor · y
void AddScaled(const float* x, const float* y, float factor, long count, float* to) {
  for (long index = 0; index < count; index++) to[index] = x[index] + factor * y[index];
}

// velocity ← momentum · velocity + factor · gradient, weights ← weights − rate · velocity; by Nesterov − rate · (factor · gradient + momentum · velocity).
void Descend(float* __restrict weights, float* __restrict velocity, const float* __restrict gradient, const Descent& by, long count) {
  for (long index = 0; index < count; index++) {
    const float scaled = by.factor * gradient[index], next = by.momentum * velocity[index] + scaled;
    velocity[index] = next;
    weights[index] -= by.rate * (by.nesterov ? scaled + by.momentum * next : next);
  }
}

// Sum of squares, in an order that depends on their number alone.
double SumSquares(const float* x, long count) {
  constexpr int kSums = 4;
  Vector sums[kSums] = {};
  long index = 0;
  for (; index + kSums * LANES <= count; index += kSums * LANES)
    for (int part = 0; part < kSums; part++) {
      const Vector values = Load(x + index + part * LANES);
      sums[part] += values * values;
    }
  double total = 0;
  for (; index < count; index++) total += static_cast<double>(x[index]) * x[index];
  for (int part = 0; part < kSums; part++)
    for (int lane = 0; lane < LANES; lane++) total += sums[part][lane];
  return total;
}
