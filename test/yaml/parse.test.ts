/** @file YAML with places: what is read, and what is refused where. */
import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../src/yaml/parse.ts';
import { nodeAt, toPlain } from '../../src/yaml/tree.ts';
import { messageOf } from '../config/folder.ts';

const parse = (text: string) => parseYaml(text, (line, column) => `${line}:${column}`);
const refusal = (text: string) => messageOf(() => parse(text), '/nowhere');

describe('parseYaml', () => {
  it('knows the line and column of every key and value', () => {
    const tree = parse('a: 1\nb:\n  - x\n  - { c:  true }\n');
    expect(toPlain(tree)).toEqual({ a: 1, b: ['x', { c: true }] });
    expect(nodeAt(tree, ['a'])?.place).toBe('1:4');
    expect(nodeAt(tree, ['b', 1, 'c'])?.place).toBe('4:11');
    const inner = nodeAt(tree, ['b', 1]);
    expect(inner?.kind === 'map' && inner.entries.get('c')?.place).toBe('4:7');
  });

  it('reads numbers and words as YAML 1.2 does', () => {
    const text = 'a: 5e-4\nb: yes\nc: 0:0.99\nd: 010\ne: ~\nf:\n';
    expect(toPlain(parse(text))).toEqual({ a: 0.0005, b: 'yes', c: '0:0.99', d: 10, e: null, f: null });
  });

  it('tells a key without a value from a written null', () => {
    const tree = parse('a:\nb: null\n');
    expect([nodeAt(tree, ['a']), nodeAt(tree, ['b'])]).toMatchObject([{ isEmpty: true }, { isEmpty: false }]);
  });

  it('resolves an alias to the latest anchor of that name before it', () => {
    expect(toPlain(parse('a: &x 1\nb: &y { c: &x 2 }\nd: &x 3\ne: *y\nf: *x\n'))).toMatchObject({
      e: { c: 2 },
      f: 3,
    });
    expect(toPlain(parse('a: &rate 0.5\nb: *rate\n'))).toEqual({ a: 0.5, b: 0.5 });
  });

  it.each([
    ['a: &x { p: 1, q: 2 }\nb: { <<: *x, q: 3 }', { p: 1, q: 3 }],
    ['a: &x { p: 1, q: 2 }\nb:\n  q: 3\n  <<: *x', { p: 1, q: 3 }],
    ['a: [&x { p: 1 }, &y { p: 2, q: 2 }]\nb: { <<: [*x, *y], r: 3 }', { p: 1, q: 2, r: 3 }],
    ['a: &x { p: 1 }\nc: &y { <<: *x, q: 2 }\nb: { <<: *y }', { p: 1, q: 2 }],
    ['a: &x { p: 1 }\nb: { "<<": 5 }', { '<<': 5 }],
  ])('lays what a merge key names under the keys of its map: %j', (text, expected) => {
    expect(toPlain(parse(text))).toMatchObject({ b: expected });
  });

  it('points to where a merged value was written', () => {
    const tree = parse('a: &x { p: 1 }\nb: { <<: *x }');
    expect(nodeAt(tree, ['b', 'p'])?.place).toBe('1:12');
  });

  it('keeps keys that JavaScript treats in a special way as ordinary keys', () => {
    const plain = toPlain(parse('__proto__: { polluted: 1 }\nconstructor: 2\n')) as object;
    expect(Object.keys(plain)).toEqual(['__proto__', 'constructor']);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    ['a: 1\nb: 2\na: 3', '3:1: key "a" stands twice in this map, first at 1:1'],
    ['1: a\n"1": b', '2:1: key "1" stands twice in this map, first at 1:1'],
    ['a:\n  ? [1]\n  : 2', '2:5: a key is not plain text, expected a name'],
    ['a: *rate', '1:4: unknown alias "*rate", expected an anchor "&rate" before'],
    ['a: &a [*a]', '1:8: unknown alias "*a", expected an anchor "&a" before'],
    ['a: { <<: 3 }', '1:10: "<<" merges no map, expected an alias of one, such as <<: *base'],
    ['a: { <<: [{ b: 1 }, c] }', '1:21: "<<" merges no map, expected an alias of one, such as <<: *base'],
    [
      'a: &x {}\nb:\n  <<: *x\n  <<: *x',
      '4:3: key "<<" stands twice in this map, first at 3:3; one key merges several maps: <<: [*a, *b]',
    ],
    ['a: &a { <<: *a }', '1:13: unknown alias "*a", expected an anchor "&a" before'],
    ['a: !rate 3', '1:4: not valid YAML: unresolved tag: !rate'],
    ['a: 1\n---\nb: 2', '2:1: a second document starts here, expected one'],
    ['a: 1\n\tb: 2', '2:1: not valid YAML: tabs are not allowed as indentation'],
    ['a:\n  b: "x', '2:8: not valid YAML: missing closing "quote'],
    [
      'a: [1,\nb: 2',
      '2:1: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('refuses %j with its place', (text, sentence) => {
    expect(refusal(text)).toBe(sentence);
  });

  it.each([
    ['brackets', '['.repeat(100_000)],
    ['braces', '{a: '.repeat(1000)],
    ['dashes', '- '.repeat(100_000)],
    ['questions', '? '.repeat(1000)],
    ['indents', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses %s nested without end', (_kind, text) => {
    expect(refusal(text)).toContain('nested too deeply, expected at most 40 levels');
  });

  it.each([
    ['commas', `[${','.repeat(2 ** 20)}`],
    ['quotes', '"'.repeat(2 ** 20)],
    ['directives', '%a\n'.repeat(300_000)],
    ['equal keys', 'a: 1\n'.repeat(200_000)],
  ])('refuses a megabyte of %s before it takes time', (_kind, text) => {
    const before = process.cpuUsage();
    expect(refusal(text)).toMatch(/too long, expected at most 150000 words and signs$/);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(20);
  });

  it('refuses a version of YAML in which the same text means other values', () => {
    expect(refusal('%YAML 1.1\n---\na: yes\n')).toBe('1:1: %YAML is 1.1, expected 1.2');
    expect(toPlain(parse('%YAML 1.2\n---\na: yes\n'))).toEqual({ a: 'yes' });
  });

  it.each(['!!set {b}', '!!omap [{b: 1}]', '!!binary aGk=', '!local 1'])(
    'refuses %s, which no setting is',
    (text) => {
      expect(refusal(`a: ${text}`)).toMatch(/^1:\d+: not valid YAML: (unknown|unresolved) tag/i);
    },
  );

  it('takes a tag that says what a value is', () => {
    expect(toPlain(parse('a: !!str 5\nb: !!int 3'))).toEqual({ a: '5', b: 3 });
  });

  it('refuses aliases of aliases that would fill the memory', () => {
    const lines = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [1, 1, 1, 1, 1]'
        : `l${level}: &l${level} [${Array(5)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );
    expect(refusal(lines.join('\n'))).toContain('too many values, expected at most 20000');
  });
});
