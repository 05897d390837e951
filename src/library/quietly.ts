/** @file Long work of which nothing is shown. */
import type { StartStage } from '../progress.ts';

export const quietly: StartStage = () => ({ update() {}, stop() {} });
