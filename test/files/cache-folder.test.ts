/** @file One decision for the whole program: where its cache lies. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder } from '../../src/files/cache-folder.ts';

describe('the cache folder', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string]>([
    ['TD_CACHE before all others', { TD_CACHE: '/mine', XDG_CACHE_HOME: '/x' }, 'linux', '/mine'],
    ['the folder of the system for caches', { XDG_CACHE_HOME: '/x' }, 'linux', '/x/td'],
    ['.cache of the home', {}, 'linux', '/home/ä b/.cache/td'],
    [
      '.cache of the home where the variables are empty',
      { TD_CACHE: '', XDG_CACHE_HOME: '' },
      'linux',
      '/home/ä b/.cache/td',
    ],
    [
      '.cache of the home where XDG_CACHE_HOME is relative',
      { XDG_CACHE_HOME: 'x' },
      'linux',
      '/home/ä b/.cache/td',
    ],
    ['Library/Caches on macOS', {}, 'darwin', '/home/ä b/Library/Caches/td'],
  ])('is %s', (_, environment, platform, expected) => {
    expect(cacheFolder(environment, platform, '/home/ä b')).toBe(expected);
  });

  it('that TD_CACHE names is taken from the working folder', () => {
    expect(cacheFolder({ TD_CACHE: 'here' })).toBe(join(process.cwd(), 'here'));
  });
});
