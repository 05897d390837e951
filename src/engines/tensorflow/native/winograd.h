// Convolutions of 3 x 3 with stride 1 and a margin of one pixel by Winograd's minimal filtering F(4 x 4, 3 x 3), and their gradients, in
// float32 (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016: four times fewer multiplications). kernels.cc includes
// this file once for each set of instructions, in a namespace of its own, with LANES set to the floats of a vector.
//
// A tile of 4 x 4 pixels of the result depends on 6 x 6 of the image. With the matrices B, G and A of the paper,
//   Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,   dg = Gᵀ [(Bᵀ d B) ⊙ (A dY Aᵀ)] G,
// and for many tiles and channels ⊙ is 36 products of matrices. Images are [batch, height, width, channels], filters [3, 3, in, out]; channels are
// multiples of LANES. Each number is summed up in the same order whatever the number of threads.

// Bᵀ d, of one column or row.
inline void TransformInput(const Vector* d, Vector* to) {
  const Vector a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1], c = d[4] - d[2], e = d[3] - d[1];
  to[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
  to[1] = a + b;
  to[2] = a - b;
  to[3] = c + 2.0f * e;
  to[4] = c - 2.0f * e;
  to[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
}

// Aᵀ m
inline void TransformOutput(const Vector* m, Vector* to) {
  const Vector s = m[1] + m[2], d = m[1] - m[2], t = m[3] + m[4], e = m[3] - m[4];
  to[0] = m[0] + s + t;
  to[1] = d + 2.0f * e;
  to[2] = s + 4.0f * t;
  to[3] = d + 8.0f * e + m[5];
}

// A y
inline void SpreadOutput(const Vector* y, Vector* to) {
  const Vector even = y[0] + y[2], odd = y[1] + y[3], even4 = y[0] + 4.0f * y[2], odd4 = 2.0f * y[1] + 8.0f * y[3];
  to[0] = y[0];
  to[1] = even + odd;
  to[2] = even - odd;
  to[3] = even4 + odd4;
  to[4] = even4 - odd4;
  to[5] = y[3];
}

constexpr float kFilterMatrix[6][3] = {{1 / 4.f, 0, 0},
                                       {-1 / 6.f, -1 / 6.f, -1 / 6.f},
                                       {-1 / 6.f, 1 / 6.f, -1 / 6.f},
                                       {1 / 24.f, 1 / 12.f, 1 / 6.f},
                                       {1 / 24.f, -1 / 12.f, 1 / 6.f},
                                       {0, 0, 1}};

// G g Gᵀ for one channel of what goes in: [36][in][out]. `turned`: the filter of the gradient with respect to the image, turned by 180°, with
// in and out exchanged; `in` and `out` are those of the result, and the filter given is [3, 3, out, in].
void TransformFilter(const float* filter, int in, int out, bool turned, int channel, float* to) {
  for (int first = 0; first < out; first += LANES) {
    Vector g[3][3], half[6][3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        if (!turned) {
          g[i][j] = Load(filter + ((i * 3 + j) * in + channel) * static_cast<long>(out) + first);
          continue;
        }
        for (int lane = 0; lane < LANES; lane++)
          g[i][j][lane] = filter[(((2 - i) * 3 + 2 - j) * out + first + lane) * static_cast<long>(in) + channel];
      }
    }
    for (int i = 0; i < 6; i++) {
      const float* row = kFilterMatrix[i];
      for (int j = 0; j < 3; j++) half[i][j] = row[0] * g[0][j] + row[1] * g[1][j] + row[2] * g[2][j];
    }
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 6; j++) {
        const float* row = kFilterMatrix[j];
        Store(to + (static_cast<long>(i * 6 + j) * in + channel) * out + first, row[0] * half[i][0] + row[1] * half[i][1] + row[2] * half[i][2]);
      }
    }
  }
}

struct Tile {
  long image;
  int row, column;
};

inline Tile TileAt(const Images& images, int index) {
  const int across = (images.width + 3) / 4, down = (images.height + 3) / 4;
  return {index / across / down, index / across % down * 4, index % across * 4};
}

