/** @file What keeps td from starting is said in one sentence, whatever the command. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../runs/temporary.ts';
import { type Ended, execute, TD } from './td.ts';

const BIN = join(import.meta.dirname, '../../bin');
const HAS_BASH = existsSync('/bin/bash');

/** Runs `td --version` as a Node that calls itself by another version. */
function startAs(version: string): Promise<Ended> {
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'pretend.cjs'),
    `Object.defineProperty(process.versions, 'node', { value: '${version}' });`,
  );
  return execute(process.execPath, ['-r', './pretend.cjs', TD, '--version'], folder);
}

function shell(line: string, variables: Record<string, string> = {}): Promise<Ended> {
  const define = `td() { '${process.execPath}' '${TD}' "$@"; }`;
  return execute('bash', ['-c', `${define}; ${line}`], temporaryFolder(), variables);
}

describe('td --version', () => {
  it.each(['8.17.0', '18.20.8', '20.18.3'])('names the Node.js that it needs to %s', async (version) => {
    const { code, stdout, stderr } = await startAs(version);
    expect(stderr).toMatch(
      new RegExp(`^td: needs Node.js 20.19 or newer, this is ${version} \\(/.*\\); see [^\n]+\n$`),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('refuses Node.js 21, which lacks what 20.19 has, and takes those that are newer', async () => {
    expect((await startAs('21.7.3')).stderr).toMatch(/^td: needs Node.js 20.19 or newer \(other than 21\), /);
    expect(await startAs('24.0.0')).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['td', 'requirements.cjs'])('is understood by old versions of Node.js: bin/%s', (name) => {
    const source = readFileSync(join(BIN, name), 'utf8');
    expect(() => transformSync(source, { target: 'es5' })).not.toThrow();
    expect(source).not.toMatch(/\bimport\b|\brequire\('node:/);
  });

  it.skipIf(!HAS_BASH)('says that the working folder is gone', async () => {
    const { code, stdout, stderr } = await shell('mkdir gone && cd gone && rmdir ../gone && td --version');
    expect(stderr).toBe(
      'td: the working folder is gone or cannot be entered (ENOENT); change to another one with cd\n',
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it.skipIf(!HAS_BASH)('does without a temporary folder, and says what that costs', async () => {
    const { code, stdout, stderr } = await shell('td --version', { TMPDIR: '/proc/nowhere' });
    expect(stderr).toMatch(
      /^td: the temporary folder \/proc\/nowhere cannot be written to \(E[A-Z]+\), [^\n]+; TMPDIR names another\n$/,
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.skipIf(!HAS_BASH || !existsSync('/proc/self/limits'))(
    'says that the address space is too small, and does with little where it can',
    async () => {
      const reserve =
        'Array.from({ length: 5 }, () => new WebAssembly.Memory({ initial: 1 })); console.log("enough")';
      const limited = await shell(`ulimit -v 3000000; '${process.execPath}' -e '${reserve}'`);
      const limit = 'ulimit -v 3000000; td --version';
      // Node 24 reserves no more than it uses.
      if (limited.stdout === 'enough\n') {
        expect(await shell(limit)).toMatchObject({ code: 0, stderr: '' });
        return;
      }
      const { code, stdout, stderr } = await shell(limit);
      expect(stderr).toMatch(
        /^td: the address space of this process is limited to 3.1 GB \(ulimit -v\), [^\n]+ 2 GB\n$/,
      );
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      if (!process.allowedNodeEnvironmentFlags.has('--disable-wasm-trap-handler')) return;
      const variables = { NODE_OPTIONS: '--disable-wasm-trap-handler' };
      expect(await shell(limit, variables)).toMatchObject({ code: 0, stderr: '' });
    },
  );

  /** What td says where only these files of it are there, and what starts it. */
  async function startWith(files: Readonly<Record<string, string>>): Promise<Ended & { folder: string }> {
    const folder = temporaryFolder();
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    mkdirSync(join(folder, 'bin'));
    for (const name of ['td', 'requirements.cjs', 'start.cjs', 'stack.cjs', 'package.json'])
      copyFileSync(join(BIN, name), join(folder, 'bin', name));
    copyFileSync(join(BIN, '../package.json'), join(folder, 'package.json'));
    return { folder, ...(await execute(process.execPath, ['bin/td', '--version'], folder)) };
  }

  const built = { 'dist/td.js': "import 'commander';" };
  const sources = { 'src/cli/main.ts': '' };

  it.each([
    ['a checkout', sources, (folder: string) => `run "npm ci" in ${folder}`],
    ['a checkout with a build', { ...sources, ...built }, (folder: string) => `run "npm ci" in ${folder}`],
    ['a package', built, () => 'install targeted-dropout again'],
  ])('says that its packages are not installed: %s', async (_, files, remedy) => {
    const { folder, code, stderr } = await startWith(files);
    expect(stderr).toBe(`td: its packages are not installed; ${remedy(folder)}\n`);
    expect(code).toBe(2);
  });

  it('says that a package was made without its build', async () => {
    const { code, stderr } = await startWith({});
    expect(stderr).toBe(
      'td: this package was made without its build, expected "npm run build" before "npm pack"; install another\n',
    );
    expect(code).toBe(2);
  });
});
