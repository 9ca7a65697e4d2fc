/** Prints the closing line of `scripts/test` from a JSON report of vitest: `N passed, N failed`. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numFailedTestSuites: z.int(),
  success: z.boolean(),
});

const path = process.argv[2];
const report = reportSchema.parse(JSON.parse(await readFile(path ?? '', 'utf8')));
// A file that cannot even be loaded has no failed test, but has failed all the same.
const failed = Math.max(report.numFailedTests, report.success ? 0 : 1);
const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed${skipped}\n`);
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0;
