/**
 * Writes everything in `docs/` that comes from the code: `node scripts/docs/generate.ts`. With `--check` nothing is
 * written, and the exit code is 1 when something is stale. Needs the built program (`npm run build`).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillParts } from './marked-part.ts';
import { codecTable, encoderTable } from './parts/codecs.ts';
import { commandSections } from './parts/commands.ts';
import { errorCodeTable, exitCodeTable } from './parts/exit-codes.ts';
import { failureSections } from './parts/failures.ts';
import { familyCommands, familyTable } from './parts/families.ts';
import { comparisonTable, figureTable } from './parts/measured-tables.ts';
import { resumeTable } from './parts/resume-rules.ts';
import { privilegedTable, settingsTables } from './parts/settings.ts';
import { tokenTable } from './parts/tokens.ts';
import { batchTable, calculatorInputs, speedTable, taskTable } from './parts/upscale-calculator.ts';
import { jsonSchemas } from './schemas/documents.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = join(root, 'docs');

/** Pages with generated parts, and who makes them. */
const pages: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'exit-codes.md': { 'exit-codes': exitCodeTable, 'error-codes': errorCodeTable },
  'failures.md': { failures: failureSections },
  'commands.md': { commands: commandSections },
  'run.md': { families: familyTable, 'family-commands': familyCommands },
  'resume.md': { 'resume-settings': resumeTable },
  'settings.md': { settings: settingsTables, 'privileged-settings': privilegedTable },
  'tokens.md': { 'vision-tokens': tokenTable },
  'benchmarks.md': {
    'video-whole': () => comparisonTable('upscale'),
    'video-length': () => figureTable('upscale-length'),
    'video-hour': () => figureTable('upscale-hour'),
    'video-stages': () => figureTable('upscale-stages'),
    'video-png': () => figureTable('pipes-and-png'),
    'video-choices': () => figureTable('upscale-choices'),
    'video-batches': () => figureTable('batch-sizes'),
    networks: () => comparisonTable('networks'),
    'network-speed': () => figureTable('network-speed'),
  },
  'upscale.md': { codecs: codecTable, encoders: encoderTable },
  'upscale-calculator.md': {
    'calculator-inputs': calculatorInputs,
    'calculator-tasks': taskTable,
    'calculator-speeds': speedTable,
    'calculator-batches': batchTable,
  },
};

/** Paths, relative to the repository, of files that are not as the code says, after writing them unless `isCheck`. */
export function generateDocs(isCheck: boolean): string[] {
  const wanted = new Map<string, string>();
  for (const [name, parts] of Object.entries(pages)) {
    const path = join(docs, name);
    const contents = Object.fromEntries(Object.entries(parts).map(([part, make]) => [part, make()]));
    wanted.set(path, fillParts(readFileSync(path, 'utf8'), contents));
  }
  for (const [name, text] of Object.entries(jsonSchemas())) wanted.set(join(docs, 'formats', name), text);
  const stale = [...wanted].filter(
    ([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text,
  );
  if (!isCheck) for (const [path, text] of stale) writeFileSync(path, text);
  return stale.map(([path]) => relative(root, path));
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check');
  const stale = generateDocs(isCheck);
  for (const path of stale) process.stdout.write(`${isCheck ? 'stale' : 'written'}: ${path}\n`);
  if (isCheck && stale.length > 0) process.exitCode = 1;
}
