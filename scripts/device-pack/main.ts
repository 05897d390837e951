/** @file npm run device-pack: td, the device check and Node.js in one archive for a machine that has nothing and no network. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.ts';

const HELP = `npm run device-pack [-- options]

Writes td.tar.xz and unpack.sh into a folder. On a machine with a graphics card:

  sh unpack.sh DIR && DIR/td/run.sh device-check
  DIR/td/run.sh td run DIR/td/app/configs/demo.yaml --device webgpu

The archive holds this machine's Node.js and libraries: it is for machines of the same
operating system and processor family, with a C library that is not older.

  --out <folder>  where the two files go (default: device-pack)
  --folder        leave the folder "td" there instead of an archive
  --no-node       leave Node.js and system libraries out
  --help          print this help
`;

/** What travels must stay below this. */
const LARGEST_ARCHIVE = 60 * 2 ** 20;

/** Of the system, which a bare machine may lack: the loader of Vulkan, what Node.js needs, and X11, which NVIDIA's driver is linked to. */
const LIBRARIES = [
  'libvulkan.so.1',
  'libstdc++.so.6',
  'libgcc_s.so.1',
  'libX11.so.6',
  'libxcb.so.1',
  'libXau.so.6',
  'libXdmcp.so.6',
  'libXext.so.6',
  'libbsd.so.0',
  'libmd.so.0',
];

const { values } = parseArgs({
  allowNegative: true,
  options: {
    out: { type: 'string', default: 'device-pack' },
    folder: { type: 'boolean', default: false },
    node: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await pack(resolve(values.out));

async function pack(out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  const work = values.folder ? out : mkdtempSync(join(tmpdir(), 'td-pack-'));
  try {
    const folder = join(work, 'td');
    rmSync(folder, { recursive: true, force: true });
    await bundle(join(folder, 'app'));
    copyExecutable(join(import.meta.dirname, 'run.sh'), join(folder, 'run.sh'));
    if (values.node) addSystem(folder);
    if (values.folder) return;
    copyExecutable(join(import.meta.dirname, 'unpack.sh'), join(out, 'unpack.sh'));
    const archive = join(out, 'td.tar.xz');
    process.stderr.write('compressing, which takes minutes\n');
    execFileSync('tar', ['-cJf', archive, '-C', work, 'td'], { env: { ...process.env, XZ_OPT: '-9 -T0' } });
    const { size } = statSync(archive);
    process.stdout.write(`${archive}: ${(size / 2 ** 20).toFixed(1)} MiB\n`);
    if (size <= LARGEST_ARCHIVE) return;
    process.stderr.write(`device-pack: that is more than ${LARGEST_ARCHIVE / 2 ** 20} MiB\n`);
    process.exitCode = 1;
  } finally {
    if (!values.folder) rmSync(work, { recursive: true, force: true });
  }
}

/** Node.js without its symbols, and the libraries that this machine has. */
function addSystem(folder: string): void {
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'lib'));
  const node = join(folder, 'bin/node');
  copyExecutable(realpathSync(process.execPath), node);
  strip(node);
  const missing: string[] = [];
  const known = libraryPaths();
  for (const name of LIBRARIES) {
    const path = known.get(name);
    if (path === undefined) missing.push(name);
    else copyFileSync(realpathSync(path), join(folder, 'lib', name));
  }
  if (missing.length > 0)
    process.stderr.write(`left out, since this machine lacks them: ${missing.join(', ')}\n`);
}

/** By name, as the loader finds them: in LD_LIBRARY_PATH, then where the system says. */
function libraryPaths(): Map<string, string> {
  const listed = execFileSync('ldconfig', ['-p'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  });
  const wanted = process.arch === 'x64' ? 'x86-64' : 'AArch64';
  const paths = new Map<string, string>();
  for (const [, name = '', kind = '', path = ''] of listed.matchAll(/^\s*(\S+) \((.*?)\) => (\S+)$/gm))
    if (kind.includes(wanted) && !paths.has(name)) paths.set(name, path);
  for (const folder of (process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean))
    for (const name of LIBRARIES) if (existsSync(join(folder, name))) paths.set(name, join(folder, name));
  return paths;
}

function copyExecutable(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

function strip(path: string): void {
  try {
    execFileSync('strip', [path]);
  } catch {
    process.stderr.write('Node.js keeps its symbols, since "strip" is not installed\n');
  }
}
