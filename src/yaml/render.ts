/** @file Writes plain data as YAML that readers of both its versions understand alike. */
import { Document, type ScalarTag, visit } from 'yaml';

/** Characters that PyYAML refuses in text unless they are escaped, and line ends that YAML 1.2 does not know. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** Text that must be in double quotes: it has such characters or control characters, or is a sign with a meaning in YAML 1.1. */
const DELICATE = new RegExp(`${UNPRINTABLE.source}|\\p{Cc}|^(=|<<)$`, 'u');

/** In YAML 1.1 a number with an exponent has a point as well: `1e-8` is text there. */
const exponential: ScalarTag = {
  identify: (value) => typeof value === 'number' && /^-?\de/.test(String(value)),
  default: true,
  tag: 'tag:yaml.org,2002:float',
  test: /^-?\d\.0e[-+]\d+$/,
  resolve: Number,
  stringify: ({ value }) => String(value).replace('e', '.0e'),
};

/**
 * YAML that means the same in versions 1.1 and 1.2: words such as `no`, `010`, `1:30` or a date are in quotes.
 *
 * @param content plain data; a `Map` keeps the order of all its keys, an object puts keys such as "10" first
 */
export function renderYaml(content: unknown): string {
  const document = new Document(content, {
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
    customTags: (tags) => [exponential, ...tags],
  });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && DELICATE.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0 }).replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
