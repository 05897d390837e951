/** @file Shows a report to this machine alone, anew whenever the files that it is made from change. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../errors.ts';

/** Addresses that only programs of this machine can reach. */
const LOOPBACK = '127.0.0.1';
const NAMES = [LOOPBACK, 'localhost', '[::1]'];

export interface ServedReport {
  /** A text that changes whenever a file of the report does. */
  readVersion(): string;
  /** The page, as the files of that version have it. */
  makePage(version: string): Promise<string>;
}

export interface RunningServer {
  /** `http://127.0.0.1:4711/` */
  readonly address: string;
  close(): void;
}

/**
 * Starts a server on the loopback address. It answers `/` with the page and `/version` with its version.
 *
 * @param port 0 for any that is free
 * @throws UserError if the port is taken or may not be used
 */
export async function serveReport(report: ServedReport, port: number): Promise<RunningServer> {
  const pages = new PageKeeper(report);
  const server = createServer((request, response) => void answer(request, response, pages));
  await listen(server, port);
  const { port: chosen } = server.address() as AddressInfo;
  return {
    address: `http://${LOOPBACK}:${chosen}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Makes each version of the page once, and one page at a time. */
class PageKeeper {
  private made: { readonly version: string; readonly page: Promise<string> } | undefined;

  constructor(private readonly report: ServedReport) {}

  get version(): string {
    return this.report.readVersion();
  }

  async page(): Promise<string> {
    const { version } = this;
    if (this.made?.version !== version) {
      const before = this.made?.page.catch(() => '') ?? Promise.resolve('');
      this.made = { version, page: before.then(() => this.report.makePage(version)) };
    }
    return this.made.page;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, pages: PageKeeper): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  try {
    if (!isLocal(request)) return send(response, 403, 'text/plain', 'only this machine is answered');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'text/plain', 'only GET is answered');
    if (request.url === '/version') return send(response, 200, 'text/plain', pages.version);
    if (request.url === '/') return send(response, 200, 'text/html', await pages.page());
    send(response, 404, 'text/plain', 'there is no such page');
  } catch (error) {
    // A file may be malformed for a while; the next question may find it whole.
    send(response, 500, 'text/plain', error instanceof Error ? error.message : String(error));
  }
}

/** Whether a request is for this machine by name, and not from the page of another site that led a browser here. */
function isLocal({ headers, socket }: IncomingMessage): boolean {
  const name = headers.host?.replace(/:\d+$/, '') ?? '';
  const origin = headers.origin;
  const isOwn = origin === undefined || origin === `http://${headers.host}`;
  return NAMES.includes(name) && isOwn && socket.localAddress === LOOPBACK;
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` });
  response.end(body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used: ${error.message}`;
      reject(new UserError(`--port: ${port} ${reason}, expected a free one`));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

/** A short text that differs whenever one of these texts does. */
export function digestVersion(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
