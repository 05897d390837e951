/** @file Unpacks a wheel with Python's own zipfile. */

import { formatMegabytes } from '../../../format.ts';
import type { Stage } from '../../../progress.ts';
import { fullDisk, InstallationError, tellsFullDisk } from './errors.ts';
import type { Python } from './pythons.ts';
import { lastLine, runProgram } from './run-program.ts';

/**
 * Its parameters: wheel, folder, beginnings of the paths to unpack (all where there is none). It prints how many bytes it
 * has unpacked. A path that leads out of the folder ends it; permission to run is kept, which the nvidia programs need.
 */
const UNPACK = `
import os, sys, zipfile
wheel, folder, *beginnings = sys.argv[1:]
root = os.path.realpath(folder)
done = 0
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if entry.is_dir() or (beginnings and not entry.filename.startswith(tuple(beginnings))):
            continue
        path = os.path.realpath(os.path.join(root, entry.filename))
        if os.path.commonpath([root, path]) != root:
            sys.exit("it holds a file outside its folder: " + ascii(entry.filename))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(entry) as source, open(path, "wb") as target:
            while True:
                piece = source.read(1 << 22)
                if not piece:
                    break
                target.write(piece)
                done += len(piece)
                if len(piece) == 1 << 22:
                    print(done, flush=True)
        if (entry.external_attr >> 16) & 0o111:
            os.chmod(path, 0o755)
`;

/**
 * @param beginnings of the paths to unpack; all of them if there is none
 * @throws UserError if it does not fit the disk
 * @throws InstallationError if it is no wheel, or damaged
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  beginnings: readonly string[],
  { path: python }: Python,
  stage: Stage,
  signal?: AbortSignal,
): Promise<void> {
  const ended = await runProgram(python, ['-I', '-c', UNPACK, wheel, folder, ...beginnings], {
    signal,
    onOutput(text) {
      const bytes = Number(lastLine(text));
      if (Number.isFinite(bytes)) stage.update(bytes, formatMegabytes(bytes));
    },
  });
  if (ended.code === 0) return;
  if (tellsFullDisk(ended.stderr)) throw fullDisk(folder);
  const said = lastLine(ended.stderr).replace(/^[\w.]*(?:Error|BadZipFile): /, '');
  throw new InstallationError(
    `cannot unpack ${wheel}: ${said || (ended.unstartable ?? ended.endedBy ?? `exit code ${ended.code}`)}`,
  );
}
