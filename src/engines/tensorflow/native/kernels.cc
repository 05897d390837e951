// Kernels of td's own for TensorFlow on x86-64 processors, in float32. Compiled by `td engines install tensorflow`, loaded as a module of Node
// after TensorFlow; registers
//   TdConvolve(x, filter), TdConvolveInputGradient(dy, filter), TdConvolveFilterGradient(x, dy): convolutions of 3 x 3 by Winograd's minimal
//     filtering, and their gradients (winograd.h), for images [batch, height, width, channels] and filters [3, 3, in, out], stride 1, a margin
//     of one pixel of zeros;
// and passes over weights [..., columns] (weights.h):
//   TdColumnRank(weights, rank): [columns], of each column the magnitude at that place of the descending order;
//   TdKeep(x, weights, thresholds, drawn): x, and 0 · x where a weight's magnitude is below its column's threshold and it was drawn;
//   TdAddScaled(x, y, factor): x + factor · y;
//   TdScaleAll(x, …, factor): each of any number of arrays times a number;
//   TdMomentum(weights, …, velocities, …, gradients, …, factor, rate, momentum), TdNesterov: steps of gradient descent in the memory of the first two;
//   TdSumSquares(x, …): the sum of the squares of all elements of any number of arrays;
// and batch normalisation of a training with the ReLU behind it (norms.h), for images [..., channels]:
//   TdNormRelu(x, scale, shift, epsilon): the result, mean, variance of the batch as a sample, and 1 / √(variance + epsilon);
//   TdNormReluGradient(dy, x, scale, shift, mean, inverse): of x, scale and shift;
//   TdScaleRelu(x, factor, shift): ReLU of factor · x + shift, as in an evaluation;
//   TdImplicitGemm(x, filter), TdImplicitGemmInputGradient(dy, filter), TdImplicitGemmFilterGradient(x, dy): convolutions of stride 1 without a margin, of any
//     filter, and their gradients (implicit-gemm.h);
//   TdPooledConvolution(x, filter, bias): ReLU of such a convolution plus a bias, its largest numbers in windows of 2 x 2; TdRectifiedConvolution: that ReLU, too;
//   TdPoolGradient(dy, y, pooled): the gradient of that pool (max-pools.h);
//   TdDense(x, weights, bias), TdDenseRelu: x · weights + bias, and ReLU of it (dense.h, and zeros.h where x has many zeros);
//   TdDenseInputGradient(dy, weights), TdDenseInputGradientRelu(dy, weights, y): dy · weights', and that where y > 0;
//   TdDenseWeightGradient(x, dy), TdDenseWeightGradientDecay(x, dy, weights, factor): x' · dy, and that + factor · weights;
//   TdCrossEntropy(logits, labels): losses of rows, 1 for each right answer, and softmax less the labels' classes (cross-entropy.h);
//   TdNormReluBfloat16, TdNormReluGradientBfloat16: the same of images of bfloat16, and TdAddBfloat16(x, y): their sum.
#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define TD_HAS_KERNELS
#endif

#ifdef TD_HAS_KERNELS
#include <immintrin.h>

#include "c_interface.h"
#include "pool.h"

namespace {

struct Images {
  int count, height, width;
  int tiles() const { return count * ((height + 3) / 4) * ((width + 3) / 4); }
};

struct Bfloat16 {
  unsigned short bits;
};

#include "window.h"

// What norms.h offers for images of one type.
template <typename Number>
struct NormKernels {
  void (*find_moments)(const Number*, long, int, float*, float*);
  void (*normalise_rows)(const Number*, const float*, const float*, const float*, long, int, Number*);
  void (*find_gradient_sums)(const Number*, const Number*, const float*, const float*, const float*, long, int, float*, float*);
  void (*gradient_rows)(const Number*, const Number*, const float*, const float*, const float*, const float*, const float*, long, int, Number*);
  void (*add_arrays)(const Number*, const Number*, long, Number*);
};

#include "epilogue.h"

// Of weights.h: a step of gradient descent with momentum.
struct Descent {
  // Gradients are multiplied by it.
  float factor;
  float rate, momentum;
  bool nesterov;
};

// What there is for one set of instructions.
struct Instructions {
  int lanes;
  void (*transform_filter)(const float*, int, int, bool, int, float*);
  void (*convolve_tiles)(const float*, const float*, const Images&, int, int, int, int, int, const float*, float*, float*);
  void (*add_filter_gradient)(const float*, const float*, const Images&, int, int, int, int, int, int, const float*, float*, float*);
  void (*finish_filter_gradient)(const float*, int, long, int, int, int, int, float*);
  void (*find_ranks)(const float*, long, int, int, long, int*, float*);
  void (*keep_rows)(const float*, const float*, const float*, const unsigned char*, long, int, float*);
  void (*add_scaled)(const float*, const float*, float, long, float*);
  void (*scale)(const float*, float, long, float*);
  void (*descend)(float*, float*, const float*, const Descent&, long);
  double (*sum_squares)(const float*, long);
  void (*cross_entropies)(const float*, const int*, long, int, float*, float*, float*);
  void (*scale_rows)(const float*, const float*, const float*, long, int, float*);
  NormKernels<float> norms;
  NormKernels<Bfloat16> bfloat16_norms;
  int (*count_rest)(const Window&);
  void (*pack_rest)(const float*, const Window&, float*);
  void (*convolve_windows)(const float*, const Window&, const float*, const float*, float*);
  void (*spread_windows)(const float*, const Window&, const float*, float*, float*);
  void (*add_window_gradient)(const float*, const float*, const Window&, float*, float*, float*);
  int windows;
  void (*pack_panel)(const float*, long, bool, int, int, int, int, float*);
  int panel, depth, rows;
  void (*multiply_dense)(const float*, long, bool, const float*, long, bool, int, int, long, int, int, const Epilogue&, float*, float*);
  int group, group_vectors;
  void (*find_places)(const float*, long, bool, int, int, int, int*, int*);
  void (*rectify_image)(float*, const float*, long, int);
  void (*pool_image)(const float*, int, int, int, float*);
  void (*pool_gradient)(const float*, const float*, const float*, int, int, int, float*);
  void (*multiply_at)(const float*, long, bool, const float*, long, const int*, int, const int*, int, int, long, int, int, const Epilogue&, float*);
};

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#endif
#define LANES 16
namespace avx512 {
#include "vectors.h"
#include "winograd.h"
#include "weights.h"
#include "norms.h"
#include "dense.h"
#include "zeros.h"
#include "implicit-gemm.h"
#include "cross-entropy.h"
#include "max-pools.h"
}
#undef LANES
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define LANES 8
namespace avx2 {
#include "vectors.h"
#include "winograd.h"
#include "weights.h"
#include "norms.h"
#include "dense.h"
#include "zeros.h"
#include "implicit-gemm.h"
#include "cross-entropy.h"
#include "max-pools.h"
}
#undef LANES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const Instructions kAvx512 = {16, avx512::TransformFilter, avx512::ConvolveTiles, avx512::AddFilterGradient, avx512::FinishFilterGradient,
                              avx512::FindRanks, avx512::KeepRows, avx512::AddScaled, avx512::Scale, avx512::Descend, avx512::SumSquares, avx512::CrossEntropies,
                              avx512::ScaleRows, avx512::kNorms, avx512::kBfloat16Norms,
                              avx512::CountRest, avx512::PackRest, avx512::ConvolveWindows, avx512::SpreadWindows, avx512::AddWindowGradient, avx512::kWindows, avx512::PackPanel,
                              avx512::kPanel, avx512::kDepth, avx512::kRows, avx512::MultiplyDense,
                              avx512::kGroup, avx512::kGroupVectors, avx512::FindPlaces, avx512::RectifyImage, avx512::PoolImage, avx512::PoolGradient, avx512::MultiplyAt};
const Instructions kAvx2 = {8, avx2::TransformFilter, avx2::ConvolveTiles, avx2::AddFilterGradient, avx2::FinishFilterGradient,
                              avx2::FindRanks, avx2::KeepRows, avx2::AddScaled, avx2::Scale, avx2::Descend, avx2::SumSquares, avx2::CrossEntropies,
                              avx2::ScaleRows, avx2::kNorms, avx2::kBfloat16Norms,
                              avx2::CountRest, avx2::PackRest, avx2::ConvolveWindows, avx2::SpreadWindows, avx2::AddWindowGradient, avx2::kWindows, avx2::PackPanel,
                              avx2::kPanel, avx2::kDepth, avx2::kRows, avx2::MultiplyDense,
                              avx2::kGroup, avx2::kGroupVectors, avx2::FindPlaces, avx2::RectifyImage, avx2::PoolImage, avx2::PoolGradient, avx2::MultiplyAt};

const Instructions* FindInstructions(int most) {
  const bool has512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  const bool has2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has512 && most >= kAvx512.lanes) return &kAvx512;
  return has2 && most >= kAvx2.lanes ? &kAvx2 : nullptr;
}

const Instructions* instructions = nullptr;
Pool* pool = nullptr;

const NormKernels<float>& NormsOf(const float*) { return instructions->norms; }
const NormKernels<Bfloat16>& NormsOf(const Bfloat16*) { return instructions->bfloat16_norms; }

