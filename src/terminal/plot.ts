/** @file Curves as text: bars of block characters under a scale. */

/** A bar's top within a row, in eighths. */
const BLOCKS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const EIGHTHS = BLOCKS.length - 1;
const HEIGHT = 5;
const MOST_COLUMNS = 60;
const FEWEST_COLUMNS = 10;
/** Columns that scale and axis take, about. */
const MARGIN = 10;

/**
 * Draws a curve from its lowest to its highest value. Where there are more values than columns, neighbours are averaged.
 *
 * @param values not all of them need be finite: a gap stands for one that is not
 * @param format writes a value beside the scale
 * @param width columns of the terminal
 * @returns lines, the highest first; none if no value is finite
 */
export function plot(
  values: readonly number[],
  format: (value: number) => string,
  width = MOST_COLUMNS + MARGIN,
): string[] {
  const columns = Math.max(FEWEST_COLUMNS, Math.min(MOST_COLUMNS, width - MARGIN));
  const bars = average(values, Math.min(columns, values.length));
  const finite = bars.filter(Number.isFinite);
  if (finite.length === 0) return [];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const scale = high > low ? (HEIGHT * EIGHTHS - 1) / (high - low) : 0;
  // The lowest value is one eighth high, so that it can be seen.
  const heights = bars.map((value) => (Number.isFinite(value) ? 1 + Math.round((value - low) * scale) : 0));
  const labels = [format(high), ...Array.from({ length: HEIGHT - 2 }, () => ''), format(low)];
  const margin = Math.max(...labels.map((label) => label.length));
  return labels.map((label, row) => {
    const floor = (HEIGHT - 1 - row) * EIGHTHS;
    const cells = heights.map((height) => BLOCKS[Math.min(EIGHTHS, Math.max(0, height - floor))]);
    return `${label.padStart(margin)} ┤${cells.join('')}`.trimEnd();
  });
}

function average(values: readonly number[], columns: number): number[] {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const part = values.slice(from, Math.floor(((column + 1) * values.length) / columns));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
