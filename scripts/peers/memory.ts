/** @file How much memory a process holds, as Linux tells it. */
import { readFileSync } from 'node:fs';

/** Of a process, in megabytes. */
export interface Memory {
  /** The most that it has held so far, pages of library files included (VmHWM). */
  readonly peak: number;
  /** What it holds now for itself alone, without pages of files, such as those of libraries (RssAnon). */
  readonly private: number;
}

/** @returns nothing where the system does not tell */
export function readMemory(process: number | undefined): Memory | undefined {
  try {
    return parseMemory(readFileSync(`/proc/${process}/status`, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Finds the figures in the text of /proc/<pid>/status.
 *
 * @returns nothing if one of them is missing: old kernels have no RssAnon
 */
export function parseMemory(status: string): Memory | undefined {
  const [peak, anonymous] = ['VmHWM', 'RssAnon'].map((name) => {
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  });
  return peak === undefined || anonymous === undefined ? undefined : { peak, private: anonymous };
}
