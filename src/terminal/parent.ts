/**
 * @file Ends this process when npm, which started it, has ended. npm passes SIGINT and SIGTERM on; any other signal ends npm and
 * leaves its child running.
 */

/** Milliseconds between two looks at who the parent is. */
const INTERVAL = 500;

/**
 * Calls back once, when the parent of this process has ended. The process then has another parent.
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

/** As package.json has it. */
const PACKAGE = 'targeted-dropout';

/** The scripts of package.json that stand for one td, or for several one after another. */
const SCRIPTS = ['td', 'demo'];

/**
 * Asks this process to end, as SIGTERM does, when the npm script that it belongs to has ended.
 *
 * @param wasHungUp whether a hang-up has reached this process: it ended npm, too, and this process may go on without a terminal
 */
export function endWithNpm(wasHungUp: () => boolean): void {
  const { npm_package_name: name, npm_lifecycle_event: script = '' } = process.env;
  if (name !== PACKAGE || !SCRIPTS.includes(script)) return;
  onParentEnd(() => {
    if (!wasHungUp()) process.kill(process.pid, 'SIGTERM');
  });
}
