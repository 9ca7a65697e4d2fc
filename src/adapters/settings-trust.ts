import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type PrivilegedSetting,
  privilegedSettings,
  settingsApprovalId,
  withoutSettings,
} from '../core/settings/privileged-settings.ts';
import { resolveSettings, type SettingsLayer } from '../core/settings/resolve-settings.ts';
import { type ShownSetting, shownSetting } from '../core/settings/settings-origin.ts';
import type { Approvals } from './approvals.ts';
import type { FileLayer } from './config-files.ts';
import { ownershipFix } from './files/ownership.ts';

/** What the file of settings of a project has that counts only once the user approved it. */
export interface PrivilegedFile {
  readonly path: string;
  readonly id: string;
  /** As a person may see them: without secrets. */
  readonly settings: readonly ShownSetting[];
  readonly isApproved: boolean;
  /** Why it cannot be approved, and what to do; null where it can. */
  readonly refusal: { readonly reason: string; readonly fix: string } | null;
  /** The file without these settings. */
  readonly rest: SettingsLayer;
}

/**
 * Looks for settings of the project's file that need approval; null for none.
 *
 * @param layers - All layers, the file of the project among them.
 * @throws AppError `config-invalid` for layers that make no settings.
 */
export async function privilegedFileIn(
  layers: readonly (SettingsLayer | FileLayer)[],
  approvals: Approvals,
): Promise<PrivilegedFile | null> {
  const project = layers.find((layer): layer is FileLayer => 'role' in layer && layer.role === 'project');
  if (project === undefined) return null;
  const hasKey = resolveSettings(layers).upsampling.engine.api_key_env !== '';
  return await privilegedFileOf(project, hasKey, approvals);
}

/** As {@link privilegedFileIn}, of this file. @param hasKey - Whether the settings together send a key to the server. */
export async function privilegedFileOf(
  layer: FileLayer,
  hasKey: boolean,
  approvals: Approvals,
): Promise<PrivilegedFile | null> {
  const folder = await realpath(dirname(layer.source));
  const settings = privilegedSettings(layer.values, { folder, hasKey });
  if (settings.length === 0) return null;
  const id = settingsApprovalId(folder, settings);
  const { othersMayWrite, source } = layer;
  const refusal =
    othersMayWrite === null
      ? null
      : { reason: othersMayWrite, fix: `${ownershipFix(source, othersMayWrite)}${movingThem(settings)}` };
  return {
    path: source,
    id,
    settings: settings.map(shownSetting),
    isApproved: refusal === null && (await approvals.has('settings', id)),
    refusal,
    rest: { source, values: withoutSettings(layer.values, settings) },
  };
}

function movingThem(settings: readonly PrivilegedSetting[]): string {
  const them = settings.length === 1 ? 'this setting' : 'these settings';
  return `; or keep ${them} in your own file, which "cosmos config path" names`;
}
