// Vectors of LANES numbers, and what all kernels do with them. kernels.cc includes this file before all others, once for each set of instructions.

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef float Unaligned __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

inline Vector Load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
inline void Store(float* to, Vector value) { *reinterpret_cast<Unaligned*>(to) = value; }
inline Vector Repeat(float value) { return value - Vector{}; }

typedef int Selection __attribute__((vector_size(LANES * 4)));

// So many numbers, and zeros behind them; and into memory for so many. LANES at most count.
inline Vector LoadSome(const float* from, int count) {
  if (count >= LANES) return Load(from);
  Vector loaded = {};
  __builtin_memcpy(&loaded, from, sizeof(float) * count);
  return loaded;
}
inline void StoreSome(float* to, Vector value, int count) {
  if (count >= LANES)
    Store(to, value);
  else
    __builtin_memcpy(to, &value, sizeof(float) * count);
}

// Numbers where the mask has all bits, else 0.
inline Vector Where(Selection mask, Vector values) { return (Vector)((Selection)values & mask); }

// ReLU: negative numbers become zero, NaN stays.
inline Vector Rectify(Vector value) { return Where(~(value < Vector{}), value); }
