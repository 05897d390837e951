/** @file Which proxy downloads go through, and that they do. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { download } from '../../src/data/download.ts';
import { findProxies } from '../../src/data/proxy.ts';
import { temporaryFolder } from '../runs/temporary.ts';

const STAGE = { update() {}, stop() {} };
const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY'];

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A proxy that refuses, its address, and what it was asked for. */
async function startProxy(): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** The environment as if nobody had set a proxy, with these variables. */
function stubProxies(variables: Record<string, string>): void {
  for (const name of VARIABLES) {
    vi.stubEnv(name, variables[name] ?? '');
    vi.stubEnv(name.toLowerCase(), '');
  }
}

const downloading = (url: string) => download(url, join(temporaryFolder(), 'x'), 3, STAGE);

describe('a download', () => {
  it.each(['HTTPS_PROXY', 'ALL_PROXY'])(
    'asks the proxy that %s names, and says what it answers',
    async (name) => {
      const { address, asked } = await startProxy();
      stubProxies({ [name]: `http://${address}` });
      await expect(downloading('https://data.invalid/set')).rejects.toThrow(
        'https://data.invalid/set cannot be reached: the proxy answers 403',
      );
      expect(asked).toEqual(['data.invalid:443']);
    },
  );

  it('does without the proxy for hosts that NO_PROXY names, and for this machine', async () => {
    const { address, asked } = await startProxy();
    stubProxies({ HTTPS_PROXY: address, HTTP_PROXY: address, NO_PROXY: 'other.invalid,.data.invalid' });
    await expect(downloading('https://www.data.invalid/set')).rejects.toThrow('cannot be reached');
    await expect(downloading('http://127.0.0.1:9/set')).rejects.toThrow(/ECONNREFUSED|bad port/);
    expect(asked).toEqual([]);
  });

  it("asks npm's proxy where the environment names none, with its password", async () => {
    const { address, asked } = await startProxy();
    const home = temporaryFolder();
    writeFileSync(join(home, '.npmrc'), `https-proxy=http://user:secret@${address}\n`);
    stubProxies({});
    vi.stubEnv('HOME', home);
    vi.stubEnv('npm_config_userconfig', join(home, '.npmrc'));
    await expect(downloading('https://data.invalid/set')).rejects.toThrow('the proxy answers 403');
    expect(asked).toEqual(['data.invalid:443']);
  });
});

describe('the proxy', () => {
  const NPM = async (): Promise<[string, string, string]> => ['npm.example:1', 'npm.example:2', 'a'];
  const find = (variables: Record<string, string>) => findProxies(variables, NPM);

  it('is that of the environment before that of npm, in small letters before capitals', async () => {
    expect(await find({ https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:2', NO_PROXY: 'c' })).toEqual({
      httpsProxy: 'http://a:1',
      httpProxy: '',
      noProxy: 'c',
    });
    expect(await find({})).toEqual({
      httpsProxy: 'http://npm.example:1',
      httpProxy: 'http://npm.example:2',
      noProxy: 'a',
    });
  });

  it('may be a SOCKS proxy', async () => {
    expect(await find({ ALL_PROXY: 'socks5h://a:1080' })).toMatchObject({ httpsProxy: 'socks5://a:1080' });
  });

  it('is refused if it is no address, without showing its password', async () => {
    await expect(find({ HTTPS_PROXY: 'ftp://user:secret@a' })).rejects.toThrow(
      'HTTPS_PROXY is "ftp://…@a", expected the address of a proxy, such as http://proxy.example:3128',
    );
  });
});
