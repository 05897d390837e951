/** @file The C++ compiler of this machine: found, tried for C++17, and called to build the native module. */
import { UserError } from '../../../errors.ts';
import { fullDisk, InstallationError, tellsFullDisk } from './errors.ts';
import { commandFor, findOnPath, type Surroundings } from './help.ts';
import { type Ended, lastLine, runProgram } from './run-program.ts';

/** Milliseconds for a compiler to compile four lines, on a busy machine. */
const PATIENCE = 60_000;

const CPP17 = `#include <optional>
#include <string_view>
static_assert(__cplusplus >= 201703L, "C++17");
int main() { if (std::optional<int> answer = 42; answer) return 0; return 1; }
`;

export interface Compiler {
  /** Program and its first parameters: the environment variable CXX may be `ccache g++`. */
  readonly command: readonly [string, ...string[]];
  /** What it says of itself: `g++ (Debian 12.2.0-14) 12.2.0` */
  readonly version: string;
}

/**
 * @throws UserError with the command that helps, if no compiler is there or none knows C++17
 */
export async function findCompiler(surroundings: Surroundings, signal?: AbortSignal): Promise<Compiler> {
  const { environment } = surroundings;
  const [program = '', ...parameters] = environment.CXX?.trim().split(/\s+/) ?? [];
  if (program !== '') return tryNamed([program, ...parameters], surroundings, signal);
  const reasons: string[] = [];
  for (const name of ['c++', 'g++', 'clang++']) {
    const path = findOnPath(name, environment);
    if (path === undefined) continue;
    const tried = await tryCompiler([path], environment, signal);
    if ('version' in tried) return tried;
    reasons.push(tried.reason);
  }
  const help = commandFor('compiler', surroundings);
  if (reasons.length === 0) {
    throw new UserError(
      `no C++ compiler is on PATH (c++, g++ or clang++), and td builds a small native module with it; ${help} brings one`,
    );
  }
  throw new UserError(
    `${reasons[0]}; ${help} brings a newer one (g++ 8, clang++ 7 or newer), or name another by the environment variable CXX`,
  );
}

async function tryNamed(
  command: readonly [string, ...string[]],
  { environment }: Surroundings,
  signal?: AbortSignal,
): Promise<Compiler> {
  const tried = await tryCompiler(command, environment, signal);
  if ('version' in tried) return tried;
  throw new UserError(`the environment variable CXX is "${command.join(' ')}": ${tried.reason}`);
}

async function tryCompiler(
  command: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Compiler | { readonly reason: string }> {
  const [program, ...first] = command;
  const options = { environment, timeout: PATIENCE, signal };
  const said = await runProgram(program, [...first, '--version'], options);
  if (said.unstartable !== undefined) return { reason: `${program} cannot be started (${said.unstartable})` };
  const version = said.stdout.split('\n')[0]?.trim() || 'version unknown';
  const parameters = [...first, '-std=c++17', '-fsyntax-only', '-x', 'c++', '-'];
  const { code } = await runProgram(program, parameters, { ...options, input: CPP17 });
  if (code === 0) return { command, version };
  return { reason: `${program} (${version}) does not compile C++17` };
}

export interface Build {
  /** Files of C++. */
  readonly sources: readonly string[];
  /** Folders of headers. */
  readonly includes: readonly string[];
  readonly output: string;
  /** How it is optimised. */
  readonly flags?: readonly string[];
  /** Libraries to link; none but the compiler's own if absent. */
  readonly linked?: LinkedLibraries;
}

export interface LinkedLibraries {
  readonly paths: readonly string[];
  /**
   * Folder in which the libraries are looked for when the module is loaded: an absolute path, or one relative to the module
   * as `{ besideModule }`, which holds wherever both are moved to.
   */
  readonly runtimeFolder: string | { readonly besideModule: string };
}

/**
 * Builds a native module of Node.
 *
 * @param cwd folder in which the compiler runs: absolute paths in what it says are left out of the module
 * @throws UserError if the disk is full
 * @throws InstallationError with the compiler's first complaint
 */
export async function compileModule(
  { command, version }: Compiler,
  build: Build,
  { environment }: Surroundings,
  cwd: string,
  signal?: AbortSignal,
): Promise<void> {
  const [program, ...first] = command;
  const parameters = [...first, ...compilerParameters(build, process.platform)];
  const ended = await runProgram(program, parameters, { cwd, environment, signal });
  if (ended.code === 0) return;
  if (tellsFullDisk(ended.stderr)) throw fullDisk(cwd);
  throw new InstallationError(
    `${program} (${version}) could not build the native module: ${firstComplaint(ended)}`,
  );
}

/** The words of the compiler's command line. Paths are words of their own, so that spaces and commas in them do no harm. */
export function compilerParameters(
  { sources, includes, output, flags = ['-O2'], linked }: Build,
  platform: NodeJS.Platform,
): string[] {
  const isMac = platform === 'darwin';
  return [
    ...flags,
    '-std=c++17',
    '-fPIC',
    // The sources are mostly not ours: their warnings would be noise.
    '-w',
    // The version of Node's interface that Node 20, 22 and 24 share.
    '-DNAPI_VERSION=8',
    // Node itself has the functions of its interface.
    ...(isMac ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared']),
    ...includes.flatMap((path) => ['-I', path]),
    ...sources,
    ...(linked === undefined ? [] : linkerParameters(linked, isMac)),
    ...['-o', output],
  ];
}

function linkerParameters({ paths, runtimeFolder }: LinkedLibraries, isMac: boolean): string[] {
  const origin = isMac ? '@loader_path' : '$ORIGIN';
  const folder =
    typeof runtimeFolder === 'string' ? runtimeFolder : `${origin}/${runtimeFolder.besideModule}`;
  return [
    ...paths,
    // As RPATH, which LD_LIBRARY_PATH cannot overrule: another TensorFlow may lie on it.
    ...(isMac ? [] : ['-Wl,--disable-new-dtags']),
    ...['-Xlinker', '-rpath', '-Xlinker', folder],
  ];
}

function firstComplaint({ stderr, code, endedBy, unstartable }: Ended): string {
  const lines = stderr.split('\n');
  const complaint = lines.find((line) => /\berror\b/i.test(line)) ?? lastLine(stderr);
  return complaint.trim() || `it ended with ${unstartable ?? endedBy ?? `exit code ${code}`}`;
}
