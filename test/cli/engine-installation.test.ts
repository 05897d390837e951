/** @file td engines install, as users meet it: on machines that lack something, interrupted, killed, twice at a time. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { thisMachine } from '../../src/engines/tensorflow/installation/platform.ts';
import {
  writeFiles,
  writeProgram,
  writePython,
  writeTensorflow,
} from '../engines/tensorflow/installation/fakes.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { startTd } from './background.ts';
import { listFiles, td } from './td.ts';

afterEach(() => vi.unstubAllEnvs());

// Some tests run td half a dozen times, and the machine may be busy.
const COMPILER =
  'case "$*" in *--version*) echo "c++ (Fake) 12";; *-fsyntax-only*) ;; *) echo "error: fake" >&2; exit 1;; esac';

/** A machine on which td finds only what the test puts there, in folders with spaces and signs of other languages. */
function machine({ compiler = COMPILER }: { compiler?: string } = {}) {
  const root = join(temporaryFolder(), 'Bücher & 本');
  const programs = join(root, 'programs');
  const engines = join(root, 'cache', 'engines');
  if (compiler !== '') writeProgram(`${programs}/c++`, compiler);
  const environment = {
    PATH: programs,
    TD_CACHE: join(root, 'cache'),
    HOME: root,
    CXX: '',
    VIRTUAL_ENV: '',
    CONDA_PREFIX: '',
    PYENV_ROOT: '/nonexistent',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  writeFiles(root, { 'project/x': '' });
  return { root, programs, engines, project: join(root, 'project') };
}

/** A Python whose pip comes to an end when td does. */
function writeSlowPython(path: string): void {
  writeProgram(
    path,
    `case "$*" in *" download "*) while kill -0 $PPID 2>/dev/null; do /bin/sleep 0.2; done;; *) echo '{"version":"3.11.2","prefix":"/p","hasPip":true,"tensorflow":[]}';; esac`,
  );
}

// Elsewhere td fetches other wheels, or refuses the machine as a whole.
const { platform, arch, glibc } = thisMachine();

describe.runIf(platform === 'linux' && arch === 'x64' && glibc !== undefined)(
  'td engines install tensorflow',
  () => {
    it('--dry-run says what would be fetched, how large, where to and with what, and writes nothing', async () => {
      const { programs, engines, project, root } = machine();
      writePython(`${programs}/python3`, { version: '3.12.1' });
      const before = listFiles(root);
      const { code, stdout } = await td(project, 'engines', 'install', 'tensorflow', '--dry-run');
      expect(code).toBe(0);
      expect(stdout.replace(/\d+ MB are free/, 'N MB are free').split('\n')).toEqual([
        'fetches  tensorflow-cpu 2.21.0, 274 MB',
        '         274 MB in all, from the index that pip is set to',
        `into     ${engines}/tensorflow (860 MB unpacked; N MB are free)`,
        `python   ${programs}/python3 (3.12.1)`,
        `compiler ${programs}/c++ (c++ (Fake) 12)`,
        'nothing was written',
        '',
      ]);
      expect(listFiles(root)).toEqual(before);
      expect(existsSync(join(root, 'cache'))).toBe(false);
    });

    it('--dry-run says which TensorFlow that is there would be used, and why another is not', async () => {
      const { programs, project, root } = machine();
      const old = writeTensorflow(join(root, 'old'), '2.9.1');
      const recent = writeTensorflow(join(root, 'recent'), '2.20.0');
      writePython(`${programs}/python3`, { tensorflow: [old] });
      const words = ['engines', 'install', 'tensorflow', '--dry-run'];
      expect((await td(project, ...words)).stdout).toContain(
        `leaves   ${old} is TensorFlow 2.9.1, expected 2.15 or newer\n`,
      );
      writePython(`${programs}/python3.9`, { tensorflow: [recent], prefix: '/other' });
      expect((await td(project, ...words)).stdout).toContain(
        `uses     TensorFlow 2.20.0 (for the processor alone), which is in ${recent} and stays as it is\n`,
      );
      const gpu = await td(project, ...words, '--gpu');
      expect(gpu.stdout).toMatch(/^fetches {2}nvidia-cudnn-cu12 9\./m);
      expect(gpu.stdout).toContain('3380 MB in all');
    });

    it.each<[string, (programs: string) => void, RegExp]>([
      ['no Python', () => {}, /^td: no Python 3 is on PATH.* brings it\n$/],
      [
        'no pip',
        (programs) => writePython(`${programs}/python3`, { hasPip: false }),
        /^td: .*python3 has no pip/,
      ],
    ])('with %s ends with one sentence and exit code 2', async (_, prepare, message) => {
      const { programs, project, root } = machine();
      prepare(programs);
      const { code, stdout, stderr } = await td(project, 'engines', 'install', 'tensorflow');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr.replace(/^looking for .*\n/, '')).toMatch(message);
      expect(existsSync(join(root, 'cache'))).toBe(false);
    });

    it('with an old compiler, or none, ends with one sentence and exit code 2', async () => {
      const old = machine({
        compiler: 'case "$*" in *--version*) echo "c++ (GCC) 4.8.5";; *) exit 1;; esac',
      });
      expect(await td(old.project, 'engines', 'install', 'tensorflow')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/c\+\+ \(c\+\+ \(GCC\) 4\.8\.5\) does not compile C\+\+17; /),
      });
      const none = machine({ compiler: '' });
      expect(await td(none.project, 'engines', 'install', 'tensorflow')).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/no C\+\+ compiler is on PATH/),
      });
    });

    it('whose build fails ends with exit code 1 and the complaint of the compiler', async () => {
      const { project, root, engines } = machine();
      const from = writeTensorflow(join(root, 'mine'), '2.20.0');
      const { code, stderr } = await td(project, 'engines', 'install', 'tensorflow', '--from', from);
      expect(code).toBe(1);
      expect(stderr.trim().split('\n').at(-1)).toMatch(
        /^td: .*could not build the native module: error: fake$/,
      );
      expect(readdirSync(engines)).toEqual([]);
    });

    it('that is interrupted leaves nothing, says how to go on, and exits 130', async () => {
      const { programs, project, engines } = machine();
      writeSlowPython(`${programs}/python3`);
      const installing = startTd(project, 'engines', 'install', 'tensorflow');
      await installing.says(/fetching tensorflow-cpu/);
      installing.child.kill('SIGINT');
      const { code, stderr, stdout } = await installing.ended;
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
      expect(stderr.trim().split('\n').at(-1)).toBe(
        'td: interrupted by SIGINT; to go on: td engines install tensorflow',
      );
      expect(listFiles(engines)).toEqual([]);
    });

    it('that is killed counts as none, and the next one tidies up; meanwhile another is told to wait', async () => {
      const { programs, project, engines } = machine();
      writeSlowPython(`${programs}/python3`);
      const killed = startTd(project, 'engines', 'install', 'tensorflow');
      onTestFinished(() => void killed.child.kill('SIGKILL'));
      await killed.says(/fetching tensorflow-cpu/);
      expect(await td(project, 'engines', 'install', 'tensorflow')).toMatchObject({
        code: 75,
        stderr: expect.stringMatching(
          /tensorflow is being installed by process \d+ on .*; when that is done/,
        ),
      });
      killed.child.kill('SIGKILL');
      await killed.ended;
      expect(readdirSync(engines)).toContain('tensorflow.work');
      const engine = JSON.parse((await td(project, 'engines', '--json')).stdout) as {
        name: string;
        available: boolean;
      }[];
      expect(engine.find(({ name }) => name === 'tensorflow')?.available).toBe(false);
      expect(await td(project, 'engines', 'uninstall', 'tensorflow')).toMatchObject({ code: 0 });
      expect(readdirSync(engines)).toEqual([]);
    });
  },
);

