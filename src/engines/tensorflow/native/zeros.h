// Products whose first factor has many zeros, such as images of digits: where some rows that are computed together have nothing but zeros, nothing
// is multiplied. kernels.cc includes this file after dense.h, once for each set of instructions. Results are those of dense.h to the last bit, but for
// the sign of zeros: each sum is in the same order, and what is left out would have added zero times a number. That number must be finite, which is
// looked at first.

// Rows that are computed together, and vectors of columns at most: as many sums as registers hold.
constexpr int kGroup = 4;
constexpr int kGroupVectors = LANES == 16 ? 6 : 3;

inline Selection NotZero(const float* from, int count) { return LoadSome(from, count) != Vector{}; }

// Of each number a bit. Append: first + i for each i that is selected, and how many; writes LANES numbers.
#if LANES == 16
inline unsigned BitsOf(Selection selected) { return _mm512_movepi32_mask((__m512i)selected); }
inline int Append(Selection selected, int first, int* to) {
  const __m512i counting = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __mmask16 bits = BitsOf(selected);
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(bits, _mm512_add_epi32(_mm512_set1_epi32(first), counting)));
  return __builtin_popcount(bits);
}
#else
inline unsigned BitsOf(Selection selected) { return _mm256_movemask_ps((__m256)selected); }
inline int Append(Selection selected, int first, int* to) {
  int count = 0;
  for (int i = 0; i < LANES; i++) {
    to[count] = first + i;
    count += selected[i] & 1;
  }
  return count;
}
#endif

// Of the groups of up to LANES rows of a [rows, depth]: the places of the depth where any row is not zero, and how many. Turned: of a [depth, rows].
// A group's places lie `stride_of_places` behind those of the one before, which is at least depth + LANES.
void FindPlaces(const float* a, long stride, bool turned, int rows, int depth, int stride_of_places, int* places, int* counts) {
  const int groups = (rows + kGroup - 1) / kGroup;
  for (int group = 0; group < groups; group++) counts[group] = 0;
  const auto append = [&](int group, Selection selected, int first) {
    counts[group] += Append(selected, first, places + static_cast<long>(group) * stride_of_places + counts[group]);
  };
  for (int first = 0; first < depth; first += LANES) {
    const int left = depth - first;
    if (turned) {
      // Of each place a bit for each row.
      Selection bits = {};
      for (int i = 0; i < LANES && i < left; i++) bits[i] = BitsOf(NotZero(a + (first + i) * stride, rows));
      for (int group = 0; group < groups; group++) append(group, (bits & (((1 << kGroup) - 1) << group * kGroup)) != 0, first);
    } else {
      for (int group = 0; group < groups; group++) {
        Selection any = {};
        for (int row = group * kGroup; row < rows && row < (group + 1) * kGroup; row++) any |= NotZero(a + row * stride + first, left);
        append(group, any, first);
      }
    }
  }
}

// Whether a panel has no infinite number, and none that is not a number. May look at what lies behind its columns, too.
template <int VECTORS>
bool IsFinite(const Panel& panel, int depth, int width) {
  Vector sums[VECTORS] = {};
  for (int k = 0; k < panel.whole; k++)
    for (int v = 0; v < VECTORS; v++) sums[v] += Vector{} * Load(panel.data + k * panel.stride + v * LANES);
  for (int k = panel.whole; k < depth; k++) {
    Vector values[VECTORS] = {};
    __builtin_memcpy(values, panel.data + k * panel.stride, sizeof(float) * width);
    for (int v = 0; v < VECTORS; v++) sums[v] += Vector{} * values[v];
  }
  for (int v = 1; v < VECTORS; v++) sums[0] += sums[v];
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += sums[0][lane];
  return sum == 0;
}

// Columns [column, column + width) of all rows of a · b, or of a' · b, [rows, columns], with the places of each group of rows that FindPlaces found.
// The depth is kDepth at most.
template <bool TRANSPOSED, int VECTORS>
void MultiplyColumnsAt(const float* a, long a_stride, const float* b, long b_stride, const int* places, int stride_of_places, const int* counts, int rows, int depth, long columns, int column, int width, const Epilogue& after, float* to) {
  const Panel panel = PanelOf(b, b_stride, depth, 0, depth, column, width, VECTORS);
  int every[kDepth];
  const bool is_finite = IsFinite<VECTORS>(panel, depth, width);
  if (!is_finite)
    for (int k = 0; k < depth; k++) every[k] = k;
  const long step = TRANSPOSED ? 1 : a_stride;
  for (int row = 0, group = 0; row < rows; row += kGroup, group++) {
    const int* own = is_finite ? places + static_cast<long>(group) * stride_of_places : every;
    const int count = is_finite ? counts[group] : depth;
    if (row + kGroup <= rows)
      MultiplyPanel<kGroup, TRANSPOSED, VECTORS>(a + row * step, a_stride, panel, own, count, false, &after, row, column, width, columns, to);
    else
      for (int last = row; last < rows; last++) MultiplyPanel<1, TRANSPOSED, VECTORS>(a + last * step, a_stride, panel, own, count, false, &after, last, column, width, columns, to);
  }
}

template <bool TRANSPOSED, int VECTORS = kGroupVectors>
auto FindMultiplication(int vectors) {
  if constexpr (VECTORS > 1)
    if (vectors < VECTORS) return FindMultiplication<TRANSPOSED, VECTORS - 1>(vectors);
  return &MultiplyColumnsAt<TRANSPOSED, VECTORS>;
}

void MultiplyAt(const float* a, long a_stride, bool a_turned, const float* b, long b_stride, const int* places, int stride_of_places, const int* counts, int rows, int depth, long columns, int column, int width, const Epilogue& after, float* to) {
  const int vectors = (width + LANES - 1) / LANES;
  (a_turned ? FindMultiplication<true>(vectors) : FindMultiplication<false>(vectors))(a, a_stride, b, b_stride, places, stride_of_places, counts, rows, depth, columns, column, width, after, to);
}
