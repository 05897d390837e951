/** @file The one kind of error that is the user's to mend, and the wording that all of them share. */
import { closest, distance } from 'fastest-levenshtein';

/** Characters of a sentence that shows what somebody wrote; more would bury what is wrong with it. */
const MOST_CHARACTERS = 2000;

/**
 * A mistake that the user can mend: printed as one sentence without a stack, exit code 2.
 * The message says what is wrong, where, and what was expected. What it quotes may come from any file, so it is shown on
 * one line, without the characters by which a file could steer a terminal.
 */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(message: string) {
    super(toOneLine(message));
  }
}

/** A file that td wrote is damaged, or missing, and stays so until somebody does what the message says: exit code 1. */
export class DamageError extends UserError {}

/** Settings that only a plugin understands, which is not loaded: nothing is wrong with them. */
export class MissingPluginError extends UserError {}

/** Exit code of a command that did nothing, since another process is at it: the same command does it later. EX_TEMPFAIL of sysexits.h. */
export const EXIT_IN_OTHER_HANDS = 75;

/** What was asked for is in the hands of another process, which the message names. */
export class BusyError extends UserError {}

/**
 * For files that are of use if they are sound, and can be done without.
 *
 * @returns what `read` returns; nothing if it throws a UserError
 */
export function unlessUserError<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** What an error says, whoever threw it. */
export function messageOf(error: unknown): string {
  const isError = typeof error === 'object' && error !== null && 'message' in error;
  return String(isError ? error.message : error);
}

/** The system's code of an error, such as ENOENT; empty where it has none. */
export function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : '';
}

/** Text as one line of bounded length: line ends become spaces, and what cannot be seen is written as `\x1b`. */
export function toOneLine(text: string): string {
  const line = text
    .split(/[\r\n]+/)
    .map((part) => part.trim())
    .join(' ')
    .trim()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => escapeCharacter(character));
  if (line.length <= MOST_CHARACTERS) return line;
  const end = MOST_CHARACTERS / 4;
  return `${line.slice(0, MOST_CHARACTERS - end)} … ${line.slice(-end)}`;
}

/** What stands in a file may be anything: an error quotes so many characters of it. */
export function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * Adds what to do to the sentence of an error.
 *
 * @param remedy a clause: `mend it`
 * @throws what reading throws, a UserError with this clause
 */
export function withRemedy<T>(read: () => T, remedy: string): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${error.message}; ${remedy}`) : error;
  }
}

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`;
}

/**
 * The clause that ends an error about an unknown name: the nearest valid name if one is near, else all of them.
 *
 * @returns for example ` (did you mean "targeted"?)` or ` (expected one of: l1, none)`
 */
export function suggest(name: string, valid: readonly string[]): string {
  if (valid.length === 0) return '';
  const nearest = nearestOf(name, valid);
  return nearest === undefined ? ` (expected one of: ${valid.join(', ')})` : ` (did you mean "${nearest}"?)`;
}

/** The valid name that differs from a name by a slip of the hand; nothing if none does. */
export function nearestOf(name: string, valid: readonly string[]): string | undefined {
  if (valid.length === 0) return undefined;
  // `gpu` is nearer to `webgpu`, which holds it, than to `cpu`.
  const holding = valid.filter((one) => name.length > 2 && one.toLowerCase().includes(name.toLowerCase()));
  if (holding.length === 1) return holding[0];
  const nearest = closest(name.toLowerCase(), [...valid]);
  // Of two characters one must be right.
  const most = Math.min(Math.max(2, Math.floor(name.length / 3)), Math.max(1, name.length - 1));
  return distance(name.toLowerCase(), nearest.toLowerCase()) <= most ? nearest : undefined;
}
