// Cross-entropy of logits, the right answers and the gradient, in one pass over each row. kernels.cc includes this file after weights.h, once for
// each set of instructions.

// e^x of numbers that are not above 0; 0 below -87, where it would be too small for full precision. x = n · ln 2 + rest, and e^rest by its series, whose next
// term is below 2^-27.
inline Vector Exp(Vector x) {
  // What is added to 1.5 · 2^23 is rounded to a whole number, which stands in its last bits.
  const Vector magic = Repeat(12582912.0f), shifted = x * Repeat(1.44269504f) + magic, whole = shifted - magic;
  // ln 2 in two parts, the first of few digits.
  const Vector rest = (x - whole * Repeat(0.693359375f)) + whole * Repeat(2.12194440e-4f);
  Vector sum = Repeat(1 / 5040.0f);
  for (const float factor : {1 / 720.0f, 1 / 120.0f, 1 / 24.0f, 1 / 6.0f, 0.5f, 1.0f, 1.0f}) sum = sum * rest + Repeat(factor);
  const Integers power = ((Integers)shifted - (Integers)magic + RepeatInteger(127)) << 23;
  return Where(~(x < Repeat(-87.0f)), sum * (Vector)power);
}

// Of rows of logits [rows, classes]: losses in nats, 1 where the largest logit is that of the label (of equal ones the first) and else 0, and the gradients of
// the losses. A label of no class has neither loss nor gradient.
void CrossEntropies(const float* logits, const int* labels, long rows, int classes, float* losses, float* right, float* gradient) {
  const Vector least = Repeat(-__builtin_inff());
  for (long row = 0; row < rows; row++, logits += classes, gradient += classes) {
    int best = 0;
    for (int column = 1; column < classes; column++)
      if (logits[column] > logits[best]) best = column;
    const float largest = logits[best];
    const int label = labels[row];
    const bool is_class = label >= 0 && label < classes;
    Vector total = {};
    for (int column = 0; column < classes; column += LANES) {
      const int width = classes - column < LANES ? classes - column : LANES;
      Vector part = least;
      __builtin_memcpy(&part, logits + column, sizeof(float) * width);
      const Vector power = Exp(part - Repeat(largest));
      // NaN where the largest is infinite must not come from behind the last class.
      if (width == LANES)
        total += power;
      else
        for (int lane = 0; lane < width; lane++) total[lane] += power[lane];
      __builtin_memcpy(gradient + column, &power, sizeof(float) * width);
    }
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += total[lane];
    const float factor = is_class ? 1 / sum : 0;
    for (int column = 0; column < classes; column++) gradient[column] *= factor;
    if (is_class) gradient[label] -= 1;
    losses[row] = is_class ? std::log(sum) - (logits[label] - largest) : 0;
    right[row] = best == label;
  }
}
