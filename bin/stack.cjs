/** @file Stacks of errors name the lines of td's sources, not those of the bundle that was made of them. */
'use strict';

const { readFileSync } = require('node:fs');
const { findSourceMap, SourceMap } = require('node:module');
const { dirname, resolve } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

/**
 * Node would read the source maps of all modules as they are loaded, which takes longer than to load them. Here the map of a
 * module is read when a stack that names it is looked at.
 *
 * @param {string} folder the modules of the bundle
 */
exports.nameSources = function nameSources(folder) {
  const prefix = pathToFileURL(folder).href;
  const maps = new Map();

  const readMap = (path) => {
    if (!maps.has(path)) maps.set(path, new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8'))));
    return maps.get(path);
  };

  const describePlace = (url, line, column) => {
    const path = fileURLToPath(url);
    // Node itself has the map of a plugin.
    const map = url.startsWith(prefix) ? readMap(path) : findSourceMap(path);
    const { originalSource, originalLine, originalColumn } = map?.findEntry(line - 1, column - 1) ?? {};
    if (originalSource === undefined) return `${url}:${line}:${column}`;
    const source = originalSource.startsWith('file:')
      ? fileURLToPath(originalSource)
      : resolve(dirname(path), originalSource);
    return `${source}:${originalLine + 1}:${originalColumn + 1}`;
  };

  const describeCall = (site) => {
    const text = String(site);
    const place = /(file:[^()]+):(\d+):(\d+)/.exec(text);
    if (place === null) return text;
    try {
      return text.replace(place[0], describePlace(place[1], Number(place[2]), Number(place[3])));
    } catch {
      // The bundle was removed while td ran: its own lines are better than none.
      return text;
    }
  };

  Error.prepareStackTrace = (error, sites) =>
    [String(error), ...sites.map((site) => `    at ${describeCall(site)}`)].join('\n');
};
