/** @file Ends with the process that started this one, where that is npm: it hands on SIGINT and SIGTERM only, and dies of all else alone. */

/** Milliseconds between two looks at who the parent is. */
const INTERVAL = 500;

/**
 * Calls back once when the parent of this process is another than now, since the one that there is now ended.
 *
 * @returns stops looking
 */
export function onParentEnd(act: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, INTERVAL);
  timer.unref();
  return () => clearInterval(timer);
}

/** The scripts of package.json that stand for one td, or for several one after another. */
const SCRIPTS = ['td', 'demo'];

/**
 * Asks this process to end, as SIGTERM does, when the npm script that it belongs to has ended.
 *
 * @param wasHungUp whether a terminal hung up, which ended npm too: this process then does with it as it will
 */
export function endWithNpm(wasHungUp: () => boolean): void {
  const { npm_package_name: name, npm_lifecycle_event: script = '' } = process.env;
  if (name !== 'td' || !SCRIPTS.includes(script)) return;
  onParentEnd(() => {
    if (!wasHungUp()) process.kill(process.pid, 'SIGTERM');
  });
}
