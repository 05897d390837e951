/** @file In vitest's own process: it ends when the npm that started it does. */
import { onParentEnd } from '../../src/terminal/parent.ts';

export function setup(): void {
  if (process.env.npm_lifecycle_event?.startsWith('test'))
    onParentEnd(() => process.kill(process.pid, 'SIGTERM'));
}