// Numbers too small for full precision count as zero on every thread, as in TensorFlow: they would take a hundred times as long.
class WithoutDenormals {
 public:
  WithoutDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~WithoutDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

// Memory that is used again, so that the system need not clear it at every step.
class Buffers {
 public:
  struct Free {
    void operator()(float* memory) const { std::free(memory); }
  };
  struct Buffer {
    std::unique_ptr<float, Free> memory;
    size_t size = 0;
  };

  // A buffer without memory if there is none to be had, or none is wanted.
  Buffer Take(size_t size) {
    if (size == 0) return {};
    {
      std::lock_guard<std::mutex> lock(mutex_);
      size_t best = free_.size();
      for (size_t index = 0; index < free_.size(); index++)
        if (free_[index].size >= size && (best == free_.size() || free_[index].size < free_[best].size)) best = index;
      if (best < free_.size()) {
        Buffer found = std::move(free_[best]);
        free_.erase(free_.begin() + best);
        return found;
      }
      // One that is too small makes room for the new one.
      if (!free_.empty()) free_.pop_back();
    }
    const size_t bytes = (size * sizeof(float) + 63) / 64 * 64;
    std::unique_ptr<float, Free> memory(static_cast<float*>(std::aligned_alloc(64, bytes)));
    return {std::move(memory), size};
  }

  void Give(Buffer buffer) {
    if (buffer.memory == nullptr) return;
    std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

Buffers* buffers = nullptr;

class Scratch {
 public:
  explicit Scratch(size_t size) : buffer_(buffers->Take(size)) {}
  ~Scratch() { buffers->Give(std::move(buffer_)); }
  float* get() const { return buffer_.memory.get(); }

 private:
  Buffers::Buffer buffer_;
};

// Tiles that are transformed at a time: as many as the second cache holds beside a part of the filter. A multiple of 24, the rows of a product.
int CapacityFor(int in, int out) { return in + out <= 512 ? 24 : 96; }

// Weights of a filter that a task transforms: fewer are not worth a thread that has to be woken.
constexpr int kWeightsInTask = 8192;

// Whether there was memory for it.
bool Convolve(const float* x, const float* filter, const Images& images, int in, int out, bool turned, float* y) {
  const int capacity = CapacityFor(in, out), tiles = images.tiles();
  Scratch transformed(36L * in * out), zeros(static_cast<size_t>(images.width) * in);
  if (!transformed.get() || !zeros.get()) return false;
  std::memset(zeros.get(), 0, sizeof(float) * images.width * in);
  const int channels_at_once = std::max(1, kWeightsInTask / out);
  pool->Run((in + channels_at_once - 1) / channels_at_once, [&](int task) {
    WithoutDenormals mode;
    for (int channel = task * channels_at_once; channel < std::min(in, (task + 1) * channels_at_once); channel++)
      instructions->transform_filter(filter, in, out, turned, channel, transformed.get());
  });
  std::atomic<bool> fits{true};
  pool->Run((tiles + capacity - 1) / capacity, [&](int task) {
    WithoutDenormals mode;
    Scratch scratch(36L * capacity * (in + out));
    if (!scratch.get()) {
      fits = false;
      return;
    }
    const int first = task * capacity, count = std::min(capacity, tiles - first);
    // Rows of the last product that belong to no tile must be numbers.
    if (count < capacity) std::memset(scratch.get(), 0, sizeof(float) * 36L * capacity * in);
    instructions->convolve_tiles(x, transformed.get(), images, in, out, first, count, capacity, zeros.get(), scratch.get(), y);
  });
  return fits;
}

// Columns of the filter in a task.
constexpr int kColumns = 128;
// Bytes of the sums of all parts, at most, unless there are two.
constexpr long kSumBytes = 48L << 20;

// Whether there was memory for it.
bool ConvolveFilterGradient(const float* x, const float* dy, const Images& images, int in, int out, float* filter) {
  const int capacity = CapacityFor(in, std::min(out, kColumns)), tiles = images.tiles();
  const int blocks = (tiles + capacity - 1) / capacity, groups = (out + kColumns - 1) / kColumns;
  const long size = 36L * in * out;
  // By the shapes alone: with another number of threads the sums would be others.
  const int parts = static_cast<int>(std::min<long>(blocks, std::max<long>(2, std::min<long>(8, kSumBytes / (4 * size)))));
  Scratch sums(static_cast<size_t>(size) * parts), zeros(static_cast<size_t>(images.width) * in);
  if (!sums.get() || !zeros.get()) return false;
  std::atomic<bool> fits{true};
  std::memset(zeros.get(), 0, sizeof(float) * images.width * in);
  const auto sums_of = [&](int part, int column) { return sums.get() + part * size + 36L * in * column; };
  pool->Run(parts * groups, [&](int task) {
    WithoutDenormals mode;
    const int part = task / groups, column = task % groups * kColumns, width = std::min(kColumns, out - column);
    Scratch scratch(36L * capacity * (in + width));
    if (!scratch.get()) {
      fits = false;
      return;
    }
    std::memset(sums_of(part, column), 0, sizeof(float) * 36L * in * width);
    for (int block = static_cast<int>(static_cast<long>(blocks) * part / parts); block < static_cast<long>(blocks) * (part + 1) / parts; block++) {
      const int first = block * capacity, count = std::min(capacity, tiles - first);
      instructions->add_filter_gradient(x, dy + column, images, in, out, width, first, count, capacity, zeros.get(), scratch.get(), sums_of(part, column));
    }
  });
  const int channels_at_once = std::max(1, kWeightsInTask / out);
  pool->Run((in + channels_at_once - 1) / channels_at_once, [&](int task) {
    WithoutDenormals mode;
    for (int channel = task * channels_at_once; channel < std::min(in, (task + 1) * channels_at_once); channel++)
      for (int column = 0; column < out; column += kColumns)
        instructions->finish_filter_gradient(sums_of(0, column), parts, size, in, out, std::min(kColumns, out - column), channel, filter + column);
  });
  return fits;
}

struct Tensor {
  TF_Tensor* tensor = nullptr;
  ~Tensor() {
    if (tensor) TF_DeleteTensor(tensor);
  }
  int Extent(int axis) const { return static_cast<int>(TF_Dim(tensor, axis)); }
  long Count() const { return static_cast<long>(TF_TensorElementCount(tensor)); }
  std::vector<int64_t> Shape() const {
    std::vector<int64_t> shape;
    for (int axis = 0; axis < TF_NumDims(tensor); axis++) shape.push_back(TF_Dim(tensor, axis));
    return shape;
  }
  template <typename Number = float>
  Number* Data() const {
    return static_cast<Number*>(TF_TensorData(tensor));
  }
};

// Elements that a task goes over: fewer are not worth a thread that has to be woken.
constexpr long kElementsInTask = 1 << 15;

// Rows in parts, whose number depends on the shape alone.
class Parts {
 public:
  Parts(long rows, int columns) : rows_(rows), rows_in_part_(std::max(1L, kElementsInTask / columns)) {}
  int Count() const { return static_cast<int>((rows_ + rows_in_part_ - 1) / rows_in_part_); }
  long First(int part) const { return part * rows_in_part_; }
  long Rows(int part) const { return std::min(rows_in_part_, rows_ - First(part)); }

 private:
  const long rows_, rows_in_part_;
};

// Whether there was memory for it.
bool FindColumnRanks(const float* x, long rows, int columns, long rank, float* to) {
  const int lanes = instructions->lanes, blocks = (columns + lanes - 1) / lanes;
  // Finding a rank takes some twenty passes.
  const int blocks_at_once = static_cast<int>(std::max(1L, kElementsInTask / 8 / (rows * lanes)));
  std::atomic<bool> fits{true};
  pool->Run((blocks + blocks_at_once - 1) / blocks_at_once, [&](int task) {
    Scratch scratch(static_cast<size_t>(rows) * lanes);
    if (!scratch.get()) {
      fits = false;
      return;
    }
    for (int block = task * blocks_at_once; block < std::min(blocks, (task + 1) * blocks_at_once); block++)
      instructions->find_ranks(x, rows, columns, block * lanes, rank, reinterpret_cast<int*>(scratch.get()), to);
  });
  return fits;
}

void Keep(const float* x, const float* weights, const float* thresholds, const unsigned char* drawn, long rows, int columns, float* to) {
  const Parts parts(rows, columns);
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part) * columns;
    instructions->keep_rows(x + first, weights + first, thresholds, drawn + first, parts.Rows(part), columns, to + first);
  });
}

void AddScaled(const float* x, const float* y, float factor, long count, float* to) {
  const Parts parts(count, 1);
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part);
    instructions->add_scaled(x + first, y + first, factor, parts.Rows(part), to + first);
  });
}

struct Array {
  const float* data;
  long count;
};

struct Scaled {
  const float* from;
  long count;
  float* to;
};

void ScaleAll(const std::vector<Scaled>& arrays, float factor) {
  std::vector<Scaled> pieces;
  for (const Scaled& array : arrays) {
    const Parts parts(array.count, 1);
    for (int part = 0; part < parts.Count(); part++) pieces.push_back({array.from + parts.First(part), parts.Rows(part), array.to + parts.First(part)});
  }
  pool->Run(static_cast<int>(pieces.size()), [&](int piece) {
    WithoutDenormals mode;
    instructions->scale(pieces[piece].from, factor, pieces[piece].count, pieces[piece].to);
  });
}

