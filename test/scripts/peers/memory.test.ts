/** @file Checks what is read from Linux of a process's memory. */
import { describe, expect, it } from 'vitest';
import { parseMemory, readMemory } from '../../../scripts/peers/memory.ts';

const STATUS = `Name:\tnode
VmPeak:\t 9999999 kB
VmHWM:\t  524288 kB
VmRSS:\t  500000 kB
RssAnon:\t  262144 kB
RssFile:\t  237856 kB
`;

describe('the memory of a process', () => {
  it('is the most of resident pages, and the anonymous ones at the end, in megabytes', () => {
    expect(parseMemory(STATUS)).toEqual({ peak: 512, private: 256 });
  });

  it('is unknown where the system does not tell all of it', () => {
    expect(parseMemory(STATUS.replace(/^RssAnon.*$/m, ''))).toBeUndefined();
    expect(readMemory(undefined)).toBeUndefined();
  });
});
