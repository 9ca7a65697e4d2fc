/**
 * Loaded into a measured program by `--import`: when it ends, appends what it used to the file that
 * `COSMOS_BENCH_USAGE` names, as one line of JSON. Programs that it starts do the same. In JavaScript: translating it would be
 * measured, too.
 */
import { appendFileSync } from 'node:fs';

const target = process.env.COSMOS_BENCH_USAGE;

process.on('exit', () => {
  if (target === undefined) return;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const program = process.argv[1] ?? '';
  const usage = { program, cpu_ms: (userCPUTime + systemCPUTime) / 1000, peak_rss_bytes: maxRSS * 1024 };
  appendFileSync(target, `${JSON.stringify(usage)}\n`);
});
