// Kernels of td's own for TensorFlow on x86-64 processors: convolutions of 3 x 3 by Winograd's minimal filtering, and their gradients
// (winograd.h). Compiled by `td engines install tensorflow`, loaded as a module of Node after TensorFlow; registers
//   TdConvolve(x, filter), TdConvolveInputGradient(dy, filter), TdConvolveFilterGradient(x, dy)
// for images [batch, height, width, channels] and filters [3, 3, in, out] in float32, stride 1, a margin of one pixel of zeros.
#include <node_api.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define TD_HAS_KERNELS
#endif

#ifdef TD_HAS_KERNELS
#include <xmmintrin.h>

#include "c_interface.h"
#include "pool.h"

namespace {

struct Images {
  int count, height, width;
  int tiles() const { return count * ((height + 3) / 4) * ((width + 3) / 4); }
};

// What winograd.h offers for one set of instructions.
struct Instructions {
  int lanes;
  void (*transform_filter)(const float*, int, int, bool, int, float*);
  void (*convolve_tiles)(const float*, const float*, const Images&, int, int, int, int, int, const float*, float*, float*);
  void (*add_filter_gradient)(const float*, const float*, const Images&, int, int, int, int, int, int, const float*, float*, float*);
  void (*finish_filter_gradient)(const float*, int, long, int, int, int, int, float*);
};

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#endif
#define LANES 16
namespace avx512 {
#include "winograd.h"
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
#include "winograd.h"
}
#undef LANES
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

const Instructions kAvx512 = {16, avx512::TransformFilter, avx512::ConvolveTiles, avx512::AddFilterGradient, avx512::FinishFilterGradient};
const Instructions kAvx2 = {8, avx2::TransformFilter, avx2::ConvolveTiles, avx2::AddFilterGradient, avx2::FinishFilterGradient};

const Instructions* FindInstructions(int most) {
  const bool has512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  const bool has2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has512 && most >= kAvx512.lanes) return &kAvx512;
  return has2 && most >= kAvx2.lanes ? &kAvx2 : nullptr;
}

const Instructions* instructions = nullptr;
Pool* pool = nullptr;

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

  // A buffer without memory if there is none to be had.
  Buffer Take(size_t size) {
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
  const float* Data() const { return static_cast<const float*>(TF_TensorData(tensor)); }
};

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
                            Register<Kind::kFilterGradient>("TdConvolveFilterGradient", "x: float", "dy: float", "output: float");
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
  return exports;
}
