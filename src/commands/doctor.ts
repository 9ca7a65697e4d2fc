import { Flags } from '@oclif/core';
import { checkThisMachine, readToolVersion } from '../composition.ts';
import { localHostName, queueHostName } from '../core/settings/host-named.ts';
import type { SettingsLayer } from '../core/settings/resolve-settings.ts';
import type { Settings } from '../core/settings/settings-schema.ts';
import { AppError } from '../errors/app-error.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { openQueueUpkeep } from '../machine-composition.ts';
import { formatChecks } from '../output/text/checks-text.ts';
import { settingsFileText } from '../output/text/config-text.ts';
import type { CheckResult } from '../ports/diagnostics.ts';
import type { Ports } from '../ports/ports.ts';
import { checkHost } from '../services/hosts/host-upkeep.ts';
import { readSettings, readSettingsFiles, withApproval } from '../settings-composition.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { onQueue, planFlags, queueAddressFlags, settingsLayerOf } from './shared/run-flags.ts';

interface Opened {
  readonly settings: Settings;
  readonly ports: Ports;
  readonly problem: AppError | null;
}

/** What makes settings unusable. */
const settingsCodes: ReadonlySet<string> = new Set(['config-invalid', 'config-not-trusted']);

export default class Doctor extends CosmosCommand {
  static override summary = 'Check everything a run needs, and say how to fix what is missing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --engine openai --base-url http://127.0.0.1:8000/v1 --deep',
    '<%= config.bin %> <%= command.id %> --host gpu1',
  ];
  static override flags = {
    engine: planFlags.engine,
    'base-url': planFlags['base-url'],
    model: planFlags.model,
    host: Flags.string({
      description: 'machine to check, several, or a pool (default: local)',
      helpValue: 'NAME[,NAME...]',
    }),
    ...queueAddressFlags,
    deep: Flags.boolean({
      default: false,
      description:
        'also send the server one small picture and see whether the model sees it, and load the ONNX models',
    }),
  };

  async run(): Promise<object> {
    const { flags } = onQueue(await this.parse(Doctor));
    const opened = await this.#openOrExplain(flags.config, settingsLayerOf(flags));
    const files = await checkSettingsFiles(flags.config ?? null);
    const found = await Promise.all(this.#checksOf(opened, flags.host ?? localHostName, flags.deep));
    const checks = [...files, ...found.flat()];
    const isHealthy = checks.every((check) => check.status !== 'failed');
    if (!isHealthy) process.exitCode = exitCodes.usage;
    this.show(formatChecks(checks, this.style));
    return { version: 1, is_healthy: isHealthy, checks };
  }

  /** With settings that cannot be used nothing is known of any host. @throws AppError `host-unknown`. */
  #checksOf(
    { settings, ports, problem }: Opened,
    host: string,
    isDeep: boolean,
  ): Promise<readonly CheckResult[]>[] {
    const here = () => checkThisMachine(settings, problem, { host, isDeep });
    if (problem !== null) return [here()];
    if (host === queueHostName) return [here(), checkQueue(settings)];
    // An unknown host is refused before anything is checked.
    ports.host(host);
    return [here(), ...ports.machines(host).map((machine) => checkHost(machine, ports))];
  }

  /** A settings file that cannot be used is one more thing to fix, not the end of the checks. */
  async #openOrExplain(configPath: string | undefined, layer: SettingsLayer): Promise<Opened> {
    try {
      return { ...(await this.open(configPath, layer)), problem: null };
    } catch (problem) {
      if (!(problem instanceof AppError) || !settingsCodes.has(problem.code)) throw problem;
      return { ...this.openDefaults(await readToolVersion()), problem };
    }
  }
}

/** Which files the settings come from, and whether what needs approval in them is approved. */
async function checkSettingsFiles(configPath: string | null): Promise<readonly CheckResult[]> {
  const found = await readSettingsFiles(configPath);
  const loaded = await readSettings({ source: 'the command line', values: {} }, configPath).catch(() => null);
  const used = withApproval(found, loaded?.privileged ?? null).filter((file) => file.is_there);
  const detail =
    used.length === 0 ? 'none: every setting has its default' : used.map(settingsFileText).join('; ');
  return [{ name: 'settings files', status: 'ok', detail, fix: null }];
}

async function checkQueue(settings: Settings): Promise<readonly CheckResult[]> {
  const upkeep = await openQueueUpkeep(settings);
  return await upkeep.check().finally(() => upkeep.close());
}
