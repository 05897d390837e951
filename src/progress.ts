/** @file How long work shows how far it is, whoever does it and wherever it is shown. */

/** Long work that shows how far it is. */
export interface Stage {
  update(done: number, detail: string): void;
  stop(): void;
}

/** @param total what `done` counts up to */
export type StartStage = (label: string, total: number) => Stage;
