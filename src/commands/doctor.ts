import { Flags } from '@oclif/core';
import { createDiagnostics } from '../composition.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { formatChecks } from '../output/checks-text.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { planFlags, settingsLayerOf } from './shared/run-flags.ts';

export default class Doctor extends CosmosCommand {
  static override summary = 'Look at everything a run needs, and say how to mend what is missing.';
  static override flags = {
    engine: planFlags.engine,
    'base-url': planFlags['base-url'],
    model: planFlags.model,
    host: Flags.string({ default: 'local', description: 'machine to look at', helpValue: 'NAME' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor);
    const { settings, ports } = await this.open(flags.config, settingsLayerOf(flags));
    ports.host(flags.host);
    const checks = await createDiagnostics(settings).check();
    const isHealthy = checks.every((check) => check.status !== 'failed');
    if (!isHealthy) process.exitCode = exitCodes.usage;
    this.show(formatChecks(checks, this.style));
    return { version: 1, is_healthy: isHealthy, checks };
  }
}
