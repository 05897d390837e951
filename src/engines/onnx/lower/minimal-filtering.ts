/**
 * @file Lowering of convolutions of 3 × 3 with stride 1, and of both their gradients, to Winograd's minimal filtering F(4 × 4, 3 × 3)
 * (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016), which multiplies four times less.
 *
 * A tile of 4 × 4 pixels of the result depends on 6 × 6 of the image. With the matrices B, G and A of the paper,
 *
 *     Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,   dg = Gᵀ [(Bᵀ d B) ⊙ (A dY Aᵀ)] G,
 *
 * and for many tiles and channels ⊙ is 36 products of matrices. Every transform is linear in the numbers of a tile: one product with a
 * constant matrix, if tiles are laid out with their pixels outermost, `[pixels of a tile, tiles · channels]`.
 */
import type { Value } from '../../../compiler/graph.ts';
import { at, orThrow } from '../../../lookup.ts';
import { blockedShape, gatherRows, padBlocked } from './blocked.ts';
import { type ConvolutionCall, turnedConvolution } from './convolution-sizes.ts';
import type { Lowering } from './lowering.ts';

type Matrix = readonly (readonly number[])[];

/** Pixels along one side of a tile of the result, of the filter, and of what of the image a tile depends on. */
const TILE = 4;
const TAPS = 3;
const WINDOW = TILE + TAPS - 1;

/** Bᵀ */
const INPUT_TRANSFORM: Matrix = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
/** G */
const FILTER_TRANSFORM: Matrix = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
/** Aᵀ */
const OUTPUT_TRANSFORM: Matrix = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

/** The Kronecker product with itself: what multiplying squares with a matrix from the left and its transpose from the right is for flattened squares. */
const squared = (matrix: Matrix): Matrix =>
  matrix.flatMap((upper) =>
    matrix.map((lower) => upper.flatMap((outer) => lower.map((inner) => outer * inner))),
  );

/** For flattened squares: `[36, 36]`, `[36, 9]`, `[16, 36]`. */
const INPUT = squared(INPUT_TRANSFORM);
const FILTER = squared(FILTER_TRANSFORM);
const OUTPUT = squared(OUTPUT_TRANSFORM);

/** Filters are transformed, and multiplied with, in groups of no more bytes: all at once are four times as large as the filters. */
const MOST_BYTES_AT_ONCE = 2 ** 24;
/** The windows of images, their transform and the products each take so much: those of large evaluations would take more than all else. */
const MOST_BYTES_OF_WINDOWS = 20 * 2 ** 20;
/** Tiles reach beyond images whose sides are no multiples of theirs. The share of a direct sum's multiplications that may be left. */
const LARGEST_SHARE = 0.5;

