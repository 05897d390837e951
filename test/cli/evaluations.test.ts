/** @file Evaluations, recalibration, validation images and targeting rates, from a training to every page that shows them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Journey, parseRecords } from './journey.ts';
import { listFiles, td } from './td.ts';

/** Two epochs move averages of this momentum hardly from where they begin. */
const EXPERIMENT = `
dataset: { name: mnist, trainImages: 1600, testImages: 300, validation: 320 }
model: { name: resnet, filters: [4, 8], units: 1, batchNorm: { momentum: 0.9999 } }
schedule: { learningRate: 0.1, batchSize: 32, epochs: 2 }
sweep: { prune: "0,0.5", granularity: weight }
variants:
  none: {}
  targeted: { regularizer: { name: targeted, granularity: weight, targetRate: 0.75 } }
`;

const journey = new Journey({ 'judged.yaml': EXPERIMENT });
const SWEEP = 'results/judged/sweep.csv';
const type = (words: string) => journey.type(`${words} --threads 1`);

/** What was said, and the table of before there were rows at the targeting rate. */
async function work() {
  const run = await type('run judged.yaml');
  const dense = await type('sweep judged.yaml');
  const rows = journey.read(SWEEP).split('\n');
  // A sweep of before targeting rates came to the asked ones.
  const older = rows.filter((row) => !row.includes(',weight,0.75,')).join('\n');
  journey.write(SWEEP, older);
  await journey.type('baseline judged --out older.csv');
  const completed = await type('sweep judged.yaml');
  const passed = await journey.type('check judged --baseline older.csv');
  await type('sweep judged.yaml --evaluate gamma,stochastic --draws 2');
  const recalibrated = await type('sweep judged.yaml --recalibrate 1280 --prune 0');
  return { run, dense, rows, older: older.split('\n'), completed, passed, recalibrated };
}

let done: Awaited<ReturnType<typeof work>>;
beforeAll(async () => {
  done = await work();
});
afterAll(() => journey.end());

const textsOf = (path: string) =>
  [...journey.read(path).matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text = '']) => text);
const isThere = (path: string) => existsSync(join(journey.folder, 'results/judged', path));

describe('td sweep', () => {
  it('prunes every variant at the targeting rate of one, and says so', () => {
    expect(done.dense.stderr).toContain('judged: also pruned at targeting rates: 0.75 (targeted)\n');
    const grid = parseRecords(done.rows.join('\n')).map(
      ({ variant, prune_rate }) => `${variant} ${prune_rate}`,
    );
    const rates = [0, 0.5, 0.75];
    expect(grid).toEqual(
      ['none', 'targeted'].flatMap((variant) => rates.map((rate) => `${variant} ${rate}`)),
    );
    expect(done.dense.stdout).toMatch(/^ *75 % +[\d.]+\*? +[\d.]+\*?$/m);
  });

  it('shows what a method trained for, whatever rates are asked for, so that td run has nothing to warn of', () => {
    expect(done.run.stderr).not.toContain('warning');
  });

  it('completes a sweep that lacks the targeting rate, and computes nothing else', () => {
    expect(done.completed.stderr.match(/: 1 evaluation in [\d.]+ s, 2 known already/g)).toHaveLength(2);
    const rows = journey.read(SWEEP).split('\n');
    expect(done.older.filter((row) => !rows.includes(row))).toEqual([]);
    expect(done.rows.filter((row) => !rows.includes(row))).toEqual([]);
  });

  it('has each evaluation in rows of its own, once for each run that it is another for', () => {
    const kinds = journey
      .readRecords(SWEEP)
      .filter(({ prune_rate }) => prune_rate === '0')
      .map(({ variant, evaluation, draws, recalibrated }) =>
        [variant, evaluation, draws, recalibrated].join(' '),
      );
    expect(kinds.sort()).toEqual([
      'none dense 0 0',
      'none dense 0 1280',
      'targeted dense 0 0',
      'targeted dense 0 1280',
      'targeted gamma 0 0',
      'targeted stochastic 2 0',
    ]);
  });

  it('removes the candidates before anything is pruned where gamma is asked for', () => {
    const of = (rate: string) =>
      journey.readRecords(SWEEP).find((row) => row.evaluation === 'gamma' && row.prune_rate === rate);
    const dense = journey
      .readRecords(SWEEP)
      .find((row) => row.variant === 'targeted' && row.evaluation === 'dense' && row.prune_rate === '0.75');
    // Pruning by weight at gamma removes the candidates, and nothing else.
    for (const rate of ['0', '0.5', '0.75']) {
      expect(of(rate)).toMatchObject({
        sparsity: dense?.sparsity,
        accuracy: dense?.accuracy,
        loss: dense?.loss,
      });
    }
  });

  it('gains the accuracy that averages of other networks cost, once they are taken anew', () => {
    const accuracyOf = (recalibrated: string) =>
      Number(
        journey
          .readRecords(SWEEP)
          .find(
            (row) => row.variant === 'none' && row.prune_rate === '0' && row.recalibrated === recalibrated,
          )?.accuracy,
      );
    expect(accuracyOf('1280')).toBeGreaterThan(accuracyOf('0') + 0.2);
    expect(done.recalibrated.stdout).toContain('judged (dense, recalibrated): Test accuracy in percent');
  });

  it('has no more images for new averages than a run was trained on, which is said in a sentence', async () => {
    const { code, stdout, stderr } = await td(
      journey.folder,
      ...'sweep judged.yaml --recalibrate 1281 --prune 0 --no-figures'.split(' '),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^td: --recalibrate is 1281, expected at most the 1280 images that judged\/none\/seed-0-\w+ was trained on\n$/,
    );
  });

  it('draws a figure for each evaluation that it is asked for', () => {
    for (const suffix of ['', '-gamma', '-stochastic', '-recalibrated'])
      expect(isThere(`figure-accuracy-weight${suffix}.svg`), suffix).toBe(true);
    expect(textsOf('results/judged/figure-accuracy-weight-gamma.svg')).toEqual(
      expect.arrayContaining(['judged (gamma): test accuracy after pruning weights', 'none [dense]']),
    );
  });
});

