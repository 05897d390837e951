/** @file Changes that text, JSON and CSV meet: fields and numbers replaced by odd ones, lines and fields moved. */
import fc from 'fast-check';
import { oddWord } from './oddities.ts';

type Change = (bytes: Buffer) => Buffer;

/** In place of a number or a quoted text somewhere in the file. */
const replaceField = fc
  .tuple(
    fc.nat(),
    fc.oneof(
      oddWord,
      oddWord.map((word) => JSON.stringify(word)),
      fc.constantFrom('{"__proto__":1}', '['.repeat(5000) + ']'.repeat(5000), '{"toString":1}', 'null', '[]'),
    ),
  )
  .map(([choice, word]) => (text: string) => {
    const fields = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[^,\s"]+(?=,)/g)];
    const field = fields[choice % Math.max(1, fields.length)];
    if (field === undefined) return word;
    return text.slice(0, field.index) + word + text.slice(field.index + field[0].length);
  });

const moveLine = fc.tuple(fc.nat(), fc.nat(), fc.boolean()).map(([from, to, isKept]) => (text: string) => {
  const lines = text.split('\n');
  const [line = ''] = isKept ? [lines[from % lines.length]] : lines.splice(from % lines.length, 1);
  lines.splice(to % (lines.length + 1), 0, line);
  return lines.join('\n');
});

const asElsewhere = fc.constantFrom(
  (text: string) => `\ufeff${text}`,
  (text: string) => text.replaceAll('\n', '\r\n'),
  (text: string) => text.replaceAll(',', ';'),
  (text: string) => text.replaceAll('"', ''),
  (text: string) => text + text,
  (text: string) => text.repeat(50),
  () => '',
  () => '\n'.repeat(100_000),
  () => ','.repeat(100_000),
  () => '"',
  () => 'null',
  () => '[]',
  () => '{}',
);

/** One to three changes. */
export const textChanges: fc.Arbitrary<Change> = fc
  .array(fc.oneof(replaceField, replaceField, moveLine, asElsewhere), { minLength: 1, maxLength: 3 })
  .map(
    (changes) => (bytes) =>
      Buffer.from(
        changes.reduce((changed, change) => change(changed), bytes.toString('latin1')),
        'latin1',
      ),
  );
