/** @file The processes below one, by the system's own list. */
import { execFileSync } from 'node:child_process';

export interface Descendant {
  readonly pid: number;
  /** Its command line. */
  readonly command: string;
}

/** The processes that a process started, and those that they started, the nearest first; without zombies. */
export function listDescendants(ancestor: number): Descendant[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' }).trim();
  const children = new Map<number, Descendant[]>();
  for (const line of lines.split('\n')) {
    const [, pid, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s*(.*)$/.exec(line) ?? [];
    if (state.startsWith('Z')) continue;
    const siblings = children.get(Number(parent)) ?? [];
    children.set(Number(parent), [...siblings, { pid: Number(pid), command }]);
  }
  const found = [...(children.get(ancestor) ?? [])];
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}
