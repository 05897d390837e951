/** @file In each worker of vitest: when vitest has ended, so does the worker, with all that its tests started. */
import { onParentEnd } from '../../src/terminal/parent.ts';
import { listDescendants } from './descendants.ts';

onParentEnd(() => {
  for (const { pid } of listDescendants(process.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  process.kill(process.pid, 'SIGKILL');
});
