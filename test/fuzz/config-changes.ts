/** @file Experiment files changed at random: by their settings, by their text and by their bytes. */
import fc from 'fast-check';
import { byteChanges } from './bytes.ts';
import { settingsChanges } from './settings-changes.ts';

/** What is put between two lines, or in place of a value. */
const SNIPPETS = [
  ...[
    '&a',
    '*a',
    'x: &a [*a]',
    'y: *a',
    '<<: *a',
    '!!binary aGk=',
    '!!set {a}',
    '!!js/function x',
    '!local',
    '!!str',
    '!!int',
  ],
  ...[
    '%YAML 1.1',
    '%TAG ! tag:x,2000:',
    '---',
    '...',
    '--- |',
    '? {a: b}',
    '? - a',
    ': b',
    '- - -',
    '[',
    ']',
    '{',
    '}',
    '{a: [{',
    ',',
  ],
  ...[
    '"',
    "'",
    '|',
    '>-',
    '|9',
    '#',
    '\t',
    '\ta: 1',
    '\u0000',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\u001b]0;x\u0007',
    '\r',
    '\ud83d',
  ],
  ...[
    'name: ../../x',
    'name: a/b',
    'name: "a\\0b"',
    'name: CON',
    'name: ..',
    `name: ${'n'.repeat(300)}`,
    'extends: .',
    'extends: /dev/zero',
  ],
  ...[
    'extends: "a\\0b"',
    'extends: mnist-mlp.yaml',
    'extends: ../file.txt',
    '__proto__: {a: 1}',
    'constructor: {}',
    'toString: 1',
    'null: 1',
  ],
  ...[
    'variants: {__proto__: {}, constructor: {}}',
    'variants: {"a/b": {}}',
    'variants: {"..": {}}',
    'variants: {con: }',
    'variants: [1]',
  ],
  ...[
    'name: a',
    'name: b',
    'seeds: [1e308]',
    'seeds: [-1]',
    'schedule: {epochs: 1e15}',
    'schedule: {batchSize: 1000000000000}',
  ],
  ...[
    'model: {widths: [1000000000]}',
    'model: {name: resnet, units: 1000000000}',
    'dataset: {trainImages: 70000}',
    'sweep: {prune: "0:0.9:1e-9"}',
  ],
  ...[
    'a: &b {c: &d {e: &f [1,1,1,1]}}',
    `deep: ${'['.repeat(60)}${']'.repeat(60)}`,
    `long: [${'1,'.repeat(21_000)}]`,
    'schedule: {warmup: 99999999999999999999999it}',
  ],
];

const putIn = fc
  .tuple(fc.nat(), fc.nat(12), fc.constantFrom(...SNIPPETS))
  .map(([line, indent, snippet]) => (text: string) => {
    const lines = text.split('\n');
    lines.splice(line % (lines.length + 1), 0, ' '.repeat(indent) + snippet);
    return lines.join('\n');
  });

const putAfterColon = fc
  .tuple(fc.nat(), fc.constantFrom(...SNIPPETS))
  .map(([line, snippet]) => (text: string) => {
    const lines = text.split('\n');
    const index = line % lines.length;
    lines[index] = (lines[index] ?? '').replace(/: .*$/, `: ${snippet}`);
    return lines.join('\n');
  });

const doubleLine = fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => (text: string) => {
  const lines = text.split('\n');
  lines.splice(to % lines.length, 0, lines[from % lines.length] ?? '');
  return lines.join('\n');
});

const asElsewhere = fc.constantFrom(
  (text: string) => text.replaceAll('\n', '\r\n'),
  (text: string) => text.replaceAll('\n', '\r'),
  (text: string) => `\ufeff${text}`,
  (text: string) => text.replaceAll('  ', '\t'),
  (text: string) => text.replace(/^.*\n/, ''),
  (text: string) => `${text}\n${text}`,
);

const textChanges = fc
  .array(fc.oneof(putIn, putIn, putAfterColon, putAfterColon, doubleLine, asElsewhere), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (changes) => (text: string) => Buffer.from(changes.reduce((changed, change) => change(changed), text)),
  );

const rawChanges = byteChanges.map((change) => (text: string) => change(Buffer.from(text)));

const utf16 = fc
  .constantFrom('utf16le', 'latin1')
  .map((encoding) => (text: string) => Buffer.from(text, encoding as BufferEncoding));

/** From the text of a good experiment file to the bytes of one that may be anything. */
export const configChanges: fc.Arbitrary<(text: string) => Buffer> = fc.oneof(
  { weight: 8, arbitrary: settingsChanges },
  { weight: 6, arbitrary: textChanges },
  { weight: 5, arbitrary: rawChanges },
  { weight: 1, arbitrary: utf16 },
);
