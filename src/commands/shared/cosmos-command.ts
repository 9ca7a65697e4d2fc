import { resolve } from 'node:path';
import { Command, Flags } from '@oclif/core';
import { type CommandContext, createPorts, enterFolder, readToolVersion } from '../../composition.ts';
import { printableLines } from '../../core/printable.ts';
import { resolveSettings, type SettingsLayer } from '../../core/settings/resolve-settings.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { exitCodes } from '../../errors/error-codes.ts';
import { jsonChunks } from '../../output/json/json-chunks.ts';
import { createStyle, type Style, wantsColour } from '../../output/text/style.ts';
import type { Ports } from '../../ports/ports.ts';
import type { RunOrigin } from '../../ports/run-store.ts';
import type { SettingsOver } from '../../services/runs/resume-run.ts';
import { approvedLayers, type LoadedSettings, readSettings } from '../../settings-composition.ts';
import {
  approvedByUser,
  assertApproved,
  notApprovedNotice,
  runApprovedByUser,
  withoutHosts,
} from './approve-settings.ts';
import { describeError, type ErrorFacts, suggestionFor } from './describe-error.ts';
import { withAbsolutePaths } from './run-flags.ts';
import { shownText } from './shown-text.ts';
import { InterruptedError, listenForSignals, type SignalListener } from './signals.ts';

const noFlags: SettingsLayer = { source: 'the command line', values: {} };

/**
 * What is done about settings of a folder that the user has not approved.
 *
 * - `ask`: the user is asked on a terminal; without an approval the command is refused.
 * - `refuse`: the command is refused.
 * - `read`: the command only reads; those settings do not count, which is said, and no host is contacted.
 * - `locate`: as `read`, silently, where the settings are opened once more.
 */
export type SettingsAccess = 'ask' | 'refuse' | 'read' | 'locate';

/** What a command works with. */
export interface OpenedCommand {
  readonly settings: Settings;
  readonly ports: Ports;
  readonly settingsOver: SettingsOver;
  /** Where the command was typed. */
  readonly workingFolder: string;
}