// Bᵀ d B of some tiles: [36][capacity][channels]. `zeros`: a row of an image.
void TransformTiles(const float* x, const Images& images, int channels, int first, int count, int capacity, const float* zeros, float* to) {
  for (int t = 0; t < count; t++) {
    const Tile tile = TileAt(images, first + t);
    const float* rows[6];
    for (int i = 0; i < 6; i++) {
      const int row = tile.row - 1 + i;
      const bool isInside = row >= 0 && row < images.height;
      rows[i] = isInside ? x + (tile.image * images.height + row) * images.width * channels : zeros;
    }
    for (int c = 0; c < channels; c += LANES) {
      Vector half[6][6];
      for (int j = 0; j < 6; j++) {
        const int column = tile.column - 1 + j;
        Vector d[6] = {}, made[6] = {};
        if (column >= 0 && column < images.width) {
          for (int i = 0; i < 6; i++) d[i] = Load(rows[i] + static_cast<long>(column) * channels + c);
          TransformInput(d, made);
        }
        for (int i = 0; i < 6; i++) half[i][j] = made[i];
      }
      for (int i = 0; i < 6; i++) {
        Vector made[6];
        TransformInput(half[i], made);
        for (int j = 0; j < 6; j++) Store(to + (static_cast<long>(i * 6 + j) * capacity + t) * channels + c, made[j]);
      }
    }
  }
}

// A dY Aᵀ of some tiles, of `width` of the channels: [36][capacity][width]; dy begins at the first of them.
void SpreadTiles(const float* dy, const Images& images, int channels, int width, int first, int count, int capacity, float* to) {
  for (int t = 0; t < count; t++) {
    const Tile tile = TileAt(images, first + t);
    const int down = images.height - tile.row, across = images.width - tile.column;
    const float* corner = dy + ((tile.image * images.height + tile.row) * images.width + tile.column) * channels;
    for (int c = 0; c < width; c += LANES) {
      Vector half[6][4];
      for (int j = 0; j < 4; j++) {
        Vector y[4] = {}, made[6];
        for (int i = 0; i < 4; i++)
          if (i < down && j < across) y[i] = Load(corner + (static_cast<long>(i) * images.width + j) * channels + c);
        SpreadOutput(y, made);
        for (int i = 0; i < 6; i++) half[i][j] = made[i];
      }
      for (int i = 0; i < 6; i++) {
        Vector made[6];
        SpreadOutput(half[i], made);
        for (int j = 0; j < 6; j++) Store(to + (static_cast<long>(i * 6 + j) * capacity + t) * width + c, made[j]);
      }
    }
  }
}

// Aᵀ M A of some tiles, written where they lie in the images.
void WriteTiles(const float* products, const Images& images, int channels, int first, int count, int capacity, float* y) {
  const long step = static_cast<long>(capacity) * channels;
  for (int t = 0; t < count; t++) {
    const Tile tile = TileAt(images, first + t);
    const int down = images.height - tile.row, across = images.width - tile.column;
    float* corner = y + ((tile.image * images.height + tile.row) * images.width + tile.column) * channels;
    for (int c = 0; c < channels; c += LANES) {
      Vector half[4][6];
      for (int j = 0; j < 6; j++) {
        Vector m[6], made[4];
        for (int i = 0; i < 6; i++) m[i] = Load(products + (i * 6 + j) * step + static_cast<long>(t) * channels + c);
        TransformOutput(m, made);
        for (int i = 0; i < 4; i++) half[i][j] = made[i];
      }
      for (int i = 0; i < 4 && i < down; i++) {
        Vector made[4];
        TransformOutput(half[i], made);
        for (int j = 0; j < 4 && j < across; j++) Store(corner + (static_cast<long>(i) * images.width + j) * channels + c, made[j]);
      }
    }
  }
}

// to[row][column] = Σ a[row][k] b[k][column], for ROWS rows and VECTORS vectors of columns. TRANSPOSED: of a[k][row], added to what is there.
// `stride`: from a row of a to the next.
template <int ROWS, int VECTORS, bool TRANSPOSED>
inline void Multiply(const float* a, long stride, const float* b, long width, int depth, float* to) {
  Vector sums[ROWS][VECTORS] = {};
  for (int k = 0; k < depth; k++) {
    Vector factors[VECTORS];
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) factors[v] = Load(b + k * width + v * LANES);
#pragma GCC unroll 24
    for (int row = 0; row < ROWS; row++) {
      const Vector x = Repeat(TRANSPOSED ? a[k * stride + row] : a[row * stride + k]);
#pragma GCC unroll 4
      for (int v = 0; v < VECTORS; v++) sums[row][v] += x * factors[v];
    }
  }
  for (int row = 0; row < ROWS; row++) {
    for (int v = 0; v < VECTORS; v++) {
      float* place = to + row * width + v * LANES;
      Store(place, TRANSPOSED ? Load(place) + sums[row][v] : sums[row][v]);
    }
  }
}

