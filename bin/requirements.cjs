/**
 * @file What keeps td from starting, in a sentence. Old versions of Node run this file, too, so it is plain ES5, and it needs
 * no package.
 */
'use strict';

var fs = require('fs');

/** Bytes of address space that Node takes before td asks for any. */
var SMALLEST_SPACE = 2e9;
/** WebAssembly memories of td and of what it loads, with room for one more. Each may reserve 10 GB of addresses. */
var MEMORIES = 5;

/** @returns a sentence without its full stop; nothing if td can start */
exports.findProblem = function findProblem() {
  return checkVersion() || checkFolder() || checkAddressSpace();
};

function checkVersion() {
  var needed = /(\d+)\.(\d+)/.exec(require('../package.json').engines.node);
  var found = process.versions.node.split('.').map(Number);
  var major = Number(needed[1]);
  var isNew = found[0] > major || (found[0] === major && found[1] >= Number(needed[2]));
  // 21 ended before it had what 20.19 has.
  if (isNew && found[0] !== 21) return undefined;
  return (
    'needs Node.js ' +
    needed[0] +
    ' or newer' +
    (isNew ? ' (other than 21)' : '') +
    ', this is ' +
    process.versions.node +
    ' (' +
    process.execPath +
    '); see https://nodejs.org, or a version manager such as nvm'
  );
}

function checkFolder() {
  try {
    process.cwd();
    return undefined;
  } catch (error) {
    return (
      'the working folder is gone or cannot be entered (' + error.code + '); change to another one with cd'
    );
  }
}

function checkAddressSpace() {
  var limit = readAddressLimit();
  if (limit === undefined || (limit >= SMALLEST_SPACE && canReserve())) return undefined;
  return (
    'the address space of this process is limited to ' +
    (limit / 1e9).toFixed(1) +
    ' GB (ulimit -v), too little for WebAssembly, which reserves more than it uses; lift the limit (ulimit -v unlimited), or let Node.js reserve less' +
    ' (NODE_OPTIONS=--disable-wasm-trap-handler), which makes do with ' +
    SMALLEST_SPACE / 1e9 +
    ' GB'
  );
}

/** @returns bytes; nothing where there is no limit, or no telling */
function readAddressLimit() {
  try {
    var limit = /^Max address space +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8'));
    return limit === null ? undefined : Number(limit[1]);
  } catch (_error) {
    return undefined;
  }
}

function canReserve() {
  var memories = [];
  try {
    while (memories.length < MEMORIES) memories.push(new WebAssembly.Memory({ initial: 1 }));
    return true;
  } catch (_error) {
    return false;
  }
}
