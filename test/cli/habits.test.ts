/** @file What people expect of a command line: help by a word, completion in their shell, a start to copy from. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadExperiment } from '../../src/config/load.ts';
import { CONFIGS } from '../../src/config/shipped.ts';
import { execute, listFiles, makeFolder, TINY, td } from './td.ts';

function emptyFolder(): string {
  const { folder, remove } = makeFolder({});
  onTestFinished(remove);
  return folder;
}

describe('td help', () => {
  it('is the help of the commands that follow', async () => {
    const folder = emptyFolder();
    for (const words of [[], ['run'], ['data', 'fetch']])
      expect(await td(folder, 'help', ...words)).toEqual(await td(folder, ...words, '--help'));
  });

  it('names what is no command, and the nearest one', async () => {
    expect(await td(emptyFolder(), 'help', 'data', 'ftech')).toEqual({
      code: 2,
      stdout: '',
      stderr: 'td: there is no command "data ftech" to help with (did you mean "fetch"?)\n',
    });
  });
});

describe('td init', () => {
  it('copies an experiment and what it extends, which is then the same experiment', async () => {
    const folder = emptyFolder();
    expect(await td(folder, 'init', 'demo')).toEqual({
      code: 0,
      stdout: 'written: demo.yaml, mnist-mlp.yaml, experiment.schema.json\nnext: td run demo.yaml\n',
      stderr: '',
    });
    expect(listFiles(folder)).toEqual(['demo.yaml', 'experiment.schema.json', 'mnist-mlp.yaml']);
    const copy = readFileSync(join(folder, 'demo.yaml'), 'utf8');
    expect(copy.split('\n')[0]).toBe('# yaml-language-server: $schema=experiment.schema.json');
    expect(copy).not.toContain('configs/demo.yaml');
    const variantsOf = (path: string) => loadExperiment(path).variants;
    expect(variantsOf(join(folder, 'demo.yaml'))).toEqual(variantsOf(join(CONFIGS, 'demo.yaml')));
    expect(JSON.parse((await td(folder, 'schema')).stdout)).toEqual(
      JSON.parse(readFileSync(join(folder, 'experiment.schema.json'), 'utf8')),
    );
  });

  it('lists what there is, and writes nothing over a file', async () => {
    const folder = emptyFolder();
    expect((await td(folder, 'init')).stdout).toMatch(/^mnist-lenet +LeNet-5/m);
    writeFileSync(join(folder, 'mnist-mlp.yaml'), 'mine');
    const { code, stderr } = await td(folder, 'init', 'demo');
    expect(stderr).toBe(
      'td: mnist-mlp.yaml is there already, expected a folder without it; remove or rename it\n',
    );
    expect(code).toBe(2);
    expect(listFiles(folder)).toEqual(['mnist-mlp.yaml']);
    expect((await td(folder, 'init', 'mnist-lent')).stderr).toContain('did you mean "mnist-lenet"?');
  });

  it('is named where an experiment of td is looked for in vain', async () => {
    const { code, stderr } = await td(emptyFolder(), 'run', 'configs/mnist-lenet.yaml');
    expect(stderr).toBe(
      'td: configs/mnist-lenet.yaml does not exist, nor does the folder configs; "td init mnist-lenet" copies the one that comes with td\n',
    );
    expect(code).toBe(2);
    const folder = emptyFolder();
    const mistyped = await td(folder, 'run', 'mnist-lent.yaml');
    expect(mistyped.stderr).toBe(
      'td: mnist-lent.yaml does not exist, nor is there a YAML file in .; did you mean the one that "td init mnist-lenet" copies?\n',
    );
    writeFileSync(join(folder, 'mnist-lenet.yaml'), 'mine');
    expect((await td(folder, 'run', 'mnist-lent.yaml')).stderr).toBe(
      'td: mnist-lent.yaml does not exist (did you mean "mnist-lenet.yaml"?)\n',
    );
    expect((await td(folder, 'run', 'something-else.yaml')).stderr).toBe(
      'td: something-else.yaml does not exist (expected one of: mnist-lenet.yaml)\n',
    );
  });
});

describe('td completion', () => {
  it.skipIf(!existsSync('/bin/bash'))('completes commands, flags and names of files in bash', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'td.bash'), (await td(folder, 'completion', 'bash')).stdout);
    /** What stands for the last word, sorted. */
    const complete = async (...words: string[]) => {
      const typed = words.map((word) => `'${word}'`).join(' ');
      const line = `source td.bash; COMP_WORDS=(td ${typed}); COMP_CWORD=${words.length}; _td; echo "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = await execute('bash', ['-c', line], folder);
      expect(stderr).toBe('');
      return stdout.trim().split(' ').sort();
    };
    expect(await complete('s')).toEqual(['schema', 'show', 'submit', 'sweep']);
    expect(await complete('data', '')).toEqual(['fetch', 'list', 'verify']);
    expect(await complete('sweep', 'x.yaml', '--eva')).toEqual(['--evaluate']);
    expect(await complete('--plugin', 'x.ts', 'run', '--se')).toEqual(['--seeds', '--set']);
    expect(await complete('data', 'fetch', '--so')).toEqual(['--source']);
    // The shell itself completes names of files.
    expect(await complete('run', '')).toEqual(['']);
    expect(await complete('run', '--results', '')).toEqual(['']);
    expect((await execute('bash', ['-c', 'source td.bash; complete -p td'], folder)).stdout).toContain(
      '-o default',
    );
  });

  it.each(['zsh', 'fish'])('has a script that %s reads', async (shell) => {
    const folder = emptyFolder();
    const { code, stdout } = await td(folder, 'completion', shell);
    expect(code).toBe(0);
    for (const word of ['sweep', 'fetch', 'evaluate']) expect(stdout).toContain(word);
    if (!existsSync(`/usr/bin/${shell}`)) return;
    mkdirSync(join(folder, 'functions'));
    writeFileSync(join(folder, 'functions/_td'), stdout);
    const line = {
      zsh: `fpath=($PWD/functions $fpath); autoload -U compinit; compinit -D; source functions/_td; print -r -- $_comps[td]`,
      fish: `source functions/_td; complete -C 'td sw'; complete -C 'td data f'; complete -C 'td sweep --eva'`,
    }[shell];
    const read = await execute(shell, ['-c', line ?? ''], folder, { HOME: folder });
    expect(read.stderr).toBe('');
    expect(read.stdout).toMatch(shell === 'zsh' ? /_td/ : /sweep[\s\S]*fetch[\s\S]*--evaluate/);
  });

  it('names the shells that it knows', async () => {
    expect((await td(emptyFolder(), 'completion', 'bsh')).stderr).toContain('did you mean "bash"?');
  });
});

describe('--json', () => {
  it('has what the tables of run, sweep, verify and init say, and nothing else on standard output', async () => {
    const { folder, remove } = makeFolder({ 'tiny.yaml': TINY });
    onTestFinished(remove);
    const one = ['tiny.yaml', '--only', 'plain', '--seeds', '0'];
    const engine = ['--engine', 'onnx', '--device', 'cpu', '--threads', '1'];
    const json = async (...words: string[]) => {
      const { code, stdout } = await td(folder, ...words, '--json');
      expect(code).toBe(0);
      return JSON.parse(stdout) as unknown;
    };
    const names = { experiment: 'tiny', variant: 'plain', seed: 0 };
    const directory = expect.stringMatching(/^results\/tiny\/plain\/seed-0-[0-9a-f]{8}$/);
    expect(await json('run', ...one, '--dry-run', '--no-measure', ...engine)).toMatchObject({
      cells: [{ ...names, index: 0, state: 'missing', epochs: 2, seconds: null }],
    });
    const trained = { ...names, state: 'trained', testAccuracy: expect.any(Number), directory };
    expect(await json('run', ...one, ...engine)).toEqual([{ ...trained, trainSeconds: expect.any(Number) }]);
    const tables = (await json('sweep', 'tiny.yaml', ...engine)) as {
      granularity: string;
      rates: number[];
      cells: unknown;
    }[];
    expect(tables.map(({ granularity, rates }) => [granularity, rates])).toEqual([
      ['weight', [0, 0.5]],
      ['unit', [0, 0.5]],
    ]);
    const rows = readFileSync(join(folder, 'results/tiny/sweep.csv'), 'utf8').trim().split('\n');
    const accuracy = rows[0]?.split(',').indexOf('accuracy') ?? -1;
    expect(tables.flatMap(({ cells }) => cells)).toEqual(
      rows.slice(1).map((row) => [{ mean: Number(row.split(',')[accuracy]), seeds: 1 }]),
    );
    expect(await json('data', 'verify', 'mnist')).toMatchObject([
      { name: 'mnist', files: [{ state: 'ok' }, {}, {}, {}] },
    ]);
    expect(await json('init')).toContainEqual({
      name: 'mnist-lenet',
      summary: expect.stringContaining('LeNet-5'),
    });
  });
});