// All rows of as many columns as blocks of VECTORS fill, from `column` on. A block has SUMS vectors.
template <int SUMS, int VECTORS, bool TRANSPOSED>
inline void MultiplyBlocks(const float* a, long stride, int rows, const float* b, int width, int depth, float* to, int* column) {
  constexpr int height = SUMS / VECTORS;
  for (; *column + VECTORS * LANES <= width; *column += VECTORS * LANES)
    for (int row = 0; row < rows; row += height)
      Multiply<height, VECTORS, TRANSPOSED>(a + (TRANSPOSED ? row : row * stride), stride, b + *column, width, depth, to + static_cast<long>(row) * width + *column);
}

// A product of matrices whose `rows` are a multiple of SUMS, and whose columns of LANES.
template <int SUMS, bool TRANSPOSED>
inline void MultiplyAll(const float* a, long stride, int rows, const float* b, int width, int depth, float* to) {
  int column = 0;
  if (LANES == 16) MultiplyBlocks<SUMS, 4, TRANSPOSED>(a, stride, rows, b, width, depth, to, &column);
  MultiplyBlocks<SUMS, 2, TRANSPOSED>(a, stride, rows, b, width, depth, to, &column);
  MultiplyBlocks<SUMS, 1, TRANSPOSED>(a, stride, rows, b, width, depth, to, &column);
}

// Sums that are held in registers at a time: of sixteen vectors with AVX2, of thirty-two with AVX-512. Channels are multiples of LANES.
constexpr int kSums = LANES == 16 ? 24 : 12;
constexpr int kGradientSums = LANES;

// The images' convolution for some tiles. `filter` as TransformFilter made it; scratch: 36 · capacity · (in + out).
void ConvolveTiles(const float* x, const float* filter, const Images& images, int in, int out, int first, int count, int capacity, const float* zeros, float* scratch, float* y) {
  float* transformed = scratch;
  float* products = scratch + 36L * capacity * in;
  TransformTiles(x, images, in, first, count, capacity, zeros, transformed);
  const int rows = (count + kSums - 1) / kSums * kSums;
  for (int place = 0; place < 36; place++)
    MultiplyAll<kSums, false>(transformed + static_cast<long>(place) * capacity * in, in, rows, filter + static_cast<long>(place) * in * out, out, in, products + static_cast<long>(place) * capacity * out);
  WriteTiles(products, images, out, first, count, capacity, y);
}

// Adds what some tiles contribute to the gradient with respect to `width` of a filter's `out` columns, [36][in][width]; dy begins at the
// first of them. Scratch: 36 · capacity · (in + width).
void AddFilterGradient(const float* x, const float* dy, const Images& images, int in, int out, int width, int first, int count, int capacity, const float* zeros, float* scratch, float* sums) {
  float* transformed = scratch;
  float* spread = scratch + 36L * capacity * in;
  TransformTiles(x, images, in, first, count, capacity, zeros, transformed);
  SpreadTiles(dy, images, out, width, first, count, capacity, spread);
  for (int place = 0; place < 36; place++)
    MultiplyAll<kGradientSums, true>(transformed + static_cast<long>(place) * capacity * in, in, in, spread + static_cast<long>(place) * capacity * width, width, count, sums + static_cast<long>(place) * in * width);
}

// Gᵀ S G for one channel of what goes in and `width` columns of a filter [3, 3, in, out], which begins at the first of them. S is the sum of some
// parts, each [36][in][width], `step` numbers apart.
void FinishFilterGradient(const float* sums, int parts, long step, int in, int out, int width, int channel, float* filter) {
  for (int column = 0; column < width; column += LANES) {
    Vector half[3][6] = {}, made[3][3] = {};
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 6; j++) {
        Vector sum = {};
        for (int part = 0; part < parts; part++) sum += Load(sums + part * step + ((i * 6L + j) * in + channel) * width + column);
        for (int k = 0; k < 3; k++) half[k][j] += kFilterMatrix[i][k] * sum;
      }
    }
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 6; j++)
        for (int k = 0; k < 3; k++) made[i][k] += kFilterMatrix[j][k] * half[i][j];
      for (int k = 0; k < 3; k++) Store(filter + (static_cast<long>(i * 3 + k) * in + channel) * out + column, made[i][k]);
    }
  }
}
