/**
 * Writes `dist/report-page.js`: the program of the report pages and every package it uses as one script without
 * modules, which a page carries in its head.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, 'dist/report-page.js');

/** Vitest calls this before the tests, so that they see the page of the present sources. */
export default async function bundlePage(): Promise<void> {
  await build({
    input: join(root, 'src/output/report/page/main.ts'),
    platform: 'browser',
    tsconfig: join(root, 'tsconfig.json'),
    transform: { target: 'es2022' },
    onLog(level, log, report) {
      // Whatever the page would lack is an error now.
      report(level === 'warn' ? 'error' : level, log);
    },
    output: { file, format: 'iife', name: 'report', minify: true, banner: await noticeOf('diff') },
  });
  // The script stands inside a page, whose parser ends it at the first of these.
  const program = await readFile(file, 'utf8');
  if (/<\/script|<!--/i.test(program)) throw new Error(`${file} would end the script block it stands in.`);
}

/** The notice that a package's license asks for. */
async function noticeOf(name: string): Promise<string> {
  const license = await readFile(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
  return `/*! ${name}: ${license.trim().replaceAll(/<[^>]*>/g, '')} */`;
}

if (import.meta.main) await bundlePage();