it('td check passes where the baseline lacks the targeting rate', () => {
  expect(done.passed.stdout).toMatch(/^passed: /);
});

describe('td figures', () => {
  it('draws the evaluation that is asked for, and validation accuracy where runs have it', async () => {
    const { stdout } = await journey.type('figures judged --evaluate paper');
    expect(stdout).toContain('accuracy-weight-paper, training-weight, ');
    expect(stdout).not.toContain('accuracy-over-multiply-adds');
    const texts = textsOf('results/judged/figure-accuracy-weight-paper.svg');
    expect(texts).toEqual(
      expect.arrayContaining([
        'judged (paper): test accuracy after pruning weights',
        'targeted(0.66, 0.75) [gamma]',
      ]),
    );
    expect(textsOf('results/judged/figure-training-weight.svg')).toContain(
      'validation accuracy, nothing pruned',
    );
  });

  it.each(['figures judged', 'report judged', 'table judged', 'baseline judged'])(
    'td %s refuses an evaluation that no run has for which it is another, and writes nothing',
    async (words) => {
      const before = listFiles(journey.folder);
      const parameters = `${words} --evaluate stochastic --recalibrated`.split(' ');
      const { code, stdout, stderr } = await td(journey.folder, ...parameters);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toBe(
        'td: results/judged/sweep.csv has no rows of the evaluation "stochastic, recalibrated"; sweep with: td sweep --evaluate stochastic --recalibrate <images>\n',
      );
      expect(listFiles(journey.folder)).toEqual(before);
    },
  );
});

describe('td show', () => {
  it('shows one evaluation, which its heading and its JSON name', async () => {
    const { stdout } = await journey.type('show judged/targeted --evaluate gamma');
    expect(stdout).toContain('\nTest accuracy in percent after pruning (gamma)\n');
    expect(stdout).toContain(
      '- Evaluated otherwise, too: dense; stochastic; dense, recalibrated (--evaluate, --recalibrated).',
    );
    expect(stdout).toMatch(/, test accuracy [\d.]+ %, validation accuracy [\d.]+ %, /);
    expect(stdout).toContain('\nValidation accuracy, epochs 1 to 2\n');
    const { stdout: json } = await journey.type('show judged/targeted --evaluate stochastic --json');
    const { evaluation, sweep, metrics } = JSON.parse(json);
    expect(evaluation).toBe('stochastic');
    expect(sweep.map((row: { evaluation: string; draws: number }) => [row.evaluation, row.draws])).toEqual(
      Array(3).fill(['stochastic', 2]),
    );
    expect(metrics[1]).toHaveProperty('validationAccuracy');
  });

  it('does not call what it shows another evaluation, where it is the same for the run', async () => {
    const { stdout } = await journey.type('show judged/none --evaluate gamma');
    expect(stdout).toContain(
      '\n- Evaluation: dense (none).\n- Evaluated otherwise, too: dense, recalibrated (',
    );
  });

  it('refuses an evaluation that the run lacks', async () => {
    const { code, stdout, stderr } = await td(
      journey.folder,
      ...'show judged/targeted --evaluate gamma --recalibrated'.split(' '),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^td: targeted\/seed-0-\w+ in results\/judged\/sweep\.csv has no rows of the evaluation "gamma, recalibrated"; sweep with: td sweep --evaluate gamma --recalibrate <images>\n$/,
    );
  });
});

describe('td report', () => {
  const page = () => readFileSync(join(journey.folder, 'results/judged/report.html'), 'utf8');

  it('shows every evaluation that there is, one by one, and says which is which', async () => {
    await journey.type('report judged');
    const text = page();
    const expected = [
      ...['dense', 'gamma', 'stochastic', 'dense, recalibrated'].map((name) => `value="${name}"`),
      'Test accuracy after pruning weights (gamma)',
      'Evaluation: dense (none); stochastic with 2 draws (targeted(0.66, 0.75)).',
      'Tables, evaluated otherwise: stochastic',
      'judged (dense, recalibrated): Test accuracy in percent',
      '<th scope="col">validation accuracy</th>',
      'What you get (dense)',
      'The smallest network within one point of the whole one, weights pruned (dense)',
      'Accuracy over multiply-adds (dense)',
    ];
    expect(expected.filter((part) => !text.includes(part))).toEqual([]);
  });

  it('shows one alone where it is asked for', async () => {
    await journey.type('report judged --evaluate gamma');
    const text = page();
    expect(text).toContain('judged (gamma): Test accuracy in percent');
    const others = [
      ...['judged: Test accuracy', '(stochastic)', 'recalibrated)', 'name="evaluation-0"'],
      // Both are of networks as they are.
      ...['What you get', 'Accuracy over multiply-adds'],
    ];
    for (const other of others) expect(text.includes(other), other).toBe(false);
  });
});