struct Descending {
  float* weights;
  float* velocity;
  const float* gradient;
  long count;
};

void DescendAll(const std::vector<Descending>& arrays, const Descent& by) {
  std::vector<Descending> pieces;
  for (const Descending& array : arrays) {
    const Parts parts(array.count, 1);
    for (int part = 0; part < parts.Count(); part++) {
      const long first = parts.First(part);
      pieces.push_back({array.weights + first, array.velocity + first, array.gradient + first, parts.Rows(part)});
    }
  }
  pool->Run(static_cast<int>(pieces.size()), [&](int piece) {
    WithoutDenormals mode;
    const Descending& own = pieces[piece];
    instructions->descend(own.weights, own.velocity, own.gradient, by, own.count);
  });
}

float SumSquares(const std::vector<Array>& arrays) {
  std::vector<Array> pieces;
  for (const Array& array : arrays) {
    const Parts parts(array.count, 1);
    for (int part = 0; part < parts.Count(); part++) pieces.push_back({array.data + parts.First(part), parts.Rows(part)});
  }
  std::vector<double> sums(pieces.size());
  pool->Run(static_cast<int>(pieces.size()), [&](int piece) {
    WithoutDenormals mode;
    sums[piece] = instructions->sum_squares(pieces[piece].data, pieces[piece].count);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return static_cast<float>(total);
}

enum class Kind { kConvolve, kInputGradient, kFilterGradient };

// Whether two inputs are what a kernel takes.
bool Fits(Kind kind, const Tensor& a, const Tensor& b) {
  if (TF_NumDims(a.tensor) != 4 || TF_NumDims(b.tensor) != 4) return false;
  const int lanes = instructions->lanes;
  if (kind == Kind::kFilterGradient)
    return a.Extent(0) == b.Extent(0) && a.Extent(1) == b.Extent(1) && a.Extent(2) == b.Extent(2) && a.Extent(3) % lanes == 0 && b.Extent(3) % lanes == 0;
  return b.Extent(0) == 3 && b.Extent(1) == 3 && a.Extent(3) == b.Extent(kind == Kind::kConvolve ? 2 : 3) && b.Extent(2) % lanes == 0 && b.Extent(3) % lanes == 0;
}

template <Kind kind>
void Compute(void*, TF_OpKernelContext* context) {
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status(TF_NewStatus(), TF_DeleteStatus);
  const auto failed = [&] {
    if (TF_GetCode(status.get()) == TF_OK) return false;
    TF_OpKernelContext_Failure(context, status.get());
    return true;
  };
  Tensor a, b, result;
  TF_GetInput(context, 0, &a.tensor, status.get());
  if (failed()) return;
  TF_GetInput(context, 1, &b.tensor, status.get());
  if (failed()) return;
  if (!Fits(kind, a, b)) {
    TF_SetStatus(status.get(), TF_INVALID_ARGUMENT, "shapes that td's kernel of convolutions does not take");
    failed();
    return;
  }
  const Images images = {a.Extent(0), a.Extent(1), a.Extent(2)};
  int64_t shape[4] = {images.count, images.height, images.width, 0};
  if (kind == Kind::kConvolve) shape[3] = b.Extent(3);
  if (kind == Kind::kInputGradient) shape[3] = b.Extent(2);
  if (kind == Kind::kFilterGradient) {
    shape[0] = shape[1] = 3;
    shape[2] = a.Extent(3);
    shape[3] = b.Extent(3);
  }
  const size_t bytes = sizeof(float) * shape[0] * shape[1] * shape[2] * shape[3];
  result.tensor = TF_AllocateOutput(context, 0, TF_FLOAT, shape, 4, bytes, status.get());
  if (failed()) return;
  float* to = static_cast<float*>(TF_TensorData(result.tensor));
  const bool fits = kind == Kind::kConvolve        ? Convolve(a.Data(), b.Data(), images, b.Extent(2), b.Extent(3), false, to)
                    : kind == Kind::kInputGradient ? Convolve(a.Data(), b.Data(), images, b.Extent(3), b.Extent(2), true, to)
                                                   : ConvolveFilterGradient(a.Data(), b.Data(), images, a.Extent(3), b.Extent(3), to);
  if (fits) return;
  TF_SetStatus(status.get(), TF_RESOURCE_EXHAUSTED, "OOM in td's kernel of convolutions");
  failed();
}

// The shape of the result, for TensorFlow's optimizer.
template <Kind kind>
void InferShape(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> a(TF_NewShapeHandle(), TF_DeleteShapeHandle), b(TF_NewShapeHandle(), TF_DeleteShapeHandle),
      first(TF_NewShapeHandle(), TF_DeleteShapeHandle), second(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextGetInput(context, 0, a.get(), status);
  TF_ShapeInferenceContextGetInput(context, 1, b.get(), status);
  if (kind == Kind::kFilterGradient) {
    std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> three(TF_ShapeInferenceContextVectorFromSize(context, 3), TF_DeleteShapeHandle);
    TF_ShapeInferenceContextConcatenateShapes(context, three.get(), three.get(), first.get(), status);
    TF_ShapeInferenceContextSubshape(context, a.get(), 3, 4, second.get(), status);
    TF_ShapeInferenceContextConcatenateShapes(context, first.get(), second.get(), a.get(), status);
    TF_ShapeInferenceContextSubshape(context, b.get(), 3, 4, second.get(), status);
    TF_ShapeInferenceContextConcatenateShapes(context, a.get(), second.get(), first.get(), status);
  } else {
    const int axis = kind == Kind::kConvolve ? 3 : 2;
    TF_ShapeInferenceContextSubshape(context, a.get(), 0, 3, first.get(), status);
    TF_ShapeInferenceContextSubshape(context, b.get(), axis, axis + 1, second.get(), status);
    TF_ShapeInferenceContextConcatenateShapes(context, first.get(), second.get(), first.get(), status);
  }
  TF_ShapeInferenceContextSetOutput(context, 0, first.get(), status);
}

template <typename Number>
void NormRelu(const Number* x, const float* scale, const float* shift, float epsilon, long rows, int channels, Number* y, float* mean, float* variance, float* inverse) {
  const Parts parts(rows, channels);
  const int count = parts.Count();
  std::vector<float> means(static_cast<size_t>(count) * channels), squares(means.size()), factor(channels);
  pool->Run(count, [&](int part) {
    WithoutDenormals mode;
    NormsOf(x).find_moments(x + parts.First(part) * channels, parts.Rows(part), channels, &means[static_cast<size_t>(part) * channels], &squares[static_cast<size_t>(part) * channels]);
  });
  for (int channel = 0; channel < channels; channel++) {
    double sum = 0, total = 0;
    for (int part = 0; part < count; part++) sum += static_cast<double>(parts.Rows(part)) * means[static_cast<size_t>(part) * channels + channel];
    const double centre = sum / rows;
    for (int part = 0; part < count; part++) {
      const size_t place = static_cast<size_t>(part) * channels + channel;
      const double distance = means[place] - centre;
      total += squares[place] + parts.Rows(part) * distance * distance;
    }
    mean[channel] = static_cast<float>(centre);
    variance[channel] = static_cast<float>(total / std::max(1L, rows - 1));
    inverse[channel] = static_cast<float>(1 / std::sqrt(total / rows + epsilon));
    factor[channel] = scale[channel] * inverse[channel];
  }
  pool->Run(count, [&](int part) {
    WithoutDenormals mode;
    const long offset = parts.First(part) * channels;
    NormsOf(x).normalise_rows(x + offset, mean, factor.data(), shift, parts.Rows(part), channels, y + offset);
  });
}

void ScaleRelu(const float* x, const float* factor, const float* shift, long rows, int channels, float* y) {
  const Parts parts(rows, channels);
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    const long offset = parts.First(part) * channels;
    instructions->scale_rows(x + offset, factor, shift, parts.Rows(part), channels, y + offset);
  });
}

template <typename Number>
void NormReluGradient(const Number* dy, const Number* x, const float* scale, const float* shift, const float* mean, const float* inverse, long rows, int channels, Number* dx, float* dscale, float* dshift) {
  const Parts parts(rows, channels);
  const int count = parts.Count();
  std::vector<float> sums(static_cast<size_t>(count) * channels), products(sums.size()), factor(channels), offset(channels), slope(channels);
  for (int channel = 0; channel < channels; channel++) factor[channel] = scale[channel] * inverse[channel];
  pool->Run(count, [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part) * channels;
    const size_t place = static_cast<size_t>(part) * channels;
    NormsOf(x).find_gradient_sums(dy + first, x + first, mean, factor.data(), shift, parts.Rows(part), channels, &sums[place], &products[place]);
  });
  for (int channel = 0; channel < channels; channel++) {
    double sum = 0, product = 0;
    for (int part = 0; part < count; part++) {
      sum += sums[static_cast<size_t>(part) * channels + channel];
      product += products[static_cast<size_t>(part) * channels + channel];
    }
    dshift[channel] = static_cast<float>(sum);
    dscale[channel] = static_cast<float>(product * inverse[channel]);
    offset[channel] = static_cast<float>(sum / rows);
    slope[channel] = static_cast<float>(product * inverse[channel] * inverse[channel] / rows);
  }
  pool->Run(count, [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part) * channels;
    NormsOf(x).gradient_rows(dy + first, x + first, mean, factor.data(), shift, offset.data(), slope.data(), parts.Rows(part), channels, dx + first);
  });
}