describe('td engines', () => {
  it.each([
    [['instal', 'tensorflow'], 'td engines has no command "instal" (did you mean "install"?)'],
    [['install'], 'the argument <engine> is missing'],
    [['install', 'tensorfow'], 'there is no engine "tensorfow" to install (did you mean "tensorflow"?)'],
    [['install', 'onnx'], 'the engine "onnx" comes with td: there is nothing to install or remove'],
    [
      ['uninstall', 'reference'],
      'the engine "reference" comes with td: there is nothing to install or remove',
    ],
    [['install', 'tensorflow', '--cpu'], 'unknown option "--cpu"'],
    [['install', 'tensorflow', '--from', '/nonexistent/a'], '--from: there is no /nonexistent/a'],
    [
      ['install', 'tensorflow', '--python', '/nonexistent/python3'],
      '--python: /nonexistent/python3 does not answer as a Python 3 would: there is no such program',
    ],
  ])('%j is refused with what was expected', async (words, message) => {
    const { project } = machine();
    const { code, stdout, stderr } = await td(project, 'engines', ...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`td: ${message}`);
  });

  it('uninstall without an installation says so and is no error', async () => {
    const { project, engines } = machine();
    expect(await td(project, 'engines', 'uninstall', 'tensorflow')).toEqual({
      code: 0,
      stdout: `tensorflow is not installed: there is no ${engines}/tensorflow\n`,
      stderr: '',
    });
  });

  it('tells of a card that nothing uses', async () => {
    const { project, programs } = machine();
    writeProgram(`${programs}/nvidia-smi`, 'echo "NVIDIA A40, 535.104.05"');
    const { stdout } = await td(project, 'engines');
    expect(stdout).toMatch(
      /\n\nNVIDIA A40 is there but not used by TensorFlow, .*: td engines install tensorflow --gpu brings it\n$/,
    );
    expect((await td(project, 'engines', '--json')).stdout).toContain('"cardNote": "NVIDIA A40 is there');
  });
});
