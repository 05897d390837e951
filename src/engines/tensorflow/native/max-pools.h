// ReLU of images plus a bias, and pools of windows of 2 x 2 pixels that cover the images, with their gradient. kernels.cc includes this file after
// vectors.h, once for each set of instructions. Images are [height, width, channels]; numbers that are NaN stay NaN.

inline Vector Largest(Vector a, Vector b) {
  const Selection takes_second = (a < b) | (b != b);
  return (Vector)(((Selection)a & ~takes_second) | ((Selection)b & takes_second));
}

// ReLU of each pixel plus the bias, [channels], in place.
void RectifyImage(float* y, const float* bias, long pixels, int channels) {
  // The last vector overlaps the one before: it is read before that is written.
  const int last = channels - LANES, whole = channels / LANES * LANES;
  for (long pixel = 0; pixel < pixels; pixel++, y += channels) {
    if (last < 0) {
      for (int k = 0; k < channels; k++) {
        const float value = y[k] + bias[k];
        y[k] = value < 0 ? 0 : value;
      }
      continue;
    }
    const Vector end = Rectify(Load(y + last) + Load(bias + last));
    for (int k = 0; k < whole; k += LANES) Store(y + k, Rectify(Load(y + k) + Load(bias + k)));
    Store(y + last, end);
  }
}

// Calls each(k, count) for channels [k, k + count) until all have been met, some of them twice.
template <typename Each>
inline void ForVectors(int channels, const Each& each) {
  if (channels < LANES) {
    each(0, channels);
    return;
  }
  for (int k = 0; k + LANES <= channels; k += LANES) each(k, LANES);
  if (channels % LANES != 0) each(channels - LANES, LANES);
}

// The largest numbers of each window, [height / 2, width / 2, channels].
void PoolImage(const float* y, int height, int width, int channels, float* pooled) {
  const long line = static_cast<long>(width) * channels;
  for (int row = 0; row < height / 2; row++)
    for (int column = 0; column < width / 2; column++, pooled += channels) {
      const float* window = y + 2 * row * line + 2 * static_cast<long>(column) * channels;
      ForVectors(channels, [&](int k, int count) __attribute__((always_inline)) {
        const float* at = window + k;
        const Vector upper = Largest(LoadSome(at, count), LoadSome(at + channels, count)), lower = Largest(LoadSome(at + line, count), LoadSome(at + line + channels, count));
        StoreSome(pooled + k, Largest(upper, lower), count);
      });
    }
}

// Of each window's gradient dy, what its pixels have: the first of the largest has all of it.
void PoolGradient(const float* dy, const float* y, const float* pooled, int height, int width, int channels, float* dx) {
  const long line = static_cast<long>(width) * channels;
  for (int row = 0; row < height / 2; row++)
    for (int column = 0; column < width / 2; column++, pooled += channels, dy += channels) {
      const long window = 2 * row * line + 2 * static_cast<long>(column) * channels;
      ForVectors(channels, [&](int k, int count) __attribute__((always_inline)) {
        const Vector largest = LoadSome(pooled + k, count), gradient = LoadSome(dy + k, count);
        const Selection is_none = largest != largest;
        Selection left = ~Selection{};
        for (const long pixel : {0L, static_cast<long>(channels), line, line + channels}) {
          const Selection has = left & ((LoadSome(y + window + pixel + k, count) == largest) | is_none);
          StoreSome(dx + window + pixel + k, Where(has, gradient), count);
          left &= ~has;
        }
      });
    }
}
