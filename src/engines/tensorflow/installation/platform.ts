/** @file Which machines TensorFlow's libraries run on, and why the others are refused. */
import { UserError } from '../../../errors.ts';

/** The C library that TensorFlow's packages for Linux are built for (their tag manylinux_2_27). */
const OLDEST_GLIBC = [2, 27] as const;

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of the GNU C library; nothing where there is none: outside Linux, and on Alpine with its musl. */
  readonly glibc: string | undefined;
}

export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform, arch, glibc: platform === 'linux' ? findGlibc() : undefined };
}

/** @throws UserError with the reason, if no TensorFlow can run on such a machine */
export function requireSupported({ platform, arch, glibc }: Machine): void {
  if (platform === 'win32') {
    throw new UserError(
      'TensorFlow cannot be installed on Windows: its package has no libraries to build against there, and no GPU; the engine onnx works, and in WSL 2 td installs TensorFlow as on Linux',
    );
  }
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new UserError(`there is no TensorFlow for ${platform}; the engine onnx may work`);
  }
  if (arch !== 'x64' && arch !== 'arm64') {
    throw new UserError(`there is no TensorFlow for processors of the kind ${arch}, expected x64 or arm64`);
  }
  if (platform === 'darwin') return;
  if (glibc === undefined) {
    throw new UserError(
      'TensorFlow is built for the GNU C library, and this system has another one (Alpine Linux has musl); use an image of Debian or Ubuntu, such as node:22-bookworm',
    );
  }
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  if (major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1])) {
    throw new UserError(
      `TensorFlow needs the GNU C library ${OLDEST_GLIBC.join('.')} or newer, and this system has ${glibc}; Debian 10, Ubuntu 20.04 and newer systems have it`,
    );
  }
}

/** A clause about what nobody has tried yet; nothing on Linux x64, where the tests run. */
export function describeUntested({ platform, arch }: Pick<Machine, 'platform' | 'arch'>): string | undefined {
  if (platform === 'linux' && arch === 'x64') return undefined;
  const name = platform === 'darwin' ? 'macOS' : 'Linux';
  return `${name} on ${arch} is untested: the same steps, with libraries that are known to be in its package; the self-test at the end decides`;
}

/** Node's report of itself names the library that it runs on. Its look at the network would take seconds. */
function findGlibc(): string | undefined {
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}
