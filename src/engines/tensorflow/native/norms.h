// Batch normalisation of a training with the ReLU behind it, and their gradient (Ioffe and Szegedy 2015), and the sum of two arrays. All is
// computed in float32; images are of float32, or of bfloat16, each number rounded to the nearest (to even). kernels.cc includes this file after
// vectors.h, once for each set of instructions. Images are [rows, channels], channels a multiple of LANES. Rows come in parts, whose sums are
// added up in their order.

typedef unsigned short Halves __attribute__((vector_size(LANES * 2), aligned(2), may_alias));
typedef unsigned Words __attribute__((vector_size(LANES * 4)));

// A bfloat16 is the upper half of a float32.
inline Vector Load(const Bfloat16* from) { return (Vector)(__builtin_convertvector(*reinterpret_cast<const Halves*>(from), Words) << 16); }

inline void Store(Bfloat16* to, Vector value) {
  const Words bits = (Words)value, rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  // Rounding would make infinity of some NaN.
  const Words is_number = (Words)(value == value);
  *reinterpret_cast<Halves*>(to) = __builtin_convertvector((rounded & is_number) | (0x7fc0 & ~is_number), Halves);
}

// What forward and backward pass must agree on to the bit: whether ReLU lets a number pass.
inline Vector Normalise(Vector x, Vector mean, Vector factor, Vector shift) { return (x - mean) * factor + shift; }

// Calls task.Run<vectors>(first channel) for blocks of four, two or one vectors of channels.
template <typename Task>
void ForChannels(int channels, const Task& task) {
  int first = 0;
  for (; first + 4 * LANES <= channels; first += 4 * LANES) task.template Run<4>(first);
  for (; first + 2 * LANES <= channels; first += 2 * LANES) task.template Run<2>(first);
  for (; first < channels; first += LANES) task.template Run<1>(first);
}

// Sums of each vector of channels, several at a time, since each addition waits for the one before.
template <int vectors>
struct Sums {
  static constexpr int kCount = 4 / vectors;
  Vector of[kCount][vectors] = {};

  void Store(float* to) const {
    for (int vector = 0; vector < vectors; vector++) {
      Vector total = of[0][vector];
      for (int sum = 1; sum < kCount; sum++) total += of[sum][vector];
      *reinterpret_cast<Unaligned*>(to + vector * LANES) = total;
    }
  }
};

// Calls add(row, sum, vector) for all rows and vectors: rows go to the sums by turns.
template <int vectors, typename Add>
inline void ForRows(long rows, const Add& add) {
  constexpr int kCount = Sums<vectors>::kCount;
  long row = 0;
  for (; row + kCount <= rows; row += kCount)
    for (int sum = 0; sum < kCount; sum++)
      for (int vector = 0; vector < vectors; vector++) add(row + sum, sum, vector);
  for (; row < rows; row++)
    for (int vector = 0; vector < vectors; vector++) add(row, 0, vector);
}

// Mean of each channel, and the sum of the squared distances from it.
template <typename Number>
struct MomentsOf {
  const Number* x;
  long rows;
  int channels;
  float *means, *squares;

  template <int vectors>
  void Run(int first) const {
    const auto at = [&](long row, int vector) { return Load(x + row * channels + first + vector * LANES); };
    Sums<vectors> sums, distances;
    ForRows<vectors>(rows, [&](long row, int sum, int vector) { sums.of[sum][vector] += at(row, vector); });
    sums.Store(means + first);
    Vector mean[vectors];
    for (int vector = 0; vector < vectors; vector++) {
      mean[vector] = Load(means + first + vector * LANES) / Repeat(static_cast<float>(rows));
      Store(means + first + vector * LANES, mean[vector]);
    }
    ForRows<vectors>(rows, [&](long row, int sum, int vector) {
      const Vector distance = at(row, vector) - mean[vector];
      distances.of[sum][vector] += distance * distance;
    });
    distances.Store(squares + first);
  }
};

