/** @file The commands that show what experiments found: figures and report. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { UserError } from '../../src/errors.ts';
import { writeResults } from '../figures/results-folder.ts';
import { startTd } from './background.ts';
import { listFiles, makeFolder, td } from './td.ts';

const place = makeFolder({});
const results = join(place.folder, 'results');
beforeAll(() => {
  writeResults(results);
});
afterAll(() => place.remove());

const FIGURES = ['weight', 'unit'].flatMap((granularity) =>
  ['accuracy', 'training', 'weights', 'layers'].flatMap((kind) =>
    ['svg', 'png'].map((ending) => `figure-${kind}-${granularity}.${ending}`),
  ),
);

describe('td figures', () => {
  it('draws the figures of an experiment beside its tables, and says which', async () => {
    const { code, stdout } = await td(place.folder, 'figures', 'few');
    expect(code).toBe(0);
    expect(stdout).toBe(
      'figures of few: accuracy-weight, training-weight, weights-weight, layers-weight, accuracy-unit, training-unit, ' +
        'weights-unit, layers-unit, as results/few/figure-*.svg and .png\n',
    );
    const written = listFiles(join(results, 'few')).filter((name) => name.startsWith('figure-'));
    expect(written).toEqual(FIGURES.toSorted());
  });
});

describe('td report', () => {
  it('writes one page that holds everything and names no other place to load anything from', async () => {
    const { code, stdout } = await td(place.folder, 'report', 'few');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^written: results\/few\/report\.html \(0\.\d MB\); open it in a browser\n$/);
    const page = readFileSync(join(results, 'few/report.html'), 'utf8');
    expect(statSync(join(results, 'few/report.html')).size).toBeLessThan(3e6);
    // The page is long: what fails to match would be printed whole.
    expect(page.match(/<(script|link|img|iframe)[^>]+(src|href)="(?!data:)[^"]*/g)).toBeNull();
    const expected = ['default-src &#39;none&#39;', 'targeted-weight/seed-1-', 'Pruning weights'];
    expect(expected.filter((part) => !page.includes(part))).toEqual([]);
  });

  it('of all experiments is written where it is asked for', async () => {
    const { code } = await td(place.folder, 'report', '--out', 'all/of it.html');
    expect(code).toBe(0);
    expect(existsSync(join(place.folder, 'all/of it.html'))).toBe(true);
    expect(existsSync(join(results, 'report.html'))).toBe(false);
  });

  it('is shown on the loopback address with --serve, and writes nothing', async () => {
    const before = listFiles(place.folder);
    const serving = startTd(place.folder, 'report', '--serve');
    const says = await serving.says(/kept up to date/);
    serving.child.kill('SIGINT');
    const { code, stdout } = await serving.ended;
    expect(`${says}${stdout}`).toMatch(/http:\/\/127\.0\.0\.1:\d+\//);
    expect(code).toBe(130);
    expect(listFiles(place.folder)).toEqual(before);
  });

  it.each([
    ['report fwe', 'RESULTS holds no experiment "fwe" (did you mean "few"?)'],
    ['report few few', 'experiment "few" is named twice, expected each experiment once'],
    ['report few --port 80', '--port is for --serve, expected both of them'],
    ['report --serve --out x', '--out and --serve exclude each other, expected one of them'],
    ['report --serve --port 70000', '--port is "70000", expected a number from 0 to 65535'],
    ['report few --out RESULTS', '--out: RESULTS is a folder, expected a file'],
    [
      'figures --results nowhere',
      'nothing is trained in nowhere; train with: td run <experiment.yaml> --results nowhere',
    ],
  ])('td %s is refused in a sentence', async (words, sentence) => {
    const place = words.includes('--results') ? '' : ' --results RESULTS';
    const parameters = `${words}${place}`.split(' ').map((word) => word.replace('RESULTS', results));
    const program = await createProgram(parameters);
    const parsed = program.parseAsync(parameters, { from: 'user' });
    await expect(parsed).rejects.toThrow(new UserError(sentence.replace('RESULTS', results)));
  });
});
