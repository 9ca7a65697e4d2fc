import type { Hook } from '@oclif/core';

/**
 * After `cosmos autocomplete`: its script for bash, which knows neither values nor files and needs another package, is replaced by
 * our own at the same place.
 */
const writeBashCompletion: Hook<'postrun'> = async ({ Command, config }) => {
  if (!Command.id.startsWith('autocomplete')) return;
  const { writeCompletion } = await import('./completed-commands.ts');
  await writeCompletion(config);
};

export default writeBashCompletion;
