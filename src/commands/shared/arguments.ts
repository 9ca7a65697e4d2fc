import { Args } from '@oclif/core';

export const hostArgument = Args.string({
  description: 'a host of config.toml, or "local" for this machine',
  required: true,
});

const run = { description: 'run id, run folder, checkpoint.json, or "latest"' };

export const optionalRun = Args.string({ ...run, required: false });
export const runOrLatest = Args.string({ ...run, default: 'latest' });