template <typename Number>
void AddArrays(const Number* x, const Number* y, long count, Number* to) {
  const Parts parts(count, 1);
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part);
    NormsOf(x).add_arrays(x + first, y + first, parts.Rows(part), to + first);
  });
}

struct Matrix {
  const float* data;
  // From a row to the next.
  long stride;
  bool turned;
};

// Some columns of some rows of a product.
struct Piece {
  int column, width, first, count;
};

// Products that are worth another thread.
constexpr double kProductsInShare = 1 << 15;

// Numbers of a second factor that each thread may read as a whole. Larger ones are shared out: what both have read, such as weights, takes longer to write.
constexpr long kLargestRead = 1 << 16;

// Columns and rows that are computed at a time.
struct Tile {
  int panel, height;
};

// A product in pieces, as much work for each thread.
class Shares {
 public:
  Shares(int rows, int depth, int columns, bool b_turned, const Tile& tile) : tile_(tile) {
    const double products = static_cast<double>(rows) * depth * columns;
    const int shares = std::max(1, std::min(pool->threads(), static_cast<int>(std::min(products / kProductsInShare, 1e6))));
    firsts_.push_back(0);
    if (!b_turned && static_cast<long>(depth) * columns <= kLargestRead && rows >= 2 * tile_.height * shares)
      ShareRows(rows, columns, shares);
    else
      ShareColumns(rows, columns, shares);
    firsts_.resize(pool->threads() + 1, Count());
  }

  int Count() const { return static_cast<int>(pieces_.size()); }
  const Piece& operator[](int index) const { return pieces_[index]; }
  // Of a thread; of the number of threads, how many there are.
  int First(int thread) const { return firsts_[thread]; }

 private:
  void ShareRows(int rows, int columns, int shares) {
    const int panel = tile_.panel;
    for (int share = 0, first = 0; share < shares; share++) {
      const int end = share + 1 == shares ? rows : static_cast<int>(static_cast<long>(rows) * (share + 1) / shares) / 4 * 4;
      for (int column = 0; column < columns; column += panel) pieces_.push_back({column, std::min(panel, columns - column), first, end - first});
      firsts_.push_back(Count());
      first = end;
    }
  }

  // Each panel is packed, or read, by one thread, but for those within which a share ends.
  void ShareColumns(int rows, int columns, int shares) {
    const int lanes = instructions->lanes, panel = tile_.panel, vectors = (columns + lanes - 1) / lanes, height = tile_.height;
    const double total = static_cast<double>(rows) * vectors;
    double done = 0;
    for (int column = 0; column < columns; column += panel) {
      const int width = std::min(panel, columns - column), own = (width + lanes - 1) / lanes;
      for (int first = 0; first < rows;) {
        // Rows up to the end of the share, in the number that registers hold.
        const double wanted = (total * firsts_.size() / shares - done) / own;
        int count = std::max(1, static_cast<int>(wanted / height + 0.5)) * height;
        if (count > rows - first - height / 2) count = rows - first;
        pieces_.push_back({column, width, first, count});
        done += static_cast<double>(count) * own;
        first += count;
        while (static_cast<int>(firsts_.size()) < shares && done + own * height / 2.0 >= total * firsts_.size() / shares) firsts_.push_back(Count());
      }
    }
  }

  const Tile tile_;
  std::vector<Piece> pieces_;
  std::vector<int> firsts_;
};

// Of a matrix, all rows from one on.
Matrix RowsFrom(const Matrix& matrix, int first) { return {matrix.data + first * (matrix.turned ? 1 : matrix.stride), matrix.stride, matrix.turned}; }

Epilogue RowsFrom(Epilogue after, int first, int columns) {
  const long offset = static_cast<long>(first) * columns;
  if (after.passed) after.passed += offset;
  if (after.weights) after.weights += offset;
  return after;
}

// Products that are worth a look at the first factor, how many of its numbers are looked at first, and the share of all places that may be left if
// leaving out the others is to be worth it.
constexpr double kProductsForPlaces = 1 << 22;
constexpr int kNumbersToLookAt = 1 << 14;
constexpr double kMostPlaces = 0.75;

// What of a product's depth counts for each group of rows.
class Places {
 public:
  Places(const Matrix& a, int rows, int depth)
      : a_(a), rows_(rows), depth_(depth), stride_(depth + instructions->lanes), groups_((rows + instructions->group - 1) / instructions->group), memory_(static_cast<size_t>(groups_) * (stride_ + 1)) {
    places_ = reinterpret_cast<int*>(memory_.get());
  }

  // False if too much of it counts to be worth it, or there is no memory for it.
  bool Find() {
    if (!places_) return false;
    const int blocks = (rows_ + instructions->lanes - 1) / instructions->lanes;
    const int step = std::max(1, blocks * instructions->lanes / std::max(2 * instructions->lanes, kNumbersToLookAt / depth_));
    double found = 0, looked_at = 0;
    for (int block = step / 2; block < blocks; block += step) {
      const auto [first, end] = Find(block);
      for (int group = first; group < end; group++) found += Counts()[group];
      looked_at += (end - first) * static_cast<double>(depth_);
    }
    if (found > kMostPlaces * looked_at) return false;
    pool->Run(blocks, [&](int block) {
      if (block % step != step / 2) Find(block);
    });
    return true;
  }

  const int* At(int row) const { return places_ + static_cast<long>(row) / instructions->group * stride_; }
  const int* CountsAt(int row) const { return Counts() + row / instructions->group; }
  int stride() const { return stride_; }

 private:
  struct Groups {
    int first, end;
  };

  int* Counts() const { return places_ + static_cast<long>(groups_) * stride_; }

  Groups Find(int block) {
    WithoutDenormals mode;
    const int row = block * instructions->lanes, first = row / instructions->group, end = std::min(groups_, first + instructions->lanes / instructions->group);
    instructions->find_places(RowsFrom(a_, row).data, a_.stride, a_.turned, std::min(instructions->lanes, rows_ - row), depth_, stride_, places_ + static_cast<long>(first) * stride_, Counts() + first);
    return {first, end};
  }

  const Matrix a_;
  const int rows_, depth_, stride_, groups_;
  Scratch memory_;
  int* places_;
};

// a · b, [rows, columns], with what zeros of `a` leave of it. False if that is not worth it, and nothing was written.
bool MultiplyAtPlaces(const Matrix& a, const Matrix& b, int rows, int depth, int columns, const Epilogue& after, float* to) {
  if (b.turned || depth > instructions->depth || static_cast<double>(rows) * depth * columns < kProductsForPlaces) return false;
  Places places(a, rows, depth);
  if (!places.Find()) return false;
  const int lanes = instructions->lanes, vectors = (columns + lanes - 1) / lanes, panels = (vectors + instructions->group_vectors - 1) / instructions->group_vectors;
  const Shares shares(rows, depth, columns, false, {(vectors + panels - 1) / panels * lanes, instructions->group});
  pool->Run(shares.Count(), [&](int thread) { return shares.First(thread); }, [&](int task) {
    WithoutDenormals mode;
    const auto [column, width, first, count] = shares[task];
    instructions->multiply_at(RowsFrom(a, first).data, a.stride, a.turned, b.data, b.stride, places.At(first), places.stride(), places.CountsAt(first), count, depth, columns, column, width, RowsFrom(after, first, columns),
                              to + static_cast<long>(first) * columns);
  });
  return true;
}

// a · b, [rows, columns]. Whether there was memory for it.
bool MultiplyDense(const Matrix& a, const Matrix& b, int rows, int depth, int columns, const Epilogue& after, float* to) {
  if (MultiplyAtPlaces(a, b, rows, depth, columns, after, to)) return true;
  const Shares shares(rows, depth, columns, b.turned, {instructions->panel, instructions->rows});
  std::atomic<bool> fits{true};
  pool->Run(shares.Count(), [&](int thread) { return shares.First(thread); }, [&](int task) {
    WithoutDenormals mode;
    Scratch scratch(b.turned ? static_cast<size_t>(instructions->panel) * std::min(depth, instructions->depth) : 0);
    if (b.turned && !scratch.get()) {
      fits = false;
      return;
    }
    const auto [column, width, first, count] = shares[task];
    instructions->multiply_dense(RowsFrom(a, first).data, a.stride, a.turned, b.data, b.stride, b.turned, count, depth, columns, column, width, RowsFrom(after, first, columns), scratch.get(), to + static_cast<long>(first) * columns);
  });
  return fits;
}

// Of a matrix, all panels of its columns, each [depth, panel]. Turned: of a matrix [columns, depth].
bool PackPanels(const float* matrix, long stride, bool turned, int depth, int columns, const Scratch& panels) {
  if (!panels.get()) return false;
  const int panel = instructions->panel;
  pool->Run((columns + panel - 1) / panel, [&](int task) {
    const int column = task * panel;
    instructions->pack_panel(matrix, stride, turned, 0, depth, column, std::min(panel, columns - column), panels.get() + static_cast<long>(task) * depth * panel);
  });
  return true;
}

size_t PanelsSize(int depth, int columns) { return static_cast<size_t>((columns + instructions->panel - 1) / instructions->panel) * instructions->panel * depth; }

