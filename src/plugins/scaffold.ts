/** @file The files of a new plugin: a method that does nothing yet, an experiment with it, and a test that says so. */

/**
 * @param name of the method: small letters, digits and dashes
 * @returns the text of each file, by its name
 */
export function scaffoldMethod(name: string): Readonly<Record<string, string>> {
  return {
    'plugin.ts': pluginOf(name),
    'experiment.yaml': experimentOf(name),
    'plugin.test.mjs': testOf(name),
  };
}

/** Of the file that is written. In one word, td's own bundle would have its own folder in its place. */
const DIRNAME = ['import', 'meta', 'dirname'].join('.');

const pluginOf = (name: string): string => `/** @file The method ${name}. */
import * as tf from '@tensorflow/tfjs';
import { defineMethod, name, type Regularizer, rate, z } from 'targeted-dropout/plugin';

/** Every setting has a default: runs are found again by the settings that differ from theirs. */
const settings = z.strictObject({ name: name('${name}'), strength: rate.default(0.5) });

/** What happens to each prunable weight in a training step. It is called once, to build the step: read no values here. */
const createRegularizer = ({ strength }: z.output<typeof settings>): Regularizer => ({
  name: '${name}',
  // The weight that the forward pass uses. Replace it: tf.mul(weight, …), say.
  effectiveWeight: ({ weight }) => (strength > 0 ? tf.clone(weight) : weight),
});

export const methods = [
  defineMethod({
    name: '${name}',
    settings,
    columns: { '${name}': 'one sentence on the method, for those who read the report.' },
    label: ({ strength }) => ({ numbers: [strength] }),
    load: async () => createRegularizer,
  }),
];
`;

const experimentOf = (
  name: string,
): string => `# ${name} beside plain training, on a part of MNIST: some seconds. Run it with
#   td run experiment.yaml --plugin plugin.ts && td sweep experiment.yaml --plugin plugin.ts
name: ${name}
dataset: { name: mnist, trainImages: 2000, testImages: 1000 }
model: { name: mlp, widths: [32] }
schedule: { epochs: 2, batchSize: 100 }
variants:
  none: {}
  ${name}: { regularizer: { name: ${name} } }
`;

const testOf = (name: string): string => `// Run it with: node --test plugin.test.mjs
// It fails until the method changes what is trained. Then say here what it should do, number by number.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

test('${name} trains another network than plain training', () => {
  const results = mkdtempSync(join(tmpdir(), '${name}-'));
  try {
    const file = (name) => join(${DIRNAME}, name);
    const words = ['run', file('experiment.yaml'), '--plugin', file('plugin.ts'), '--engine', 'onnx', '--results', results];
    execFileSync(process.env.TD ?? 'td', words, { shell: process.platform === 'win32', stdio: 'pipe' });
    const losses = ['none', '${name}'].map((variant) => {
      const folder = join(results, '${name}', variant);
      const [run] = readdirSync(folder);
      const [header, ...epochs] = readFileSync(join(folder, run, 'metrics.csv'), 'utf8').trim().split('\\n');
      return epochs.at(-1).split(',')[header.split(',').indexOf('train_loss')];
    });
    assert.notEqual(losses[0], losses[1], 'the training loss is that of plain training: ${name} does nothing yet');
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
});
`;
