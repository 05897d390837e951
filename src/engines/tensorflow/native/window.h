// Of implicit-gemm.h.
// A convolution of stride 1 without a margin: images [height, width, in], a filter [tall, wide, in, out].
struct Window {
  int height, width, in, tall, wide, out;
  // Numbers of a window that lie in a row, and all of them.
  int run() const { return wide * in; }
  int depth() const { return tall * run(); }
  // Windows in a row, and in an image.
  int across() const { return width - wide + 1; }
  int places() const { return (height - tall + 1) * across(); }
};
