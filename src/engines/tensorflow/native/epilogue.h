// Of dense.h: what becomes of the sums of a product before they are written.
struct Epilogue {
  // [columns], added.
  const float* bias;
  // Negative results become zero; NaN stays.
  bool relu;
  // Of the result's shape: results are zero where this is not above it.
  const float* passed;
  // Of the result's shape, added `decay` times.
  const float* weights;
  float decay;
};