// Numbers of a window's row in whole vectors, and all of the rest of a filter, the columns that are kept by themselves (implicit-gemm.h).
int PaddedRun(const Window& shape) { return (shape.run() + instructions->lanes - 1) / instructions->lanes * instructions->lanes; }
size_t RestSize(const Window& shape) { return static_cast<size_t>(instructions->count_rest(shape)) * shape.tall * PaddedRun(shape); }

// Images of a task: about a million products together.
int ImagesInTask(const Window& shape) { return std::max(1, static_cast<int>(1000000 / (static_cast<long>(shape.places()) * shape.depth() * shape.out))); }

// Whether there was memory for it; so for all that follow here. `finish` is called with each image and its convolution.
template <typename Finish>
bool ConvolveEach(const float* x, const float* filter, int images, const Window& shape, float* y, const Finish& finish) {
  const size_t size = PanelsSize(shape.depth(), shape.out);
  Scratch panels(size + RestSize(shape));
  if (!PackPanels(filter, shape.out, false, shape.depth(), shape.out, panels)) return false;
  float* rest = panels.get() + size;
  instructions->pack_rest(filter, shape, rest);
  const long from = static_cast<long>(shape.height) * shape.width * shape.in, to = static_cast<long>(shape.places()) * shape.out;
  const int at_once = ImagesInTask(shape);
  std::atomic<bool> fits{true};
  pool->Run((images + at_once - 1) / at_once, [&](int task) {
    WithoutDenormals mode;
    Scratch scratch(y ? 0 : to);
    if (!y && !scratch.get()) {
      fits = false;
      return;
    }
    for (int image = task * at_once; image < std::min(images, (task + 1) * at_once); image++) {
      float* own = y ? y + image * to : scratch.get();
      instructions->convolve_windows(x + image * from, shape, panels.get(), rest, own);
      finish(image, own);
    }
  });
  return fits;
}

bool ConvolveWindows(const float* x, const float* filter, int images, const Window& shape, float* y) {
  return ConvolveEach(x, filter, images, shape, y, [](int, float*) {});
}

// ReLU of the convolution plus a bias, where `y` is not null, and its largest numbers in windows of 2 x 2.
bool ConvolveAndPool(const float* x, const float* filter, const float* bias, int images, const Window& shape, float* y, float* pooled) {
  const int height = shape.places() / shape.across(), width = shape.across(), out = shape.out;
  const long size = static_cast<long>(height / 2) * (width / 2) * out;
  return ConvolveEach(x, filter, images, shape, y, [&](int image, float* own) {
    float* to = pooled + image * size;
    if (y) instructions->rectify_image(own, bias, static_cast<long>(height) * width, out);
    instructions->pool_image(own, height, width, out, to);
    // The largest of finite sums is the sum of the largest, rounding included.
    if (!y) instructions->rectify_image(to, bias, static_cast<long>(height / 2) * (width / 2), out);
  });
}

bool SpreadWindows(const float* dy, const float* filter, int images, const Window& shape, float* dx) {
  Scratch panels(PanelsSize(shape.out, shape.depth()));
  if (!PackPanels(filter, shape.out, true, shape.out, shape.depth(), panels)) return false;
  const long from = static_cast<long>(shape.places()) * shape.out, to = static_cast<long>(shape.height) * shape.width * shape.in;
  const int at_once = ImagesInTask(shape);
  std::atomic<bool> fits{true};
  pool->Run((images + at_once - 1) / at_once, [&](int task) {
    WithoutDenormals mode;
    Scratch scratch(static_cast<size_t>(instructions->windows) * shape.depth());
    if (!scratch.get()) {
      fits = false;
      return;
    }
    for (int image = task * at_once; image < std::min(images, (task + 1) * at_once); image++) instructions->spread_windows(dy + image * from, shape, panels.get(), scratch.get(), dx + image * to);
  });
  return fits;
}

// Parts of the images whose contributions are summed up apart.
constexpr int kGradientParts = 8;

bool WindowGradient(const float* x, const float* dy, int images, const Window& shape, float* filter) {
  const int parts = std::min(images, kGradientParts), depth = shape.depth();
  const long image_size = static_cast<long>(shape.height) * shape.width * shape.in, dy_size = static_cast<long>(shape.places()) * shape.out;
  const size_t panels = PanelsSize(depth, shape.out), stride = panels / depth, size = panels + RestSize(shape);
  Scratch sums(size * std::max(1, parts));
  if (!sums.get()) return false;
  std::atomic<bool> fits{true};
  pool->Run(parts, [&](int part) {
    WithoutDenormals mode;
    Scratch scratch(static_cast<size_t>(shape.places()) * instructions->panel);
    if (!scratch.get()) {
      fits = false;
      return;
    }
    float* own = sums.get() + part * size;
    std::memset(own, 0, sizeof(float) * size);
    for (int image = static_cast<int>(static_cast<long>(images) * part / parts); image < static_cast<int>(static_cast<long>(images) * (part + 1) / parts); image++)
      instructions->add_window_gradient(x + image * image_size, dy + image * dy_size, shape, scratch.get(), own, own + panels);
  });
  const int whole = shape.out - instructions->count_rest(shape), run = shape.run(), padded = PaddedRun(shape);
  pool->Run(shape.tall, [&](int line) {
    WithoutDenormals mode;
    for (int k = 0; k < run; k++)
      for (int column = 0; column < shape.out; column++) {
        const int row = line * run + k;
        const size_t place = column < whole ? row * stride + column : panels + (static_cast<size_t>(column - whole) * shape.tall + line) * padded + k;
        float sum = 0;
        for (int part = 0; part < parts; part++) sum += sums.get()[part * size + place];
        filter[static_cast<long>(row) * shape.out + column] = sum;
      }
  });
  return fits;
}

template <typename Number>
constexpr TF_DataType kTypeOf = TF_FLOAT;
template <>
constexpr TF_DataType kTypeOf<Bfloat16> = TF_BFLOAT16;

// The inputs of a kernel of passes, and its result.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus(), TF_DeleteStatus) {}
  // Tells TensorFlow of what went wrong.
  ~Call() {
    if (TF_GetCode(status_.get()) != TF_OK) TF_OpKernelContext_Failure(context_, status_.get());
  }

  int Count() const { return TF_NumInputs(context_); }
  bool Get(int index, Tensor* to) {
    TF_GetInput(context_, index, &to->tensor, status_.get());
    return TF_GetCode(status_.get()) == TF_OK;
  }
  template <typename Number = float>
  bool Allocate(const std::vector<int64_t>& shape, size_t count, Tensor* to, int index = 0) {
    to->tensor = TF_AllocateOutput(context_, index, kTypeOf<Number>, shape.data(), static_cast<int>(shape.size()), sizeof(Number) * count, status_.get());
    return TF_GetCode(status_.get()) == TF_OK;
  }
  // The result in the memory of the first input, if nothing else needs that, which must not be got before. Then `first` stays empty.
  bool ReuseFirst(const Tensor& like, Tensor* first, Tensor* to) {
    return ReuseFirst(like.Shape(), like.Count(), first, to);
  }
  bool ReuseFirst(const std::vector<int64_t>& shape, long count, Tensor* first, Tensor* to) { return Reuse(0, shape, count, first, to, 0); }
  // The same of another input and result.
  bool Reuse(int input, const std::vector<int64_t>& shape, long count, Tensor* from, Tensor* to, int index) {
    int forwarded = -1;
    to->tensor = TF_ForwardInputOrAllocateOutput(context_, &input, 1, index, shape.data(), static_cast<int>(shape.size()), &forwarded, status_.get());
    if (TF_GetCode(status_.get()) != TF_OK || forwarded == input) return TF_GetCode(status_.get()) == TF_OK;
    if (!Get(input, from)) return false;
    return from->Count() == count || Fail(TF_INVALID_ARGUMENT, "arrays of different shapes");
  }
  bool Fail(TF_Code code, const char* message) {
    TF_SetStatus(status_.get(), code, message);
    return false;
  }

 private:
  TF_OpKernelContext* const context_;
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status_;
};

void ComputeColumnRank(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor weights, rank, result;
  if (!call.Get(0, &weights) || !call.Get(1, &rank)) return;
  const int axes = TF_NumDims(weights.tensor);
  const long columns = axes == 0 ? 0 : weights.Extent(axes - 1), rows = columns == 0 ? 0 : weights.Count() / columns, place = *static_cast<const int32_t*>(TF_TensorData(rank.tensor));
  if (place < 0 || place >= rows) {
    call.Fail(TF_INVALID_ARGUMENT, "a rank that no element of a column has");
    return;
  }
  if (!call.Allocate({columns}, columns, &result)) return;
  if (!FindColumnRanks(weights.Data(), rows, static_cast<int>(columns), place, result.Data())) call.Fail(TF_RESOURCE_EXHAUSTED, "OOM in td's kernel of ranks");
}

