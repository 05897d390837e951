/** @file What a stream can show: a terminal with colours and moving bars, a terminal of plain lines, or no terminal. */

/** Columns of a table that no terminal bounds. */
const UNBOUNDED_WIDTH = 120;
/** A terminal of fewer columns has no room for a bar or a table. */
const NARROW = 21;

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

export function isTerminal({ isTTY }: Stream): boolean {
  return isTTY === true;
}

/**
 * Whether a stream takes escape sequences, for colours and for bars that are drawn over and over: it is a terminal, not one
 * that calls itself dumb, narrow or of unknown width, and its user has not asked for plain lines (no-color.org).
 */
export function takesEscapes(stream: Stream): boolean {
  const isPlain = process.env.TERM === 'dumb' || Boolean(process.env.NO_COLOR);
  return isTerminal(stream) && !isPlain && stream.columns >= NARROW;
}

/** Whether a stream is a terminal with too few columns for a table. */
export function isNarrow(stream: Stream): boolean {
  return isTerminal(stream) && stream.columns > 0 && stream.columns < NARROW;
}

/** Columns that a table may take; some terminals, serial lines for example, say 0. */
export function widthOf(stream: Stream): number {
  return isTerminal(stream) && stream.columns > 0 ? stream.columns : UNBOUNDED_WIDTH;
}
