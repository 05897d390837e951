/** @file What `datasets/<name>.yaml` says of a data set: where it comes from, its form, its licence, its hashes. */
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { readBoundedFile } from '../files/read.ts';
import { parseYaml } from '../yaml/parse.ts';
import { toPlain } from '../yaml/tree.ts';

/** Bytes of a manifest: twenty times the longest. */
const LARGEST_MANIFEST = 2 ** 16;

const count = z.int().positive();
export const text = z.string().min(1);

/** Bytes and hashes that a file must have. */
export const pinnedFile = z.strictObject({
  name: text,
  bytes: count,
  md5: z.string().regex(/^[0-9a-f]{32}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type PinnedFile = z.output<typeof pinnedFile>;

export const httpsAddress = z.url({ protocol: /^https$/, error: 'expected an https address' });

/** What every manifest says. */
export const manifestFacts = {
  title: text,
  homepage: z.url(),
  licence: text,
  /** `[height, width, channels]` */
  imageShape: z.tuple([count, count, count]),
  classes: count,
  trainImages: count,
  testImages: count,
};

/** Where manifests lie, and in a checkout what is fetched: a folder for each data set. */
export const DATASETS_FOLDER = join(import.meta.dirname, '../../datasets');

/**
 * Reads a data set's manifest.
 *
 * @param schema the form of manifests of its kind
 * @param path for tests: another file of that form
 * @throws UserError if the manifest is missing, too large or does not have that form
 */
export function readManifest<T extends z.ZodType>(
  name: string,
  schema: T,
  path = join(DATASETS_FOLDER, `${name}.yaml`),
): z.output<T> {
  const content = readBoundedFile(path, LARGEST_MANIFEST)?.toString('utf8');
  if (content === undefined) throw new UserError(`${path} is missing, though it is part of td`);
  const tree = parseYaml(content, (line, column) => `${path}:${line}:${column}`);
  const result = schema.safeParse(toPlain(tree));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new UserError(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a manifest'}`);
}
