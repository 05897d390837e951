// Batch normalisation of a training with the ReLU behind it, and their gradient (Ioffe and Szegedy 2015), in float32. kernels.cc includes this
// file after winograd.h, once for each set of instructions. Images are [rows, channels], channels a multiple of LANES. Rows come in parts, whose
// sums are added up in their order.

typedef int Selection __attribute__((vector_size(LANES * 4)));

inline Vector Where(Selection mask, Vector values) { return (Vector)((Selection)values & mask); }

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

// Adds up term(row, vector) over rows, in several sums at a time, since each addition waits for the one before.
template <int vectors, typename Term>
inline void SumRows(long rows, const Term& term, Vector* totals) {
  constexpr int kSums = 4 / vectors;
  Vector sums[kSums][vectors] = {};
  long row = 0;
  for (; row + kSums <= rows; row += kSums)
    for (int part = 0; part < kSums; part++)
      for (int vector = 0; vector < vectors; vector++) sums[part][vector] += term(row + part, vector);
  for (; row < rows; row++)
    for (int vector = 0; vector < vectors; vector++) sums[0][vector] += term(row, vector);
  for (int vector = 0; vector < vectors; vector++) {
    totals[vector] = sums[0][vector];
    for (int part = 1; part < kSums; part++) totals[vector] += sums[part][vector];
  }
}

// Mean of each channel, and the sum of the squared distances from it.
struct MomentsOf {
  const float* x;
  long rows;
  int channels;
  float *means, *squares;

  template <int vectors>
  void Run(int first) const {
    const float* from = x + first;
    Vector mean[vectors], sum[vectors];
    SumRows<vectors>(rows, [&](long row, int vector) { return Load(from + row * channels + vector * LANES); }, mean);
    for (int vector = 0; vector < vectors; vector++) {
      mean[vector] /= Repeat(static_cast<float>(rows));
      Store(means + first + vector * LANES, mean[vector]);
    }
    const auto square = [&](long row, int vector) {
      const Vector distance = Load(from + row * channels + vector * LANES) - mean[vector];
      return distance * distance;
    };
    SumRows<vectors>(rows, square, sum);
    for (int vector = 0; vector < vectors; vector++) Store(squares + first + vector * LANES, sum[vector]);
  }
};

void FindMoments(const float* x, long rows, int channels, float* means, float* squares) { ForChannels(channels, MomentsOf{x, rows, channels, means, squares}); }

// The normalised numbers above zero; NaN stays.
void NormaliseRows(const float* x, const float* mean, const float* factor, const float* shift, long rows, int channels, float* to) {
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
struct GradientSumsOf {
  const float *dy, *x, *mean, *factor, *shift;
  long rows;
  int channels;
  float *sums, *products;

  template <int vectors>
  void Run(int first) const {
    Vector m[vectors], f[vectors], s[vectors], sum[vectors], product[vectors];
    for (int vector = 0; vector < vectors; vector++) {
      m[vector] = Load(mean + first + vector * LANES);
      f[vector] = Load(factor + first + vector * LANES);
      s[vector] = Load(shift + first + vector * LANES);
    }
    constexpr int kSums = 4 / vectors;
    Vector sums_of[kSums][vectors] = {}, products_of[kSums][vectors] = {};
    const auto add = [&](long row, int part, int vector) {
      const long place = row * channels + first + vector * LANES;
      const Vector value = Load(x + place);
      const Vector passed = Where(Normalise(value, m[vector], f[vector], s[vector]) > Vector{}, Load(dy + place));
      sums_of[part][vector] += passed;
      products_of[part][vector] += passed * (value - m[vector]);
    };
    long row = 0;
    for (; row + kSums <= rows; row += kSums)
      for (int part = 0; part < kSums; part++)
        for (int vector = 0; vector < vectors; vector++) add(row + part, part, vector);
    for (; row < rows; row++)
      for (int vector = 0; vector < vectors; vector++) add(row, 0, vector);
    for (int vector = 0; vector < vectors; vector++) {
      sum[vector] = sums_of[0][vector];
      product[vector] = products_of[0][vector];
      for (int part = 1; part < kSums; part++) {
        sum[vector] += sums_of[part][vector];
        product[vector] += products_of[part][vector];
      }
      Store(sums + first + vector * LANES, sum[vector]);
      Store(products + first + vector * LANES, product[vector]);
    }
  }
};

void FindGradientSums(const float* dy, const float* x, const float* mean, const float* factor, const float* shift, long rows, int channels, float* sums, float* products) {
  ForChannels(channels, GradientSumsOf{dy, x, mean, factor, shift, rows, channels, sums, products});
}

// factor · (passed dy − offset − slope · (x − mean))
void GradientRows(const float* dy, const float* x, const float* mean, const float* factor, const float* shift, const float* offset, const float* slope, long rows, int channels, float* to) {
  for (long row = 0; row < rows; row++, dy += channels, x += channels, to += channels)
    for (int channel = 0; channel < channels; channel += LANES) {
      const Vector value = Load(x + channel), m = Load(mean + channel), f = Load(factor + channel);
      const Vector passed = Where(Normalise(value, m, f, Load(shift + channel)) > Vector{}, Load(dy + channel));
      Store(to + channel, f * (passed - Load(offset + channel) - Load(slope + channel) * (value - m)));
    }
}
