import type { RetouchSettings } from '../../core/retouch/retouch-settings.ts';
import { shellQuoted } from '../../core/run/shell-quoted.ts';
import { flagsFor, resumeRules } from '../../core/settings/resume-rules.ts';
import { type RetouchCheckpoint, retouchFormat } from '../../core/video/video-checkpoint.ts';
import type { RunKind } from '../runs/run-kind.ts';
import { withModelPath } from '../video/source-of.ts';
import { videoKind } from '../video/video-kind.ts';
import type { VideoTypes } from '../video/video-types.ts';

export type RetouchTypes = VideoTypes<RetouchCheckpoint>;

export const retouchKind: RunKind<RetouchTypes> = videoKind<RetouchCheckpoint>({
  format: retouchFormat,
  command: 'cosmos retouch',
  repeatCommand: (checkpoint) => {
    const settings = withModelPath(checkpoint.settings, checkpoint);
    // Its output stands there already.
    const named = [...(settings.named ?? []).filter((path) => path !== 'force'), 'force'];
    return newRetouchCommand(checkpoint.source.path, { ...settings, force: true, named });
  },
});

/** The command of a run of this video with the flags that name these settings. */
export function newRetouchCommand(input: string, settings: RetouchSettings): string {
  const named = new Set(['output', 'regions', 'detect', 'detect_classes', ...(settings.named ?? [])]);
  const flags = flagsFor(resumeRules.retouch, settings, [...named]);
  return ['cosmos retouch', shellQuoted(input), ...flags].join(' ');
}
