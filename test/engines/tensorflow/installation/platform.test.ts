/** @file Machines that cannot have TensorFlow are refused with the reason and with what to do instead. */
import { describe, expect, it } from 'vitest';
import {
  describeUntested,
  type Machine,
  requireSupported,
  thisMachine,
} from '../../../../src/engines/tensorflow/installation/platform.ts';
import { UserError } from '../../../../src/errors.ts';
import { LINUX } from './fakes.ts';

function refusalOf(machine: Partial<Machine>): string {
  try {
    requireSupported({ ...LINUX, ...machine });
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
}

describe('a machine', () => {
  it.each([
    [LINUX],
    [{ ...LINUX, arch: 'arm64' }],
    [{ ...LINUX, glibc: '2.27' }],
    [{ platform: 'darwin', arch: 'arm64', glibc: undefined }],
  ] satisfies [Machine][])('like %o is taken', (machine) => {
    expect(refusalOf(machine)).toBe('none');
  });

  it('with musl is refused, and an image with the GNU C library named', () => {
    expect(refusalOf({ glibc: undefined })).toMatch(
      /^TensorFlow is built for the GNU C library.*musl.*node:22-bookworm$/,
    );
  });

  it.each(['2.17', '2.26', '1.99'])('with the GNU C library %s is refused', (glibc) => {
    expect(refusalOf({ glibc })).toMatch(
      `needs the GNU C library 2.27 or newer, and this system has ${glibc};`,
    );
  });

  it('of Windows is refused, and the engine that works there named', () => {
    expect(refusalOf({ platform: 'win32' })).toMatch(/cannot be installed on Windows.*onnx works.*WSL 2/);
  });

  it('of another system or processor is refused', () => {
    expect(refusalOf({ platform: 'freebsd' })).toMatch(/^there is no TensorFlow for freebsd/);
    expect(refusalOf({ arch: 'riscv64' })).toMatch(/processors of the kind riscv64, expected x64 or arm64$/);
  });

  it('on which nobody has tried it is told so', () => {
    expect(describeUntested(LINUX)).toBeUndefined();
    expect(describeUntested({ platform: 'linux', arch: 'arm64' })).toMatch(/^Linux on arm64 is untested/);
    expect(describeUntested({ platform: 'darwin', arch: 'arm64' })).toMatch(/^macOS on arm64 is untested/);
  });

  it.runIf(process.platform === 'linux')('of Linux says its C library by itself, and quickly', () => {
    const began = performance.now();
    expect(thisMachine().glibc ?? '2.36').toMatch(/^\d+\.\d+$/);
    // A report that asks for the names of this machine's connections takes minutes where no name server answers.
    expect(performance.now() - began).toBeLessThan(60_000);
  });
});