template <typename Number>
void FindMoments(const Number* x, long rows, int channels, float* means, float* squares) {
  ForChannels(channels, MomentsOf<Number>{x, rows, channels, means, squares});
}

// The normalised numbers above zero; NaN stays.
template <typename Number>
void NormaliseRows(const Number* x, const float* mean, const float* factor, const float* shift, long rows, int channels, Number* to) {
  for (long row = 0; row < rows; row++, x += channels, to += channels)
    for (int channel = 0; channel < channels; channel += LANES) {
      const Vector y = Normalise(Load(x + channel), Load(mean + channel), Load(factor + channel), Load(shift + channel));
      Store(to + channel, Where(~(y < Vector{}), y));
    }
}

// factor · x + shift above zero; NaN stays.
void ScaleRows(const float* x, const float* factor, const float* shift, long rows, int channels, float* to) {
  for (long row = 0; row < rows; row++, x += channels, to += channels)
    for (int channel = 0; channel < channels; channel += LANES) {
      const Vector y = Load(x + channel) * Load(factor + channel) + Load(shift + channel);
      Store(to + channel, Where(~(y < Vector{}), y));
    }
}

// Sums of dy where ReLU let a number pass, and of its products with the distances from the mean.
template <typename Number>
struct GradientSumsOf {
  const Number *dy, *x;
  const float *mean, *factor, *shift;
  long rows;
  int channels;
  float *sums, *products;

  template <int vectors>
  void Run(int first) const {
    Vector m[vectors], f[vectors], s[vectors];
    for (int vector = 0; vector < vectors; vector++) {
      m[vector] = Load(mean + first + vector * LANES);
      f[vector] = Load(factor + first + vector * LANES);
      s[vector] = Load(shift + first + vector * LANES);
    }
    Sums<vectors> gradients, slanted;
    ForRows<vectors>(rows, [&](long row, int sum, int vector) {
      const long place = row * channels + first + vector * LANES;
      const Vector value = Load(x + place);
      const Vector passed = Where(Normalise(value, m[vector], f[vector], s[vector]) > Vector{}, Load(dy + place));
      gradients.of[sum][vector] += passed;
      slanted.of[sum][vector] += passed * (value - m[vector]);
    });
    gradients.Store(sums + first);
    slanted.Store(products + first);
  }
};

template <typename Number>
void FindGradientSums(const Number* dy, const Number* x, const float* mean, const float* factor, const float* shift, long rows, int channels, float* sums, float* products) {
  ForChannels(channels, GradientSumsOf<Number>{dy, x, mean, factor, shift, rows, channels, sums, products});
}

// factor · (passed dy − offset − slope · (x − mean))
template <typename Number>
void GradientRows(const Number* dy, const Number* x, const float* mean, const float* factor, const float* shift, const float* offset, const float* slope, long rows, int channels, Number* to) {
  for (long row = 0; row < rows; row++, dy += channels, x += channels, to += channels)
    for (int channel = 0; channel < channels; channel += LANES) {
      const Vector value = Load(x + channel), m = Load(mean + channel), f = Load(factor + channel);
      const Vector passed = Where(Normalise(value, m, f, Load(shift + channel)) > Vector{}, Load(dy + channel));
      Store(to + channel, f * (passed - Load(offset + channel) - Load(slope + channel) * (value - m)));
    }
}

// x + y, of any number of elements that is a multiple of LANES.
template <typename Number>
void AddArrays(const Number* x, const Number* y, long count, Number* to) {
  for (long index = 0; index < count; index += LANES) Store(to + index, Load(x + index) + Load(y + index));
}

const NormKernels<float> kNorms = {FindMoments<float>, NormaliseRows<float>, FindGradientSums<float>, GradientRows<float>, AddArrays<float>};
const NormKernels<Bfloat16> kBfloat16Norms = {FindMoments<Bfloat16>, NormaliseRows<Bfloat16>, FindGradientSums<Bfloat16>, GradientRows<Bfloat16>, AddArrays<Bfloat16>};
