/** @file How long work shows how far it is, whoever does it and wherever it is shown. */

/** Long work that shows how far it is. */
export interface Stage {
  /** @param detail what is done now, in words */
  update(done: number, detail: string): void;
  /** The work has ended, or failed. */
  stop(): void;
}

/**
 * Begins to show some work.
 *
 * @param total what `done` counts up to
 */
export type StartStage = (label: string, total: number) => Stage;

/** Shows nothing. */
export const SILENT: StartStage = () => ({ update() {}, stop() {} });
