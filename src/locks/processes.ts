/** @file Processes of this machine: whether one runs, and in which space of process numbers it was counted. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells a process from all others, also from a later one with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The space of process numbers: a machine's boot and container. Empty where the system does not say. */
  readonly processSpace: string;
  /** When the process started, in the system's own unit; absent where the system does not say. */
  readonly processStart?: string | undefined;
}

export function identifySelf(): ProcessIdentity {
  const processStart = lookUp(process.pid)?.start;
  return {
    pid: process.pid,
    host: hostname(),
    processSpace: processSpace(),
    ...(processStart === undefined ? {} : { processStart }),
  };
}

/** Whether a process of this space runs. */
export function isRunning({ pid, processStart }: Pick<ProcessIdentity, 'pid' | 'processStart'>): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process is there, but another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = lookUp(pid);
  // A system may hide the processes of others: then nothing more is known than that there is one of this number.
  if (found === undefined) return true;
  return !ENDED.includes(found.state) && (processStart === undefined || processStart === found.start);
}

/** Linux: the boot and the container, since each container counts processes by itself and a boot begins anew. */
export function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** States of a process that has ended: a zombie, which its parent has not waited for yet, and one just being removed. */
const ENDED = ['Z', 'X', 'x'];

interface ProcessRecord {
  /** A letter. */
  readonly state: string;
  /** When it started, in ticks of the system since its boot. */
  readonly start: string;
}

/** Linux: fields 3 and 22 of /proc/<pid>/stat; the second is a name in parentheses, which may hold anything. */
function lookUp(pid: number): ProcessRecord | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    return state === undefined || start === undefined ? undefined : { state, start };
  } catch {
    return undefined;
  }
}
