/** @file Loaded into a command of td: writes what the process took, when it ends. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const usage = { processorSeconds: (userCPUTime + systemCPUTime) / 1e6, maxBytes: maxRSS * 1024 };
  writeFileSync(process.env.TD_USAGE, JSON.stringify(usage));
});
