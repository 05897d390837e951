/**
 * @file The signals that ask td to end. Work that has something to save is asked to stop; any other command ends at once. A
 * hang-up only says that the terminal is gone, which training and sweeping do not need.
 */
import { isatty } from 'node:tty';

/**
 * Exit codes as a shell has them: 128 and the number of the signal. Schedulers send USR1 some time before they end a job; it asks for
 * the same as TERM.
 */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGUSR1: 143 } as const;

type EndingSignal = keyof typeof EXIT_CODES;

/** The reason why interruptible work stopped, once it has saved what it had. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(readonly signal: EndingSignal) {
    super(`interrupted by ${signal}`);
  }

  get exitCode(): number {
    return EXIT_CODES[this.signal];
  }
}

const controller = new AbortController();
let worksUnderWay = 0;
let isOutlivingHangUps = false;
let isHungUp = false;

/** From here on a hang-up does not end the command. */
export function outliveHangUps(): void {
  isOutlivingHangUps = true;
}

/** A sentence for the log of a run, once a hang-up has not ended the command. */
export function listHangUps(): string[] {
  return isHungUp ? ['a hang-up (SIGHUP) came; the training goes on'] : [];
}

/**
 * Runs work that comes to a stop by itself when its signal is aborted, and then throws the signal's reason, an
 * `InterruptedError`.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  worksUnderWay++;
  try {
    controller.signal.throwIfAborted();
    return await work(controller.signal);
  } finally {
    worksUnderWay--;
  }
}

/**
 * Milliseconds within which a signal that comes again is taken for the first one's echo: a terminal sends Ctrl-C to npm and to what
 * npm runs, and npm hands it on as well.
 */
const ECHO = 500;

/** The signal that was heeded. */
let first: { readonly name: EndingSignal; readonly time: number } | undefined;

function isEcho(name: EndingSignal): boolean {
  return first?.name === name && performance.now() - first.time < ECHO;
}

/**
 * Listens for the signals. The first one aborts interruptible work. A second one ends the process (the same signal within half
 * a second does not count), and so does the first where there is no such work. Files are always replaced whole, so that any
 * moment is safe.
 *
 * @param exit ends the process
 */
export function listenForSignals(exit: (code: number) => void): void {
  // nohup asks that its child ignore hang-ups, and Node undoes that when it starts. A process without any terminal is taken for
  // one that nohup started.
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  for (const name of Object.keys(EXIT_CODES) as EndingSignal[]) {
    // bin/td has listened to USR1 so far.
    if (name === 'SIGUSR1') process.removeAllListeners(name);
    process.on(name, () => {
      if (name === 'SIGHUP' && (isOutlivingHangUps || !hasTerminal)) isHungUp = true;
      else if (worksUnderWay > 0 && !controller.signal.aborted) {
        first = { name, time: performance.now() };
        controller.abort(new InterruptedError(name));
      } else if (!isEcho(name)) exit(EXIT_CODES[name]);
    });
  }
}
