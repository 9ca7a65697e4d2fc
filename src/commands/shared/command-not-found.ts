import type { Hook } from '@oclif/core';
import { nearestWord } from '../../core/nearest-word.ts';
import { exitCodes } from '../../errors/error-codes.ts';

/** Says which command was probably meant. */
const commandNotFound: Hook<'command_not_found'> = async ({ id: given, config }) => {
  const id = given.replaceAll(':', ' ');
  const known = config.commandIDs.map((command) => command.replaceAll(':', ' '));
  const nearest = nearestWord(id, known);
  const nextStep = nearest ? `Did you mean "${config.bin} ${nearest}"?` : `See ${config.bin} --help.`;
  process.stderr.write(`Error: There is no command "${id}".\n  → ${nextStep}\n`);
  process.exit(exitCodes.usage);
};

export default commandNotFound;
