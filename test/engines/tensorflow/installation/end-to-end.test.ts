/** @file The whole way: TensorFlow is fetched, unpacked, built against, tested, found and removed; for real. */
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { execute, listFiles, makeFolder, TD } from '../../../cli/td.ts';
import { requiredEngines } from '../../../support/required-engines.ts';

/** A wheel of TensorFlow that is at hand; else pip fetches 274 MB, but only where the engine is required. */
const { TD_TEST_WHEEL = '' } = process.env;
const isWanted = TD_TEST_WHEEL !== '' || requiredEngines.includes('tensorflow');
const PATIENCE = 15 * 60_000;

const place = makeFolder({ 'project ünd/x': '' });
afterAll(() => place.remove());
const cacheNamed = (name: string) => join(place.folder, name);

/** Runs td with a cache folder of its own, without a Python's TensorFlow in the way. */
async function engines(cache: string, ...words: readonly string[]) {
  const variables = { TD_CACHE: cacheNamed(cache) };
  return execute(process.execPath, [TD, 'engines', ...words], join(place.folder, 'project ünd'), variables);
}

function skipUnlessWanted({ skip }: TestContext): void {
  if (!isWanted) skip('not installed, td engines install tensorflow');
}

describe('TensorFlow', () => {
  it(
    'is installed into a folder with spaces and signs that other programs take for their own',
    async (context) => {
      skipUnlessWanted(context);
      const from = TD_TEST_WHEEL === '' ? [] : ['--from', TD_TEST_WHEEL];
      const { code, stdout, stderr } = await engines(
        'mein Zwischenspeicher, $本:',
        'install',
        'tensorflow',
        '--force',
        ...from,
      );
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout).toMatch(/^tensorflow is installed\nversion {2}TensorFlow 2\.\d+\.\d+ \(/);
      expect(stdout).toMatch(
        /\ntested {3}a training step of LeNet-5 agrees with the reference engine to \d\.\de-\d+;/,
      );
      // Progress tells each stage; nothing of TensorFlow's own log comes through.
      expect(stderr).toMatch(/\nbuilding the native module with /);
      expect(stderr).not.toMatch(/absl|oneDNN/);
      expect(readdirSync(join(cacheNamed('mein Zwischenspeicher, $本:'), 'engines'))).toEqual(['tensorflow']);
    },
    PATIENCE,
  );

  it(
    'is then listed as an engine, and not installed again',
    async (context) => {
      skipUnlessWanted(context);
      const listed = await engines('mein Zwischenspeicher, $本:', '--json');
      const found = JSON.parse(listed.stdout) as { name: string; available: boolean; devices?: string[] }[];
      expect(found.find(({ name }) => name === 'tensorflow')).toMatchObject({ available: true });
      const again = await engines('mein Zwischenspeicher, $本:', 'install', 'tensorflow');
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(again.stdout).toMatch(/^tensorflow is installed already\n/);
    },
    PATIENCE,
  );

  it(
    'of a Python in such a folder is built against where it lies, and stays there when td removes its part',
    async (context) => {
      skipUnlessWanted(context);
      const packages = join(cacheNamed('mein Zwischenspeicher, $本:'), 'engines/tensorflow/site-packages');
      const sitePackages = join(place.folder, 'Pythön env, 3/lib/python3.11/site-packages');
      // Not the folder, but what is in it: a link in the path would be resolved.
      mkdirSync(join(sitePackages, 'tensorflow'), { recursive: true });
      for (const name of readdirSync(join(packages, 'tensorflow')))
        symlinkSync(join(packages, 'tensorflow', name), join(sitePackages, 'tensorflow', name));
      for (const name of readdirSync(packages).filter((entry) => entry.endsWith('.dist-info')))
        symlinkSync(join(packages, name), join(sitePackages, name));
      const before = readdirSync(join(sitePackages, 'tensorflow'));
      const installed = await engines(
        'zweiter',
        'install',
        'tensorflow',
        '--from',
        join(place.folder, 'Pythön env, 3'),
      );
      expect(installed).toMatchObject({ code: 0 });
      expect(installed.stdout).toContain(`, with the libraries in ${sitePackages}/tensorflow\n`);
      expect(listFiles(cacheNamed('zweiter'))).toEqual([
        'engines/tensorflow/installation.json',
        'engines/tensorflow/kernels.node',
        'engines/tensorflow/process.node',
        'engines/tensorflow/tensorflow.node',
      ]);
      const removed = await engines('zweiter', 'uninstall', 'tensorflow');
      expect(removed.stdout).toBe(`removed ${cacheNamed('zweiter')}/engines/tensorflow\n`);
      expect(listFiles(cacheNamed('zweiter'))).toEqual([]);
      expect(readdirSync(join(sitePackages, 'tensorflow'))).toEqual(before);
    },
    PATIENCE,
  );

  it(
    'is removed whole',
    async (context) => {
      skipUnlessWanted(context);
      await engines('mein Zwischenspeicher, $本:', 'uninstall', 'tensorflow');
      expect(listFiles(cacheNamed('mein Zwischenspeicher, $本:'))).toEqual([]);
      const again = await engines('mein Zwischenspeicher, $本:', 'uninstall', 'tensorflow');
      expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tensorflow is not installed/) });
    },
    PATIENCE,
  );
});