/** A convolution's own result. */
export function convolveMinimally(operation: ConvolutionCall, context: Lowering): boolean {
  const [x, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  if (!suits(operation, { x, filter, y: output }, context)) return false;
  const taps = { matrix: FILTER, numbers: tapsOf(context.plain(filter), context) };
  filterImages(x, output, operation.attributes.pads, { filter, taps }, context);
  return true;
}

/** The gradient with respect to the input: the same with the filter turned by 180°, whose taps are in the opposite order. */
export function inputGradientMinimally(operation: ConvolutionCall, context: Lowering): boolean {
  const [dy, filter, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const turned = turnedConvolution(operation);
  if (turned === undefined || !suits(operation, { x: output, filter, y: dy }, context)) return false;
  const matrix = FILTER.map((row) => row.toReversed());
  const taps = { matrix, numbers: tapsOf(context.plain(filter), context), isTransposed: true };
  filterImages(dy, output, turned.pads, { filter, taps }, context);
  return true;
}

/**
 * The filter gradient, of batches whose windows are transformed at once: it takes the transformed windows of the convolution, which are
 * held from one to the other, and would not be worth their memory in larger batches.
 */
export function filterGradientMinimally(operation: ConvolutionCall, context: Lowering): boolean {
  const [x, dy, output] = [at(operation.inputs, 0), at(operation.inputs, 1), at(operation.outputs, 0)];
  const batch = at(x.shape, 0);
  if (!suits(operation, { x, filter: output, y: dy }, context)) return false;
  if (mostImagesAtOnce(output, dy) < batch) return false;
  const windows = gatherWindows(x, dy, operation.attributes.pads, { first: 0, count: batch }, context);
  const tiles = gatherGradientTiles(dy, context);
  const operands = [
    { matrix: INPUT, numbers: windows, isTransposed: true },
    { matrix: transposed(OUTPUT), numbers: tiles },
  ] as const;
  const gradient = transformProducts(transposed(FILTER), operands, output, context);
  context.set(output, context.reshape(gradient, output.shape));
  return true;
}

function suits(
  { attributes: { strides, dilations } }: ConvolutionCall,
  { x, filter, y }: Record<'x' | 'filter' | 'y', Value>,
  context: Lowering,
): boolean {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  const [, rows = 1, columns = 1] = y.shape;
  const [down, across] = countTiles(y);
  return (
    context.canBlock(x) &&
    context.canBlock(y) &&
    [...strides, ...dilations].every((step) => step === 1) &&
    height === TAPS &&
    width === TAPS &&
    Math.min(input, output) >= context.fewestChannels &&
    mostImagesAtOnce(filter, y) >= 1 &&
    down * across * WINDOW ** 2 <= LARGEST_SHARE * TAPS ** 2 * rows * columns
  );
}

/** Some of a batch, one after the other. */
interface Images {
  readonly first: number;
  readonly count: number;
}

/** @returns 0 for images so large that one has too many windows */
function mostImagesAtOnce(filter: Value, y: Value): number {
  const [, , input = 1, output = 1] = filter.shape;
  const [down, across] = countTiles(y);
  const numbers = down * across * WINDOW ** 2 * Math.max(input, output);
  return Math.floor(MOST_BYTES_OF_WINDOWS / (numbers * Float32Array.BYTES_PER_ELEMENT));
}

/** A batch in as few parts as can be, and of as many images each. */
function cutBatch(batch: number, most: number): Images[] {
  const parts = Math.ceil(batch / most);
  const size = Math.ceil(batch / parts);
  return Array.from({ length: Math.ceil(batch / size) }, (_, part) => ({
    first: part * size,
    count: Math.min(size, batch - part * size),
  }));
}

/**
 * Declares `result` to be the images convolved with a filter, part by part of the batch.
 *
 * @param taps of the filter, and how they are transformed
 */
function filterImages(
  images: Value,
  result: Value,
  pads: readonly number[],
  { filter, taps }: { readonly filter: Value; readonly taps: Operand },
  context: Lowering,
): void {
  const parts = cutBatch(at(images.shape, 0), mostImagesAtOnce(filter, result)).map((part) => {
    const windows = { matrix: INPUT, numbers: gatherWindows(images, result, pads, part, context) };
    const tiles = transformProducts(OUTPUT, [windows, taps], filter, context);
    return assembleTiles(tiles, { ...result, shape: [part.count, ...result.shape.slice(1)] }, context);
  });
  const shape = blockedShape(result);
  context.setBlocked(
    result,
    parts.length === 1 ? at(parts, 0) : context.builder.emit('Concat', parts, { shape }, { axis: 0 }),
  );
}

/** The windows whose tiles make up `result`, of some of the images: `[36, tiles, channels]`. */
function gatherWindows(
  images: Value,
  result: Value,
  pads: readonly number[],
  part: Images,
  context: Lowering,
): Value {
  const blocked = context.blocked(images);
  const [, , height = 1, width = 1] = blocked.shape;
  const [down, across] = countTiles(result);
  const [top, left] = [at(pads, 0), at(pads, 1)];
  const reach = (tiles: number): number => tiles * TILE + TAPS - 1;
  const below = reach(down) - top - height;
  const beside = reach(across) - left - width;
  return gatherTiles(
    padBlocked(blocked, [top, left, below, beside], context),
    { side: WINDOW, down, across, ...part },
    context,
  );
}

/** The tiles of a gradient: `[16, tiles, channels]`. */
function gatherGradientTiles(gradient: Value, context: Lowering): Value {
  const blocked = context.blocked(gradient);
  const [, , height = 1, width = 1] = blocked.shape;
  const [down, across] = countTiles(gradient);
  const padded = padBlocked(blocked, [0, 0, down * TILE - height, across * TILE - width], context);
  return gatherTiles(padded, { side: TILE, down, across, first: 0, count: at(blocked.shape, 0) }, context);
}

/** `[9, in, out]` of a filter `[3, 3, in, out]`. */
function tapsOf(filter: Value, context: Lowering): Value {
  const [height = 1, width = 1, input = 1, output = 1] = filter.shape;
  return context.reshape(filter, [height * width, input, output]);
}

/** Tiles down and across an image `[batch, height, width, channels]`. */
function countTiles({ shape: [, height = 1, width = 1] }: Value): [down: number, across: number] {
  return [Math.ceil(height / TILE), Math.ceil(width / TILE)];
}

/** Squares of pixels of some of a batch's images. Their upper left corners lie a tile apart. */
interface Squares extends Images {
  /** Pixels along a side. */
  readonly side: number;
  /** Squares down and across an image. */
  readonly down: number;
  readonly across: number;
}

/** `[pixels of a square, images · squares, channels]` of blocked images. */
function gatherTiles(images: Value, { side, down, across, first, count }: Squares, context: Lowering): Value {
  const { block } = context;
  const [batch = 1, channels = 1, height = 1, width = 1] = images.shape;
  const parts = channels / block;
  const tiles = count * down * across;
  const table = (): Int32Array => {
    const rows = new Int32Array(side * side * tiles * parts);
    let next = 0;
    for (let pixel = 0; pixel < side * side; pixel++)
      for (let tile = 0; tile < tiles; tile++) {
        const image = first + Math.floor(tile / (down * across));
        const row = (Math.floor(tile / across) % down) * TILE + Math.floor(pixel / side);
        const column = (tile % across) * TILE + (pixel % side);
        for (let part = 0; part < parts; part++)
          rows[next++] = ((image * parts + part) * height + row) * width + column;
      }
    return rows;
  };
  const pixels = context.reshape(images, [batch * parts * height * width, block]);
  const name = `tiles ${images.shape.join()} ${side} ${down} ${across} ${first} ${count}`;
  return context.reshape(gatherRows(pixels, name, table, context), [side * side, tiles, channels]);
}

/** Blocked images, put together from their tiles, `[16, tiles, channels]`. What tiles have beyond the images is left out. */
function assembleTiles(tiles: Value, output: Value, context: Lowering): Value {
  const { block } = context;
  const shape = blockedShape(output);
  const [batch = 1, channels = 1, height = 1, width = 1] = shape;
  const [down, across] = countTiles(output);
  const parts = channels / block;
  const table = (): Int32Array => {
    const rows = new Int32Array(batch * parts * height * width);
    let next = 0;
    for (let image = 0; image < batch; image++)
      for (let part = 0; part < parts; part++)
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++) {
            const pixel = (row % TILE) * TILE + (column % TILE);
            const tile = (image * down + Math.floor(row / TILE)) * across + Math.floor(column / TILE);
            rows[next++] = (pixel * batch * down * across + tile) * parts + part;
          }
    return rows;
  };
  const matrix = context.reshape(tiles, [TILE * TILE * batch * down * across * parts, block]);
  return context.reshape(gatherRows(matrix, `of tiles ${shape.join()}`, table, context), shape);
}

/** What is multiplied, once a matrix has transformed it: `[rows of the matrix, rows, columns]`, or that with each of its matrices transposed. */
interface Operand {
  readonly matrix: Matrix;
  readonly numbers: Value;
  readonly isTransposed?: boolean;
}

/**
 * A matrix of 36 columns times the 36 products of two operands, added up group by group of them.
 *
 * @param filter `[3, 3, in, out]`, whose size decides how large a group is
 */
function transformProducts(
  matrix: Matrix,
  operands: readonly [Operand, Operand],
  filter: Value,
  context: Lowering,
): Value {
  const [, , input = 1, output = 1] = filter.shape;
  const size = groupSize(input * output * Float32Array.BYTES_PER_ELEMENT);
  let sum: Value | undefined;
  for (let start = 0; start < WINDOW ** 2; start += size) {
    const end = start + size;
    const [a, b] = operands.map(({ matrix, numbers }) =>
      transform(matrix.slice(start, end), numbers, context),
    ) as [Value, Value];
    const products = multiply(a, b, operands, context);
    const columns = matrix.map((row) => row.slice(start, end));
    sum = transform(columns, products, context, sum);
  }
  return orThrow(sum, 'there are no products to add up');
}

/** How many of 36 matrices are multiplied at once. An even number shares out well among threads. */
function groupSize(bytesOfOne: number): number {
  const sizes = [36, 18, 12, 6, 4];
  return sizes.find((size) => size * bytesOfOne <= MOST_BYTES_AT_ONCE) ?? 2;
}

/**
 * A matrix times numbers of its number of columns, for each of the places that the other axes stand for.
 *
 * @param summand is added to it
 */
function transform(matrix: Matrix, numbers: Value, context: Lowering, summand?: Value): Value {
  const [columns = 1, rows = 1, width = 1] = numbers.shape;
  const { builder } = context;
  const factors = builder.constant(Float32Array.from(matrix.flat()), [matrix.length, columns], 'float32');
  const shape = [matrix.length, rows * width];
  const flat = context.reshape(numbers, [columns, rows * width]);
  const product =
    summand === undefined
      ? builder.emit('MatMul', [factors, flat], { shape })
      : builder.emit('Gemm', [factors, flat, context.reshape(summand, shape)], { shape });
  return context.reshape(product, [matrix.length, rows, width]);
}

/** As many products of matrices. */
function multiply(a: Value, b: Value, operands: readonly [Operand, Operand], { builder }: Lowering): Value {
  const [transA, transB] = operands.map(({ isTransposed }) => (isTransposed ? 1 : 0)) as [0 | 1, 0 | 1];
  const shape = [at(a.shape, 0), at(a.shape, 1 + transA), at(b.shape, 2 - transB)];
  if (transA === 0 && transB === 0) return builder.emit('MatMul', [a, b], { shape });
  return builder.emitIn('com.microsoft', 'FusedMatMul', [a, b], { shape }, { transA, transB });
}

function transposed(matrix: Matrix): Matrix {
  return (matrix[0] ?? []).map((_, column) => matrix.map((row) => at(row, column)));
}
