import { Flags } from '@oclif/core';
import { createDiagnostics, readToolVersion } from '../composition.ts';
import type { SettingsLayer } from '../core/settings/resolve-settings.ts';
import { AppError } from '../errors/app-error.ts';
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
    const opened = await this.#openOrExplain(flags.config, settingsLayerOf(flags));
    opened.ports.host(flags.host);
    const checks = await createDiagnostics(opened.settings, opened.problem).check();
    const isHealthy = checks.every((check) => check.status !== 'failed');
    if (!isHealthy) process.exitCode = exitCodes.usage;
    this.show(formatChecks(checks, this.style));
    return { version: 1, is_healthy: isHealthy, checks };
  }

  /** A settings file that cannot be used is one more thing to mend, not the end of the visit. */
  async #openOrExplain(configPath: string | undefined, layer: SettingsLayer) {
    try {
      return { ...(await this.open(configPath, layer)), problem: null };
    } catch (problem) {
      if (!(problem instanceof AppError) || problem.code !== 'config-invalid') throw problem;
      return { ...this.openDefaults(await readToolVersion()), problem };
    }
  }
}
