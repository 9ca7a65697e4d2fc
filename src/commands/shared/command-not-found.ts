import type { Hook } from '@oclif/core';
import { distance } from 'fastest-levenshtein';
import { exitCodes } from '../../errors/error-codes.ts';

/** Says which command was probably meant. */
const commandNotFound: Hook<'command_not_found'> = async ({ id: given, config }) => {
  const id = given.replaceAll(':', ' ');
  const known = config.commandIDs.map((command) => command.replaceAll(':', ' '));
  const ranked = known.map((command) => ({ command, steps: distance(id, command) }));
  const nearest = ranked.sort((a, b) => a.steps - b.steps)[0];
  const isNear = nearest !== undefined && nearest.steps <= Math.max(2, id.length / 2);
  const nextStep = isNear ? `Did you mean "${config.bin} ${nearest.command}"?` : `See ${config.bin} --help.`;
  process.stderr.write(`Error: There is no command "${id}".\n  → ${nextStep}\n`);
  process.exit(exitCodes.usage);
};

export default commandNotFound;