void ComputeKeep(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, weights, thresholds, drawn, result;
  if (!call.Get(1, &weights) || !call.Get(2, &thresholds) || !call.Get(3, &drawn)) return;
  const int axes = TF_NumDims(weights.tensor);
  const long columns = axes == 0 ? 0 : weights.Extent(axes - 1);
  if (columns == 0 || thresholds.Count() != columns || drawn.Count() != weights.Count()) {
    call.Fail(TF_INVALID_ARGUMENT, "a mask of another shape than the weights");
    return;
  }
  if (!call.ReuseFirst(weights, &x, &result)) return;
  const float* from = x.tensor ? x.Data() : result.Data();
  Keep(from, weights.Data(), thresholds.Data(), static_cast<const unsigned char*>(TF_TensorData(drawn.tensor)), weights.Count() / columns, static_cast<int>(columns), result.Data());
}

void ComputeAddScaled(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, y, factor, result;
  if (!call.Get(1, &y) || !call.Get(2, &factor) || !call.ReuseFirst(y, &x, &result)) return;
  AddScaled(x.tensor ? x.Data() : result.Data(), y.Data(), *factor.Data(), y.Count(), result.Data());
}

void ComputeSumSquares(void*, TF_OpKernelContext* context) {
  Call call(context);
  std::vector<Tensor> inputs(call.Count());
  std::vector<Array> arrays;
  for (int index = 0; index < call.Count(); index++) {
    if (!call.Get(index, &inputs[index])) return;
    arrays.push_back({inputs[index].Data(), inputs[index].Count()});
  }
  Tensor result;
  if (call.Allocate({}, 1, &result)) *result.Data() = SumSquares(arrays);
}

// Inputs are the arrays, then the number. Each is got for its shape, and given back, so that the result can have its memory.
void ComputeScaleAll(void*, TF_OpKernelContext* context) {
  Call call(context);
  const int count = call.Count() - 1;
  Tensor factor;
  if (!call.Get(count, &factor)) return;
  std::vector<Tensor> from(count), to(count);
  std::vector<Scaled> arrays;
  for (int index = 0; index < count; index++) {
    std::vector<int64_t> shape;
    long elements;
    {
      Tensor like;
      if (!call.Get(index, &like)) return;
      shape = like.Shape();
      elements = like.Count();
    }
    if (!call.Reuse(index, shape, elements, &from[index], &to[index], index)) return;
    arrays.push_back({from[index].tensor ? from[index].Data() : to[index].Data(), elements, to[index].Data()});
  }
  ScaleAll(arrays, *factor.Data());
}

// Writes into the memory of its inputs, which is that of variables: TensorFlow's C interface lets no kernel reach a variable, but what ReadVariableOp gives
// shares its memory. Everything else that reads it must have run before (step-function.ts).
template <bool nesterov>
void ComputeMomentum(void*, TF_OpKernelContext* context) {
  Call call(context);
  const int count = (call.Count() - 3) / 3;
  std::vector<Tensor> inputs(call.Count());
  for (int index = 0; index < call.Count(); index++)
    if (!call.Get(index, &inputs[index])) return;
  std::vector<Descending> arrays;
  for (int index = 0; index < count; index++) {
    const Tensor &weights = inputs[index], &velocity = inputs[count + index], &gradient = inputs[2 * count + index];
    if (velocity.Count() != weights.Count() || gradient.Count() != weights.Count()) {
      call.Fail(TF_INVALID_ARGUMENT, "weights, velocities and gradients of different shapes");
      return;
    }
    arrays.push_back({weights.Data(), velocity.Data(), gradient.Data(), weights.Count()});
  }
  const Tensor* numbers = &inputs[3 * count];
  DescendAll(arrays, {*numbers[0].Data(), *numbers[1].Data(), *numbers[2].Data(), nesterov});
}

// Whether images and vectors are those of one normalisation.
bool IsNorm(const Tensor& x, std::initializer_list<const Tensor*> vectors) {
  const int axes = TF_NumDims(x.tensor);
  if (axes == 0 || x.Count() == 0 || x.Extent(axes - 1) % instructions->lanes != 0) return false;
  return std::all_of(vectors.begin(), vectors.end(), [&](const Tensor* vector) { return vector->Count() == x.Extent(axes - 1); });
}

constexpr char kNotNorm[] = "shapes that td's kernel of normalisation does not take";

template <typename Number>
void ComputeNormRelu(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, scale, shift, epsilon, y, mean, variance, inverse;
  if (!call.Get(0, &x) || !call.Get(1, &scale) || !call.Get(2, &shift) || !call.Get(3, &epsilon)) return;
  if (!IsNorm(x, {&scale, &shift})) {
    call.Fail(TF_INVALID_ARGUMENT, kNotNorm);
    return;
  }
  const int channels = static_cast<int>(scale.Count());
  if (!call.Allocate<Number>(x.Shape(), x.Count(), &y, 0) || !call.Allocate({channels}, channels, &mean, 1) || !call.Allocate({channels}, channels, &variance, 2) || !call.Allocate({channels}, channels, &inverse, 3)) return;
  NormRelu(x.Data<Number>(), scale.Data(), shift.Data(), *epsilon.Data(), x.Count() / channels, channels, y.Data<Number>(), mean.Data(), variance.Data(), inverse.Data());
}

template <typename Number>
void ComputeNormReluGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor dy, x, scale, shift, mean, inverse, dx, dscale, dshift;
  if (!call.Get(1, &x) || !call.Get(2, &scale) || !call.Get(3, &shift) || !call.Get(4, &mean) || !call.Get(5, &inverse)) return;
  if (!IsNorm(x, {&scale, &shift, &mean, &inverse})) {
    call.Fail(TF_INVALID_ARGUMENT, kNotNorm);
    return;
  }
  const int channels = static_cast<int>(scale.Count());
  if (!call.ReuseFirst(x, &dy, &dx) || !call.Allocate({channels}, channels, &dscale, 1) || !call.Allocate({channels}, channels, &dshift, 2)) return;
  NormReluGradient(dy.tensor ? dy.Data<Number>() : dx.Data<Number>(), x.Data<Number>(), scale.Data(), shift.Data(), mean.Data(), inverse.Data(), x.Count() / channels, channels, dx.Data<Number>(), dscale.Data(), dshift.Data());
}

template <typename Number>
void ComputeAdd(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, y, sum;
  if (!call.Get(1, &y)) return;
  if (y.Count() % instructions->lanes != 0) {
    call.Fail(TF_INVALID_ARGUMENT, "a number of elements that td's kernel of sums does not take");
    return;
  }
  if (!call.ReuseFirst(y, &x, &sum)) return;
  AddArrays(x.tensor ? x.Data<Number>() : sum.Data<Number>(), y.Data<Number>(), y.Count(), sum.Data<Number>());
}

// No other input has the shape of the first, whose memory the result shall have: it is got, and given back before.
void ComputeScaleRelu(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, factor, shift, y;
  std::vector<int64_t> shape;
  {
    Tensor like;
    if (!call.Get(0, &like) || !call.Get(1, &factor) || !call.Get(2, &shift)) return;
    if (!IsNorm(like, {&factor, &shift})) {
      call.Fail(TF_INVALID_ARGUMENT, kNotNorm);
      return;
    }
    shape = like.Shape();
  }
  long count = 1;
  for (const int64_t extent : shape) count *= extent;
  if (!call.ReuseFirst(shape, count, &x, &y)) return;
  const int channels = static_cast<int>(factor.Count());
  ScaleRelu(x.tensor ? x.Data() : y.Data(), factor.Data(), shift.Data(), count / channels, channels, y.Data());
}

void ComputeCrossEntropy(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor logits, labels, losses, right, gradient;
  if (!call.Get(0, &logits) || !call.Get(1, &labels)) return;
  if (TF_NumDims(logits.tensor) != 2 || logits.Extent(1) == 0 || labels.Count() != logits.Extent(0)) {
    call.Fail(TF_INVALID_ARGUMENT, "logits and labels that do not fit");
    return;
  }
  const int rows = logits.Extent(0), classes = logits.Extent(1);
  if (!call.Allocate({rows}, rows, &losses, 0) || !call.Allocate({rows}, rows, &right, 1) || !call.Allocate(logits.Shape(), logits.Count(), &gradient, 2)) return;
  const Parts parts(rows, classes);
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    const long first = parts.First(part), place = first * classes;
    instructions->cross_entropies(logits.Data() + place, labels.Data<int>() + first, parts.Rows(part), classes, losses.Data() + first, right.Data() + first, gradient.Data() + place);
  });
}

enum class Dense { kForward, kForwardRelu, kInput, kInputRelu, kWeight, kWeightDecay };

// Which axes of the first two inputs are those of the result.
constexpr int RowAxis(Dense kind) { return kind == Dense::kWeight || kind == Dense::kWeightDecay ? 1 : 0; }
constexpr int ColumnAxis(Dense kind) { return kind == Dense::kInput || kind == Dense::kInputRelu ? 0 : 1; }

