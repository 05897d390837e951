/** @file The compiler is tried before it is needed, and called with paths of any form. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  compileModule,
  compilerParameters,
  findCompiler,
} from '../../../../src/engines/tensorflow/installation/compiler.ts';
import { InstallationError } from '../../../../src/engines/tensorflow/installation/errors.ts';
import { UserError } from '../../../../src/errors.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { siteWith, writeProgram } from './fakes.ts';

const MODERN = 'case "$*" in *--version*) echo "c++ (Fake) 12.1";; *) cat > /dev/null;; esac';
const OLD = `case "$*" in
  *--version*) echo "c++ (GCC) 4.8.5";;
  *-std=c++17*) echo "c++: error: unrecognized command line option '-std=c++17'" >&2; exit 1;;
esac`;
const BUILD = {
  sources: ['/a b/x.cc'],
  includes: ['/a b/include'],
  output: '/a b/out.node',
  linked: { paths: ['/pythön, 3/libtensorflow_cc.so.2'], runtimeFolder: '/pythön, 3' },
};

describe('the compiler', () => {
  it('is the first on PATH that compiles C++17', async () => {
    const folder = temporaryFolder();
    writeProgram(`${folder}/c++`, `export PATH=/usr/bin:/bin\n${OLD}`);
    const modern = writeProgram(`${folder}/g++`, `export PATH=/usr/bin:/bin\n${MODERN}`);
    expect(await findCompiler(siteWith([folder]))).toEqual({ command: [modern], version: 'c++ (Fake) 12.1' });
  });

  it('that is old is refused with its version and the command that brings a newer one', async () => {
    const folder = temporaryFolder();
    const old = writeProgram(`${folder}/c++`, OLD);
    writeProgram(`${folder}/dnf`, '');
    await expect(findCompiler(siteWith([folder]))).rejects.toThrow(
      new UserError(
        `${old} (c++ (GCC) 4.8.5) does not compile C++17; dnf install gcc-c++ brings a newer one (g++ 8, clang++ 7 or newer), or name another by the environment variable CXX`,
      ),
    );
  });

  it('that is missing is named with the command that brings one', async () => {
    const folder = temporaryFolder();
    writeProgram(`${folder}/apt-get`, '');
    await expect(findCompiler(siteWith([folder]))).rejects.toThrow(
      /^no C\+\+ compiler is on PATH \(c\+\+, g\+\+ or clang\+\+\).*; apt-get install g\+\+ brings one$/,
    );
    await expect(findCompiler(siteWith([], { platform: 'darwin' }))).rejects.toThrow(
      /xcode-select --install/,
    );
  });

  it('that CXX names is taken with its words, and refused if it does not compile', async () => {
    const folder = temporaryFolder();
    const mine = writeProgram(`${folder}/mine`, `export PATH=/usr/bin:/bin\n${MODERN}`);
    const site = (CXX: string) => siteWith([], { environment: { CXX } });
    expect(await findCompiler(site(`${mine} -m64`))).toMatchObject({ command: [mine, '-m64'] });
    await expect(findCompiler(site('/nonexistent/g++'))).rejects.toThrow(
      new UserError(
        'the environment variable CXX is "/nonexistent/g++": /nonexistent/g++ cannot be started (ENOENT)',
      ),
    );
  });

  it('gets every path as a word of its own, and the folder of the libraries as RPATH', () => {
    expect(compilerParameters(BUILD, 'linux')).toEqual([
      '-O2',
      '-std=c++17',
      '-fPIC',
      '-w',
      '-DNAPI_VERSION=8',
      '-shared',
      '-I',
      '/a b/include',
      '/a b/x.cc',
      '/pythön, 3/libtensorflow_cc.so.2',
      '-Wl,--disable-new-dtags',
      '-Xlinker',
      '-rpath',
      '-Xlinker',
      '/pythön, 3',
      '-o',
      '/a b/out.node',
    ]);
  });

  it('links a module to libraries that move with it by a path from the module', () => {
    const build = {
      ...BUILD,
      linked: { paths: [], runtimeFolder: { besideModule: 'site-packages/tensorflow' } },
    };
    expect(compilerParameters(build, 'linux')).toContain('$ORIGIN/site-packages/tensorflow');
    const mac = compilerParameters(build, 'darwin');
    expect(mac).toContain('@loader_path/site-packages/tensorflow');
    expect(mac).toEqual(expect.arrayContaining(['-bundle', '-undefined', 'dynamic_lookup']));
    expect(mac).not.toContain('-Wl,--disable-new-dtags');
  });

  it('that fails is quoted with its first complaint; a full disk is said to be full', async () => {
    const folder = temporaryFolder();
    const failing = (text: string) => ({
      command: [writeProgram(join(folder, 'c++'), `echo "${text}" >&2; exit 1`)] as const,
      version: 'c++ 12',
    });
    const compile = (text: string) => compileModule(failing(text), BUILD, siteWith([]), folder);
    await expect(
      compile('In file included from x.cc:1\nx.cc:3:1: error: no such thing\nmore'),
    ).rejects.toThrow(
      new InstallationError(
        `${folder}/c++ (c++ 12) could not build the native module: x.cc:3:1: error: no such thing`,
      ),
    );
    await expect(compile('ld: final link failed: No space left on device')).rejects.toThrow(
      new UserError(
        `the disk of ${folder} is full; the environment variable TD_CACHE puts td's cache elsewhere`,
      ),
    );
  });
});
