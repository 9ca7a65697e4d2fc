import { Flags } from '@oclif/core';
import { formatSize, type Size } from '../core/hints/display-size.ts';
import type { ServerLimits } from '../core/upsample/server-limits.ts';
import { upsampleSettingsFrom } from '../core/upsample/upsample-settings.ts';
import { formatCost, formatServerLimits } from '../output/text/limits-text.ts';
import { type MeasuringCost, measureLimits, parseSizes } from '../services/upsample/measure-limits.ts';
import { askYesNo } from './shared/ask-yes-no.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { createNotices } from './shared/create-observer.ts';
import { planFlags, settingsLayerOf } from './shared/run-flags.ts';

export default class Limits extends CosmosCommand {
  static override summary = 'Find the largest frames that a model server takes, with real requests.';
  static override description =
    'Sends pictures, reserving as much output as a run does, says which sizes are safe, and keeps the result for ' +
    '--max-resolution auto in runs on this host with this model.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --base-url http://127.0.0.1:8000/v1',
    '<%= config.bin %> <%= command.id %> --base-url http://127.0.0.1:8000/v1 --resolutions 256x144,320x180,400x225,480x270 --yes',
  ];
  static override flags = {
    host: Flags.string({
      default: 'local',
      description: 'machine whose runs use the server; the requests are still sent from here',
      helpValue: 'NAME',
    }),
    engine: planFlags.engine,
    'base-url': planFlags['base-url'],
    model: planFlags.model,
    estimator: planFlags.estimator,
    resolutions: Flags.string({
      description: 'try exactly these sizes, and keep nothing',
      helpValue: 'WIDTHxHEIGHT,...',
      parse: async (text) => {
        parseSizes(text);
        return text;
      },
    }),
    frames: Flags.integer({
      min: 1,
      max: 64,
      description: 'pictures in each request (default: upsampling.frames_to_extract)',
      helpValue: 'N',
    }),
    yes: Flags.boolean({ char: 'y', default: false, description: 'send the requests without asking' }),
  };

  async run(): Promise<ServerLimits> {
    const { flags } = await this.parse(Limits);
    const { settings, ports } = await this.open(flags.config, settingsLayerOf(flags));
    // An unknown host is refused before anything is sent.
    ports.host(flags.host);
    // The server is asked from here, whatever network the host's workers have.
    const asked = upsampleSettingsFrom(settings, { ...noRun, host: 'local' });
    const request = {
      settings: { ...asked, host: flags.host, frames: flags.frames ?? asked.frames },
      sizes: flags.resolutions === undefined ? null : parseSizes(flags.resolutions),
    };
    const hooks = {
      confirm: (cost: MeasuringCost) => this.#confirm(cost, flags.yes),
      onTest: (size: Size) => this.logToStderr(`Trying ${formatSize(size)}`),
      ...createNotices(),
    };
    const limits = await this.interruptibly((signal) => measureLimits(request, ports, hooks, signal));
    this.show(formatServerLimits(limits, this.style));
    return limits;
  }

  async #confirm(cost: MeasuringCost, isAgreed: boolean): Promise<boolean> {
    createNotices().onNotice(formatCost(cost));
    return isAgreed || (!this.jsonEnabled() && (await askYesNo('Send them?')));
  }
}

const noRun = { outputDir: '', workers: null, writeBack: false, force: false, allowTextOnly: false };