template <Dense kind>
void ComputeDense(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor a, b, third, fourth, result;
  constexpr bool has_third = kind != Dense::kInput && kind != Dense::kWeight;
  if (!call.Get(0, &a) || !call.Get(1, &b) || (has_third && !call.Get(2, &third)) || (kind == Dense::kWeightDecay && !call.Get(3, &fourth))) return;
  const bool are_matrices = TF_NumDims(a.tensor) == 2 && TF_NumDims(b.tensor) == 2;
  const int row_axis = RowAxis(kind), column_axis = ColumnAxis(kind);
  if (!are_matrices || a.Extent(1 - row_axis) != b.Extent(1 - column_axis)) {
    call.Fail(TF_INVALID_ARGUMENT, "matrices that td's kernel of dense layers does not take");
    return;
  }
  const int rows = a.Extent(row_axis), columns = b.Extent(column_axis), depth = a.Extent(1 - row_axis);
  const long count = static_cast<long>(rows) * columns;
  const bool is_forward = kind == Dense::kForward || kind == Dense::kForwardRelu;
  if (has_third && third.Count() != (is_forward ? columns : count)) {
    call.Fail(TF_INVALID_ARGUMENT, "arrays of different shapes");
    return;
  }
  if (!call.Allocate({rows, columns}, count, &result)) return;
  Epilogue after = {};
  if (is_forward) after.bias = third.Data();
  after.relu = kind == Dense::kForwardRelu;
  if (kind == Dense::kInputRelu) after.passed = third.Data();
  if (kind == Dense::kWeightDecay) {
    after.weights = third.Data();
    after.decay = *fourth.Data();
  }
  const Matrix first = {a.Data(), a.Extent(1), row_axis == 1}, second = {b.Data(), b.Extent(1), column_axis == 0};
  if (!MultiplyDense(first, second, rows, depth, columns, after, result.Data())) call.Fail(TF_RESOURCE_EXHAUSTED, "OOM in td's kernel of dense layers");
}

// x, filter; dy, filter; or x, dy.
template <Kind kind>
void ComputeImplicitGemm(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor a, b, result;
  if (!call.Get(0, &a) || !call.Get(1, &b)) return;
  const auto extent = [](const Tensor& tensor, int axis) { return TF_NumDims(tensor.tensor) == 4 ? tensor.Extent(axis) : 0; };
  const int images = extent(a, 0);
  Window shape;
  std::vector<int64_t> to;
  bool fits;
  if (kind == Kind::kConvolve) {
    shape = {extent(a, 1), extent(a, 2), extent(a, 3), extent(b, 0), extent(b, 1), extent(b, 3)};
    fits = extent(b, 2) == shape.in;
    to = {images, shape.height - shape.tall + 1, shape.width - shape.wide + 1, shape.out};
  } else if (kind == Kind::kInputGradient) {
    shape = {extent(a, 1) + extent(b, 0) - 1, extent(a, 2) + extent(b, 1) - 1, extent(b, 2), extent(b, 0), extent(b, 1), extent(b, 3)};
    fits = extent(a, 3) == shape.out;
    to = {images, shape.height, shape.width, shape.in};
  } else {
    shape = {extent(a, 1), extent(a, 2), extent(a, 3), extent(a, 1) - extent(b, 1) + 1, extent(a, 2) - extent(b, 2) + 1, extent(b, 3)};
    fits = extent(b, 0) == images;
    to = {shape.tall, shape.wide, shape.in, shape.out};
  }
  if (!fits || shape.tall < 1 || shape.wide < 1 || shape.in < 1 || shape.out < 1 || shape.height < shape.tall || shape.width < shape.wide) {
    call.Fail(TF_INVALID_ARGUMENT, "images and a filter that do not fit");
    return;
  }
  size_t count = 1;
  for (const int64_t size : to) count *= static_cast<size_t>(size);
  if (!call.Allocate(to, count, &result)) return;
  const bool done = kind == Kind::kConvolve        ? ConvolveWindows(a.Data(), b.Data(), images, shape, result.Data())
                    : kind == Kind::kInputGradient ? SpreadWindows(a.Data(), b.Data(), images, shape, result.Data())
                                                   : WindowGradient(a.Data(), b.Data(), images, shape, result.Data());
  if (!done) call.Fail(TF_RESOURCE_EXHAUSTED, "OOM in td's kernel of convolutions");
}

