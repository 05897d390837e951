/** @file Where downloads may come from. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { download } from '../../src/data/download.ts';
import { readIdxManifest } from '../../src/data/idx/manifest.ts';
import { readRecordManifest } from '../../src/data/records/manifest.ts';
import { temporaryFolder } from '../runs/temporary.ts';
import { serve } from './server.ts';

const STAGE = { update() {}, stop() {} };

describe('a download', () => {
  it('is refused over plain http, and nobody is asked', async () => {
    const path = join(temporaryFolder(), 'x');
    for (const url of [
      'http://192.0.2.1/x',
      'ftp://127.0.0.1/x',
      'file:///etc/passwd',
      'http://127.0.0.1.example/x',
    ]) {
      await expect(download(url, path, 3, STAGE)).rejects.toThrow(
        `${url} is not an https address, expected one`,
      );
    }
    expect(existsSync(path)).toBe(false);
  });

  it('is refused if a server leads on to plain http', async () => {
    const address = await serve((_, response) =>
      response.writeHead(302, { location: 'http://192.0.2.1/x' }).end(),
    );
    await expect(download(address, join(temporaryFolder(), 'x'), 3, STAGE)).rejects.toThrow(
      /^http:\/\/192.0.2.1\/x is not an https address/,
    );
  });

  it('follows a server that leads on, but not for ever', async () => {
    const address = await serve((request, response) => {
      if (request.url === '/end') response.end('abc');
      else response.writeHead(307, { location: request.url === '/once' ? '/end' : '/' }).end();
    });
    const path = join(temporaryFolder(), 'x');
    await download(`${address}/once`, path, 3, STAGE);
    expect(existsSync(path)).toBe(true);
    await expect(download(address, path, 3, STAGE)).rejects.toThrow('leads on to yet another address');
  });

  it('has an https address in each manifest', () => {
    for (const name of ['cifar10', 'cifar100'] as const) {
      expect(readRecordManifest(name).sources.official.url).toMatch(/^https:/);
    }
    const { source } = readIdxManifest('fashion-mnist');
    if (!('addresses' in source)) throw new Error('no addresses');
    for (const address of source.addresses) expect(address).toMatch(/^https:/);
  });
});
