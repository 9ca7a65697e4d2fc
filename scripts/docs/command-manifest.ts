import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const flagSchema = z.object({
  name: z.string(),
  type: z.enum(['boolean', 'option']),
  description: z.string().optional(),
  helpValue: z.string().optional(),
  options: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  required: z.boolean().optional(),
  multiple: z.boolean().optional(),
  allowNo: z.boolean().optional(),
  helpGroup: z.string().optional(),
  hidden: z.boolean().optional(),
});

const argumentSchema = z.object({
  name: z.string(),
  description: z.string().optional(),
  required: z.boolean().optional(),
  default: z.unknown().optional(),
});

const commandSchema = z.object({
  id: z.string(),
  summary: z.string().optional(),
  description: z.string().optional(),
  strict: z.boolean().optional(),
  args: z.record(z.string(), argumentSchema),
  flags: z.record(z.string(), flagSchema),
  examples: z.array(z.string()).optional(),
});

export type CommandFlag = z.infer<typeof flagSchema>;
export type CommandFacts = z.infer<typeof commandSchema>;

/**
 * Commands as `npm run build` wrote them into `oclif.manifest.json`, in the order of the help.
 *
 * @throws Error when the program is not built.
 */
export function readCommands(): CommandFacts[] {
  const path = new URL('../../oclif.manifest.json', import.meta.url);
  if (!existsSync(path))
    throw new Error(
      'oclif.manifest.json is missing: `npm run build` makes it, and the docs of the commands need it.',
    );
  const document: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { commands } = z.object({ commands: z.record(z.string(), commandSchema) }).parse(document);
  return Object.values(commands).sort((a, b) => rankOf(a.id) - rankOf(b.id) || (a.id < b.id ? -1 : 1));
}

/** What people need first stands first; the rest follows by name. */
const firstCommands = [
  'batch-upsample',
  'plan',
  'create-spec',
  'upscale',
  'retouch',
  'runs',
  'logs',
  'report',
  'resume',
  'attach',
  'cancel',
  'doctor',
  'host:prepare',
  'host:status',
  'host:prune',
];

function rankOf(id: string): number {
  const rank = firstCommands.indexOf(id);
  return rank < 0 ? firstCommands.length : rank;
}