void InferUnknown(TF_ShapeInferenceContext* context, TF_Status* status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

// Of kConvolve, with a bias; `keeps`: the ReLU before the pool is the first result.
template <bool keeps>
void ComputePooledConvolution(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor x, filter, bias, y, pooled;
  if (!call.Get(0, &x) || !call.Get(1, &filter) || !call.Get(2, &bias)) return;
  if (TF_NumDims(x.tensor) != 4 || TF_NumDims(filter.tensor) != 4) {
    call.Fail(TF_INVALID_ARGUMENT, "images and a filter that do not fit");
    return;
  }
  const int images = x.Extent(0);
  const Window shape = {x.Extent(1), x.Extent(2), x.Extent(3), filter.Extent(0), filter.Extent(1), filter.Extent(3)};
  const int height = shape.height - shape.tall + 1, width = shape.width - shape.wide + 1;
  const bool is_some = shape.tall > 0 && shape.wide > 0 && shape.in > 0 && shape.out > 0 && height > 0 && width > 0;
  if (!is_some || height % 2 || width % 2 || filter.Extent(2) != shape.in || bias.Count() != shape.out) {
    call.Fail(TF_INVALID_ARGUMENT, "images and a filter that do not fit");
    return;
  }
  const size_t count = static_cast<size_t>(images) * height * width * shape.out;
  if (keeps && !call.Allocate({images, height, width, shape.out}, count, &y, 0)) return;
  if (!call.Allocate({images, height / 2, width / 2, shape.out}, count / 4, &pooled, keeps ? 1 : 0)) return;
  if (!ConvolveAndPool(x.Data(), filter.Data(), bias.Data(), images, shape, keeps ? y.Data() : nullptr, pooled.Data())) call.Fail(TF_RESOURCE_EXHAUSTED, "OOM in td's kernel of convolutions");
}

void ComputePoolGradient(void*, TF_OpKernelContext* context) {
  Call call(context);
  Tensor dy, y, pooled, dx;
  if (!call.Get(0, &dy) || !call.Get(1, &y) || !call.Get(2, &pooled)) return;
  const bool fits = TF_NumDims(y.tensor) == 4 && y.Extent(1) % 2 == 0 && y.Extent(2) % 2 == 0 && dy.Count() * 4 == y.Count() && pooled.Count() * 4 == y.Count();
  if (!fits) {
    call.Fail(TF_INVALID_ARGUMENT, "images that do not fit their pool");
    return;
  }
  if (!call.Allocate(y.Shape(), y.Count(), &dx)) return;
  const int images = y.Extent(0), height = y.Extent(1), width = y.Extent(2), channels = y.Extent(3);
  const long size = static_cast<long>(height) * width * channels;
  const Parts parts(images, static_cast<int>(std::max(1L, size)));
  pool->Run(parts.Count(), [&](int part) {
    WithoutDenormals mode;
    for (long image = parts.First(part); image < parts.First(part) + parts.Rows(part); image++)
      instructions->pool_gradient(dy.Data() + image * size / 4, y.Data() + image * size, pooled.Data() + image * size / 4, height, width, channels, dx.Data() + image * size);
  });
}

void InferSecond(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> y(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextGetInput(context, 1, y.get(), status);
  TF_ShapeInferenceContextSetOutput(context, 0, y.get(), status);
}

template <Dense kind>
void InferDense(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> a(TF_NewShapeHandle(), TF_DeleteShapeHandle), b(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  const int row_axis = RowAxis(kind), column_axis = ColumnAxis(kind);
  TF_ShapeInferenceContextGetInput(context, 0, a.get(), status);
  TF_ShapeInferenceContextGetInput(context, 1, b.get(), status);
  TF_ShapeInferenceContextSubshape(context, a.get(), row_axis, row_axis + 1, a.get(), status);
  TF_ShapeInferenceContextSubshape(context, b.get(), column_axis, column_axis + 1, b.get(), status);
  TF_ShapeInferenceContextConcatenateShapes(context, a.get(), b.get(), a.get(), status);
  TF_ShapeInferenceContextSetOutput(context, 0, a.get(), status);
}

// Results 1 and on are as input `vector`, the first as the first input.
template <int vector, int results>
void InferNorm(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> shape(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  for (int index = 0; index < results; index++) {
    TF_ShapeInferenceContextGetInput(context, index == 0 ? 0 : vector, shape.get(), status);
    TF_ShapeInferenceContextSetOutput(context, index, shape.get(), status);
  }
}

void InferColumns(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> weights(TF_NewShapeHandle(), TF_DeleteShapeHandle), columns(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextGetInput(context, 0, weights.get(), status);
  TF_ShapeInferenceContextSubshape(context, weights.get(), -1, INT64_MAX, columns.get(), status);
  TF_ShapeInferenceContextSetOutput(context, 0, columns.get(), status);
}

void InferSame(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> shape(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextGetInput(context, 1, shape.get(), status);
  TF_ShapeInferenceContextSetOutput(context, 0, shape.get(), status);
}

void InferEach(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> shape(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  for (int index = 0; index + 1 < TF_ShapeInferenceContextNumInputs(context); index++) {
    TF_ShapeInferenceContextGetInput(context, index, shape.get(), status);
    TF_ShapeInferenceContextSetOutput(context, index, shape.get(), status);
  }
}

void InferCrossEntropy(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> logits(TF_NewShapeHandle(), TF_DeleteShapeHandle), labels(TF_NewShapeHandle(), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextGetInput(context, 0, logits.get(), status);
  TF_ShapeInferenceContextGetInput(context, 1, labels.get(), status);
  for (int index = 0; index < 2; index++) TF_ShapeInferenceContextSetOutput(context, index, labels.get(), status);
  TF_ShapeInferenceContextSetOutput(context, 2, logits.get(), status);
}

void InferScalar(TF_ShapeInferenceContext* context, TF_Status* status) {
  std::unique_ptr<TF_ShapeHandle, void (*)(TF_ShapeHandle*)> shape(TF_ShapeInferenceContextScalar(context), TF_DeleteShapeHandle);
  TF_ShapeInferenceContextSetOutput(context, 0, shape.get(), status);
}

void InferNothing(TF_ShapeInferenceContext*, TF_Status*) {}

// One without results is there for what it changes: TensorFlow must not leave it out.
bool RegisterPass(const char* name, const std::vector<const char*>& inputs, const char* attribute, void (*infer)(TF_ShapeInferenceContext*, TF_Status*), void (*compute)(void*, TF_OpKernelContext*), const std::vector<const char*>& outputs = {"output: float"}) {
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status(TF_NewStatus(), TF_DeleteStatus);
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  if (attribute) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  if (outputs.empty()) TF_OpDefinitionBuilderSetIsStateful(definition, true);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, infer);
  TF_RegisterOpDefinition(definition, status.get());
  if (TF_GetCode(status.get()) != TF_OK) return false;
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", nullptr, compute, nullptr), status.get());
  return TF_GetCode(status.get()) == TF_OK;
}

bool RegisterPasses() {
  const std::vector<const char*> momentum = {"weights: N * float", "velocities: N * float", "gradients: N * float", "factor: float", "rate: float", "momentum: float"};
  return RegisterPass("TdMomentum", momentum, "N: int >= 1", InferNothing, ComputeMomentum<false>, {}) &&
         RegisterPass("TdNesterov", momentum, "N: int >= 1", InferNothing, ComputeMomentum<true>, {}) &&
         RegisterPass("TdColumnRank", {"weights: float", "rank: int32"}, nullptr, InferColumns, ComputeColumnRank) &&
         RegisterPass("TdKeep", {"x: float", "weights: float", "thresholds: float", "drawn: bool"}, nullptr, InferSame, ComputeKeep) &&
         RegisterPass("TdAddScaled", {"x: float", "y: float", "factor: float"}, nullptr, InferSame, ComputeAddScaled) &&
         RegisterPass("TdScaleAll", {"x: N * float", "factor: float"}, "N: int >= 1", InferEach, ComputeScaleAll, {"output: N * float"}) &&
         RegisterPass("TdSumSquares", {"x: N * float"}, "N: int >= 1", InferScalar, ComputeSumSquares) &&
         RegisterPass("TdNormRelu", {"x: float", "scale: float", "shift: float", "epsilon: float"}, nullptr, InferNorm<1, 4>, ComputeNormRelu<float>,
                      {"y: float", "mean: float", "variance: float", "inverse: float"}) &&
         RegisterPass("TdNormReluGradient", {"dy: float", "x: float", "scale: float", "shift: float", "mean: float", "inverse: float"}, nullptr, InferNorm<2, 3>, ComputeNormReluGradient<float>,
                      {"dx: float", "dscale: float", "dshift: float"}) &&
         RegisterPass("TdNormReluBfloat16", {"x: bfloat16", "scale: float", "shift: float", "epsilon: float"}, nullptr, InferNorm<1, 4>, ComputeNormRelu<Bfloat16>,
                      {"y: bfloat16", "mean: float", "variance: float", "inverse: float"}) &&
         RegisterPass("TdNormReluGradientBfloat16", {"dy: bfloat16", "x: bfloat16", "scale: float", "shift: float", "mean: float", "inverse: float"}, nullptr, InferNorm<2, 3>, ComputeNormReluGradient<Bfloat16>,
                      {"dx: bfloat16", "dscale: float", "dshift: float"}) &&
         RegisterPass("TdAddBfloat16", {"x: bfloat16", "y: bfloat16"}, nullptr, InferSame, ComputeAdd<Bfloat16>, {"output: bfloat16"}) &&
         RegisterPass("TdImplicitGemm", {"x: float", "filter: float"}, nullptr, InferUnknown, ComputeImplicitGemm<Kind::kConvolve>) &&
         RegisterPass("TdImplicitGemmInputGradient", {"dy: float", "filter: float"}, nullptr, InferUnknown, ComputeImplicitGemm<Kind::kInputGradient>) &&
         RegisterPass("TdImplicitGemmFilterGradient", {"x: float", "dy: float"}, nullptr, InferUnknown, ComputeImplicitGemm<Kind::kFilterGradient>) &&
         RegisterPass("TdPooledConvolution", {"x: float", "filter: float", "bias: float"}, nullptr, InferUnknown, ComputePooledConvolution<false>) &&
         RegisterPass("TdRectifiedConvolution", {"x: float", "filter: float", "bias: float"}, nullptr, InferUnknown, ComputePooledConvolution<true>, {"y: float", "pooled: float"}) &&
         RegisterPass("TdPoolGradient", {"dy: float", "y: float", "pooled: float"}, nullptr, InferSecond, ComputePoolGradient) &&
         RegisterPass("TdDense", {"x: float", "weights: float", "bias: float"}, nullptr, InferDense<Dense::kForward>, ComputeDense<Dense::kForward>) &&
         RegisterPass("TdDenseRelu", {"x: float", "weights: float", "bias: float"}, nullptr, InferDense<Dense::kForwardRelu>, ComputeDense<Dense::kForwardRelu>) &&
         RegisterPass("TdDenseInputGradient", {"dy: float", "weights: float"}, nullptr, InferDense<Dense::kInput>, ComputeDense<Dense::kInput>) &&
         RegisterPass("TdDenseInputGradientRelu", {"dy: float", "weights: float", "y: float"}, nullptr, InferDense<Dense::kInputRelu>, ComputeDense<Dense::kInputRelu>) &&
         RegisterPass("TdDenseWeightGradient", {"x: float", "dy: float"}, nullptr, InferDense<Dense::kWeight>, ComputeDense<Dense::kWeight>) &&
         RegisterPass("TdDenseWeightGradientDecay", {"x: float", "dy: float", "weights: float", "factor: float"}, nullptr, InferDense<Dense::kWeightDecay>, ComputeDense<Dense::kWeightDecay>) &&
         RegisterPass("TdCrossEntropy", {"logits: float", "labels: int32"}, nullptr, InferCrossEntropy, ComputeCrossEntropy, {"losses: float", "right: float", "gradient: float"}) &&
         RegisterPass("TdScaleRelu", {"x: float", "factor: float", "shift: float"}, nullptr, InferNorm<0, 1>, ComputeScaleRelu);
}

template <Kind kind>
bool Register(const char* name, const char* a, const char* b, const char* result) {
  std::unique_ptr<TF_Status, void (*)(TF_Status*)> status(TF_NewStatus(), TF_DeleteStatus);
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddInput(definition, a);
  TF_OpDefinitionBuilderAddInput(definition, b);
  TF_OpDefinitionBuilderAddOutput(definition, result);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, InferShape<kind>);
  TF_RegisterOpDefinition(definition, status.get());
  if (TF_GetCode(status.get()) != TF_OK) return false;
  TF_KernelBuilder* kernel = TF_NewKernelBuilder(name, "CPU", nullptr, Compute<kind>, nullptr);
  TF_RegisterKernelBuilder(name, kernel, status.get());
  return TF_GetCode(status.get()) == TF_OK;
}

}  // namespace
#endif

namespace {

// start(threads, most): registers the kernels, which share so many threads. Returns how many channels, and multiples of it, they take, at `most`
// so many; 0 if the processor has none of the instructions that they need.
napi_value Start(napi_env env, napi_callback_info info) {
  int lanes = 0;
#ifdef TD_HAS_KERNELS
  size_t count = 2;
  napi_value arguments[2];
  int32_t threads = 1, most = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_int32(env, arguments[0], &threads);
  napi_get_value_int32(env, arguments[1], &most);
  if (pool == nullptr && (instructions = FindInstructions(most)) != nullptr) {
    buffers = new Buffers;
    pool = new Pool(std::max(1, threads));
    const bool registered = Register<Kind::kConvolve>("TdConvolve", "x: float", "filter: float", "output: float") &&
                            Register<Kind::kInputGradient>("TdConvolveInputGradient", "dy: float", "filter: float", "output: float") &&
                            Register<Kind::kFilterGradient>("TdConvolveFilterGradient", "x: float", "dy: float", "output: float") &&
                            RegisterPasses();
    if (!registered) instructions = nullptr;
  }
  if (instructions != nullptr) lanes = instructions->lanes;
#endif
  napi_value result;
  napi_create_int32(env, lanes, &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value start;
  napi_create_function(env, "start", NAPI_AUTO_LENGTH, Start, nullptr, &start);
  napi_set_named_property(env, exports, "start", start);
  // Modules that older versions of td built have no such property, and no kernels of passes over weights.
  napi_value passes;
  napi_get_boolean(env, true, &passes);
  napi_set_named_property(env, exports, "passes", passes);
  napi_set_named_property(env, exports, "bfloat16", passes);
  napi_set_named_property(env, exports, "dense", passes);
  napi_set_named_property(env, exports, "implicitGemm", passes);
  napi_set_named_property(env, exports, "pools", passes);
  napi_set_named_property(env, exports, "updates", passes);
  napi_set_named_property(env, exports, "crossEntropies", passes);
  return exports;
}
