import { Flags } from '@oclif/core';
import type { SettingsLayer } from '../core/settings/resolve-settings.ts';
import { formatRuns } from '../output/text/runs-text.ts';
import type { Ports } from '../ports/ports.ts';
import {
  type CheckedRunRow,
  listedStatuses,
  listRuns,
  lookUpRuns,
  type RunRow,
  type RunsListing,
} from '../services/runs/list-runs.ts';
import { CosmosCommand } from './shared/cosmos-command.ts';
import { queueAddressFlags, settingsLayerOf, storeFlags } from './shared/run-flags.ts';
import { runKinds } from './shared/run-views.ts';

/** Runs that a person is shown at once. */
const usualLimit = 20;

export default class Runs extends CosmosCommand {
  static override summary = 'List your runs, newest first, whatever folder they were started in.';
  static override description =
    'Where a run is wanted, as by attach or report, the short id of this list is enough: any beginning or end of an id that ' +
    'only one run has.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --here --status unfinished',
    '<%= config.bin %> <%= command.id %> --check',
  ];
  static override flags = {
    here: Flags.boolean({ default: false, description: "only runs of this folder's checkpoints" }),
    status: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      options: [...listedStatuses],
      description: 'only runs that stand so',
    }),
    limit: Flags.integer({
      char: 'n',
      min: 0,
      description: `show at most so many; 0: all (default: ${usualLimit}, and all with --json)`,
      helpValue: 'N',
    }),
    check: Flags.boolean({
      default: false,
      description: 'also ask each host about its runs; without it no host is contacted',
    }),
    ...storeFlags,
    ...queueAddressFlags,
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Runs);
    const layer = settingsLayerOf(flags);
    const { ports } = await this.open(flags.config, layer, 'read');
    const limit = flags.limit ?? (this.jsonEnabled() ? 0 : usualLimit);
    const query = {
      // A folder that is named is the one that is meant.
      isHere: flags.here || flags['checkpoint-dir'] !== undefined,
      statuses: listedStatuses.filter((status) => flags.status?.includes(status)),
      limit: limit === 0 ? Number.POSITIVE_INFINITY : limit,
    };
    const listed = await listRuns(query, runKinds, ports);
    const runs = flags.check ? await this.#check(listed, ports, flags.config, layer) : listed.rows;
    this.show(formatRuns(runs, this.style, { ...listed, columns: process.stdout.columns }));
    return { version: 1, runs };
  }

  /** Asks hosts as the settings of the folder have them that a run was started in. */
  async #check(
    { rows, origins }: RunsListing,
    ports: Ports,
    configPath: string | undefined,
    layer: SettingsLayer,
  ): Promise<readonly CheckedRunRow[]> {
    const known = new Map<string, Ports['host']>();
    const keyOf = ({ folder }: RunRow) => JSON.stringify(origins.get(folder) ?? null);
    for (const row of rows) {
      const origin = origins.get(row.folder);
      if (row.host === null || origin === undefined || known.has(keyOf(row))) continue;
      known.set(keyOf(row), (await this.hostsOf(origin, configPath, layer)) ?? ports.host);
    }
    return await lookUpRuns(rows, ports, (row) => known.get(keyOf(row)) ?? ports.host);
  }
}
