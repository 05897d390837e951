/** @file Where td keeps what it fetched or built for this user and can fetch or build again. */
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/**
 * Path of the cache folder, which need not exist: `TD_CACHE` if it is set, else `td` in the folder that the system gives to
 * caches (XDG_CACHE_HOME or ~/.cache; ~/Library/Caches on macOS; the local application data on Windows).
 */
export function cacheFolder(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const { TD_CACHE, XDG_CACHE_HOME = '', LOCALAPPDATA } = environment;
  if (TD_CACHE) return resolve(TD_CACHE);
  // The specification of XDG_CACHE_HOME has a relative path ignored.
  if (isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, 'td');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'td');
  if (platform === 'win32') return join(LOCALAPPDATA || join(home, 'AppData', 'Local'), 'td');
  return join(home, '.cache', 'td');
}
