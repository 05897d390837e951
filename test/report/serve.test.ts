import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningServer, type ServedReport, serveReport } from '../../src/report/serve.ts';

let server: RunningServer | undefined;
afterEach(() => server?.close());

async function start(report: Partial<ServedReport> = {}, port = 0): Promise<string> {
  server = await serveReport(
    { readVersion: () => 'v1', makePage: async (version) => `<p>${version}</p>`, ...report },
    port,
  );
  return server.address;
}

/** Status of an answer to a request with these headers. */
function ask(address: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(address, { headers, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

describe('a report that is shown', () => {
  it('is there on the loopback address, with its version', async () => {
    const address = await start();
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(address);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await page.text()).toBe('<p>v1</p>');
    expect(await (await fetch(`${address}version`)).text()).toBe('v1');
  });

  it('is not there on any other address of this machine', async () => {
    const { port } = new URL(await start());
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow();
  });

  it('answers no page of another site, under whatever name, and nothing but questions for what it has', async () => {
    const address = await start();
    expect(await ask(address, { host: 'example.com' })).toBe(403);
    expect(await ask(address, { host: `localhost:${new URL(address).port}` })).toBe(200);
    expect(await ask(address, { origin: 'http://example.com' })).toBe(403);
    expect(await ask(address, {}, 'POST')).toBe(405);
    expect(await ask(`${address}package.json`, {})).toBe(404);
  });

  it('is made once for each version', async () => {
    let version = 'v1';
    const made: string[] = [];
    const address = await start({
      readVersion: () => version,
      makePage: async (asked) => {
        made.push(asked);
        return asked;
      },
    });
    await Promise.all([fetch(address), fetch(address)]);
    await fetch(address);
    version = 'v2';
    expect(await (await fetch(address)).text()).toBe('v2');
    expect(made).toEqual(['v1', 'v2']);
  });

  it('says what is wrong with a file, and goes on once it is mended', async () => {
    let version = 'damaged';
    const makePage = async (asked: string) => {
      if (asked === 'damaged') throw new Error('sweep.csv:3: expected a number');
      return 'whole';
    };
    const address = await start({ readVersion: () => version, makePage });
    const answer = await fetch(address);
    expect([answer.status, await answer.text()]).toEqual([500, 'sweep.csv:3: expected a number']);
    version = 'mended';
    expect(await (await fetch(address)).text()).toBe('whole');
  });

  it('refuses a port that is taken in a sentence', async () => {
    const port = Number(new URL(await start()).port);
    await expect(serveReport({ readVersion: () => '', makePage: async () => '' }, port)).rejects.toThrow(
      `--port: ${port} is taken by another program, expected a free one`,
    );
  });
});
