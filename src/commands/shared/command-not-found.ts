import { writeSync } from 'node:fs';
import type { Hook } from '@oclif/core';
import { printable } from '../../core/printable.ts';
import { suggestCommand } from '../../core/suggestions.ts';
import { exitCodes } from '../../errors/error-codes.ts';
import { jsonChunks } from '../../output/json/json-chunks.ts';
import { shownText } from './shown-text.ts';

/** Says which command was probably meant. */
const commandNotFound: Hook<'command_not_found'> = async ({ id: given, argv = [], config }) => {
  const known = config.commandIDs.map((command) => command.replaceAll(':', ' '));
  const typed = [...given.split(':'), ...argv];
  const topic = known.some((command) => command.startsWith(`${typed[0]} `));
  const id = typed.slice(0, topic ? 2 : 1).join(' ');
  const nearest = suggestCommand(id, known);
  const help = topic ? `${config.bin} ${typed[0]} --help` : `${config.bin} --help`;
  const nextStep = nearest ? `Did you mean "${config.bin} ${nearest}"?` : `See ${help}.`;
  const message = `There is no command "${id}".`;
  const error = { code: 'usage-invalid', message, next_step: nextStep };
  const isJson = [...argv, ...process.argv.slice(2)].includes('--json');
  // Written whole before the process ends, where stdout is a pipe, too.
  if (isJson) writeSync(process.stdout.fd, `${[...jsonChunks({ version: 1, error })].join('')}`);
  else process.stderr.write(shownText(`Error: ${printable(message)}\n  → ${nextStep}\n`));
  process.exit(exitCodes.usage);
};

export default commandNotFound;