/** What every command of cosmos shares: `--config`, `--json`, settings, errors with a next step, exit codes. */
export abstract class CosmosCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    config: Flags.string({
      description: 'settings file to use instead of ./config.toml',
      helpValue: 'PATH',
      helpGroup: 'GLOBAL',
    }),
  };

  readonly #notified = new Set<string>();
  protected readonly style: Style = createStyle(
    wantsColour(process.stdout, process.env),
    process.stdout.columns,
  );

  protected async open(
    configPath: string | undefined,
    commandLine: SettingsLayer = noFlags,
    access: SettingsAccess = 'ask',
  ): Promise<OpenedCommand> {
    const workingFolder = process.cwd();
    const loaded = await readSettings(commandLine, configPath ?? null);
    const layers = await this.#layersFor(loaded, access);
    const settings = resolveSettings(layers);
    const built = createPorts(settings, await readToolVersion(), this.#contextOf(configPath));
    const ports = layers === loaded.layers ? built : withoutHosts(built, loaded);
    const settingsOver: SettingsOver = (run, named) =>
      resolveSettings([
        { source: 'the run', values: run },
        ...layers.slice(0, -1),
        { source: 'the run', values: named },
        commandLine,
      ]);
    return { settings, ports, settingsOver, workingFolder };
  }

  async #layersFor(loaded: LoadedSettings, access: SettingsAccess): Promise<readonly SettingsLayer[]> {
    const { privileged } = loaded;
    if (privileged === null || privileged.isApproved) return loaded.layers;
    if (access === 'ask' && !this.jsonEnabled() && (await approvedByUser(privileged))) return loaded.layers;
    if (access === 'ask' || access === 'refuse') assertApproved(loaded);
    if (access === 'read') this.#notify(notApprovedNotice(privileged));
    return approvedLayers(loaded);
  }

  /**
   * Like `open`, for what is done with a run that exists. A run that was started in another folder has the settings of that
   * folder, unless `--config` names others, and what it does is done as if the command had been typed there.
   *
   * @param reference - As it was typed; the result has the folder of the run in its place.
   * @param kind - With it, `latest` is the latest run of this kind.
   * @throws AppError `run-not-found`, `run-ambiguous`, and those of settings.
   */
  protected async openRun(
    reference: string,
    configPath: string | undefined,
    commandLine: SettingsLayer = noFlags,
    kind?: string | readonly string[],
    access: SettingsAccess = 'ask',
  ): Promise<OpenedCommand & { readonly reference: string }> {
    const located = await this.open(configPath, commandLine, 'locate');
    const { folder, origin } = await located.ports.runs.locate(reference, kind);
    if (origin === null || !enterFolder(origin.workingFolder))
      return { ...(await this.open(configPath, commandLine, access)), reference: folder };
    const config = configPath === undefined ? origin.configFile : resolve(located.workingFolder, configPath);
    const layer = withAbsolutePaths(commandLine, located.workingFolder);
    return { ...(await this.open(config ?? undefined, layer, access)), reference: folder };
  }

  /**
   * The hosts that `openRun` would have for runs of this origin. The working folder stays what it is, so that one call must
   * be over before the next. Settings that cannot be used are said once a host of them is asked for.
   */
  protected async hostsOf(
    { workingFolder, configFile }: RunOrigin,
    configPath: string | undefined,
    commandLine: SettingsLayer,
  ): Promise<Ports['host'] | null> {
    const here = process.cwd();
    if (!enterFolder(workingFolder)) return null;
    try {
      const config = configPath === undefined ? configFile : resolve(here, configPath);
      return (await this.open(config ?? undefined, withAbsolutePaths(commandLine, here), 'refuse')).ports
        .host;
    } catch (error) {
      return () => {
        throw error;
      };
    } finally {
      enterFolder(here);
    }
  }

  /** What there is without any settings file. */
  protected openDefaults(toolVersion: string): { settings: Settings; ports: Ports } {
    const settings = resolveSettings([]);
    return { settings, ports: createPorts(settings, toolVersion, this.#contextOf(undefined)) };
  }

  /** Runs `work` with a signal that aborts on the first Ctrl-C; the second one ends the process. */
  protected async interruptibly<Result>(
    work: (signal: AbortSignal, leave: AbortSignal) => Promise<Result>,
    listener: SignalListener = { notify: (line) => this.logToStderr(line), leave: () => undefined },
  ): Promise<Result> {
    const listening = listenForSignals(listener);
    try {
      return await work(listening.signal, listening.leave);
    } finally {
      listening.stop();
    }
  }

  /** Text for people on stdout; nothing under `--json`. */
  protected show(text: string): void {
    if (!this.jsonEnabled()) process.stdout.write(shownText(text));
  }

  protected override async catch(error: unknown): Promise<never> {
    // Wrong arguments end here too; oclif would warn that they were never parsed.
    this.parsed = true;
    const described = describeError(error);
    const facts = { ...described, nextStep: this.#suggestionFor(error) ?? described.nextStep };
    process.exitCode = facts.exitCode;
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(facts));
    else this.#writeError(facts);
    return undefined as never;
  }

  /** Says on stderr what went wrong, without ending the command. */
  protected showError(error: unknown): void {
    this.#writeError(describeError(error));
  }

  protected override toErrorJson(facts: ErrorFacts): object {
    const { code, message, nextStep } = facts;
    return { version: 1, error: { code, message, next_step: nextStep } };
  }

  public override logToStderr(message = ''): void {
    super.logToStderr(shownText(message));
  }

  protected override logJson(json: unknown): void {
    for (const chunk of jsonChunks(json)) process.stdout.write(chunk);
  }

  #suggestionFor(error: unknown): string | null {
    const known = Object.entries({ ...this.ctor.baseFlags, ...this.ctor.flags });
    const flags = known.flatMap(([name, flag]) => {
      if (flag.hidden) return [];
      return flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name];
    });
    const commands = this.config.commandIDs.map((id) => id.replaceAll(':', ' '));
    flags.push('json', 'help');
    return suggestionFor(error, { command: (this.id ?? '').replaceAll(':', ' '), commands, flags });
  }

  #contextOf(configPath: string | undefined): CommandContext {
    return {
      configFile: configPath === undefined ? null : resolve(configPath),
      onNotice: (line) => this.#notify(line),
      approveRun: async (run) => !this.jsonEnabled() && (await runApprovedByUser(run)),
    };
  }

  /** Each sentence once: a run may be looked up more often. */
  #notify(line: string): void {
    if (this.#notified.has(line)) return;
    this.#notified.add(line);
    this.logToStderr(printableLines(line));
  }

  #writeError(facts: ErrorFacts): void {
    const style = createStyle(wantsColour(process.stderr, process.env));
    const label = facts.error instanceof InterruptedError ? 'Stopped' : 'Error';
    const lines = [`${style.bad(`${label}:`)} ${printableLines(facts.message)}`];
    if (facts.nextStep) lines.push(`  → ${printableLines(facts.nextStep)}`);
    const isBug = facts.exitCode === exitCodes.unexpected && facts.code === 'unexpected';
    if (isBug && process.env['DEBUG'] && facts.error instanceof Error)
      lines.push(printableLines(facts.error.stack ?? ''));
    process.stderr.write(shownText(`${lines.join('\n')}\n`));
  }
}
