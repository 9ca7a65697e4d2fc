import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '@oclif/core/interfaces';
import { runIndexFolder } from '../../composition.ts';
import { bashCompletion, type CompletedCommand } from '../../output/text/bash-completion.ts';

/** Words that an argument may be, where it is no file. */
const shells = ['bash', 'powershell', 'zsh'];

/** Writes the script for bash where `cosmos autocomplete` has put its own. */
export async function writeCompletion(config: Config): Promise<void> {
  const script = bashCompletion(config.bin, completedCommands(config), runIndexFolder());
  await writeFile(join(config.cacheDir, 'autocomplete', 'functions', 'bash', `${config.bin}.bash`), script);
}

function completedCommands(config: Config): readonly CompletedCommand[] {
  return config.commands
    .filter(({ hidden }) => !hidden)
    .map(({ id, args, flags }) => ({
      name: id.replaceAll(':', ' '),
      args: Object.keys(args),
      words: id === 'autocomplete' ? shells : [],
      flags: Object.entries(flags)
        .filter(([, flag]) => !flag.hidden)
        .flatMap(([name, flag]) => {
          const isBoolean = flag.type === 'boolean';
          const values = flag.type === 'option' ? (flag.options ?? []) : [];
          const one = { name, char: flag.char ?? null, isBoolean, values };
          return isBoolean && flag.allowNo ? [one, { ...one, name: `no-${name}`, char: null }] : [one];
        }),
    }));
}
