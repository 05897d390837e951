/** @file The proxy that downloads go through: that of the environment, else of npm's settings. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { UserError } from '../errors.ts';

/** As `EnvHttpProxyAgent` of undici takes them; empty for none. */
export interface ProxySettings {
  readonly httpProxy: string;
  readonly httpsProxy: string;
  /** Names of hosts that are reached without, separated by commas. */
  readonly noProxy: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const PROTOCOLS = ['http:', 'https:', 'socks:', 'socks5:'];

/** npm does not tell an address with a password, but hands it to programs that it starts. */
const NPM_VARIABLES = ['npm_config_https_proxy', 'npm_config_proxy', 'npm_config_noproxy'] as const;
const NPM_CALL = `node -p "JSON.stringify([${NPM_VARIABLES.map((name) => `process.env.${name}`).join()}])"`;
const npmAnswer = z.tuple([z.string().nullable(), z.string().nullable(), z.string().nullable()]);

/** Milliseconds that npm may take to start: more than it ever should. */
const NPM_PATIENCE = 30_000;

/**
 * Finds the proxies: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not; where none is named, those
 * of npm (`npm config set https-proxy …`).
 *
 * @throws UserError if one of them is not an address
 */
export async function findProxies(
  environment: Environment = process.env,
  askNpm = readNpmSettings,
): Promise<ProxySettings> {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || '';
  const all = address('ALL_PROXY', read('ALL_PROXY'));
  const httpProxy = address('HTTP_PROXY', read('HTTP_PROXY')) || all;
  const httpsProxy = address('HTTPS_PROXY', read('HTTPS_PROXY')) || all;
  const noProxy = read('NO_PROXY');
  if (httpProxy !== '' || httpsProxy !== '') return { httpProxy, httpsProxy, noProxy };
  const [https, http, none] = await askNpm();
  return {
    httpProxy: address("npm's proxy", http),
    httpsProxy: address("npm's https-proxy", https),
    noProxy: noProxy || none,
  };
}

/** An address as proxies are written: `proxy.example:3128` means http. */
function address(name: string, value: string): string {
  if (value === '') return '';
  const full = /^[a-z0-9+]+:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || !PROTOCOLS.includes(url.protocol.replace('socks5h', 'socks5'))) {
    throw new UserError(
      `${name} is "${hidePassword(value)}", expected the address of a proxy, such as http://proxy.example:3128`,
    );
  }
  return full.replace(/^socks5h:/i, 'socks5:');
}

function hidePassword(value: string): string {
  return value.replace(/\/\/[^/@]*@/, '//…@');
}

/** @returns npm's https-proxy, proxy and noproxy; empty for none, or if there is no npm that could be asked */
async function readNpmSettings(): Promise<[string, string, string]> {
  const isWindows = process.platform === 'win32';
  const words = ['exec', '--offline', '--silent', '--no-update-notifier', '--call'];
  try {
    const { stdout } = await promisify(execFile)(
      isWindows ? 'npm.cmd' : 'npm',
      [...words, isWindows ? `"${NPM_CALL.replaceAll('"', '\\"')}"` : NPM_CALL],
      { timeout: NPM_PATIENCE, shell: isWindows },
    );
    const [https, http, none] = npmAnswer.parse(JSON.parse(stdout));
    return [https ?? '', http ?? '', none ?? ''];
  } catch {
    return ['', '', ''];
  }
}
