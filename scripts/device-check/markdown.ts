/** @file What was measured on a card as a table for docs/performance.md: a row a network and variant, a column a way to compute. */
import type { StepCheck } from './device.ts';
import type { PytorchStep } from './pytorch.ts';

export interface TimedStep extends StepCheck {
  /** `WebGPU`, `TensorFlow, compiled`. */
  readonly way: string;
}

/**
 * Milliseconds of a training step. What was wrong or failed has no time.
 *
 * @param cards what stands above the table
 */
export function renderMarkdown(
  cards: string,
  steps: readonly TimedStep[],
  pytorch: readonly PytorchStep[],
): string {
  const all = [...steps, ...pytorch.map((step) => ({ ...step, way: 'PyTorch', isRight: true }))];
  const ways = [...new Set(all.map(({ way }) => way))];
  const networks = [...new Set(all.map(({ network, variant }) => `${network}, ${variant}`))];
  const rows = networks.map((name) => {
    const cells = ways.map((way) => {
      const step = all.find((one) => one.way === way && `${one.network}, ${one.variant}` === name);
      return step?.isRight && step.stepMilliseconds !== undefined ? step.stepMilliseconds.toFixed(2) : '–';
    });
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const header = [`| ${['ms a step', ...ways].join(' | ')} |`, `|${'---|'.repeat(ways.length + 1)}`];
  return [`${cards}, by \`npm run device-check\``, '', ...header, ...rows, ''].join('\n');
}
