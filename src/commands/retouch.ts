import { resolve } from 'node:path';
import { Args, Flags, type Interfaces } from '@oclif/core';
import { namedBy, resumeRules } from '../core/settings/resume-rules.ts';
import { usageError } from '../errors/app-error.ts';
import { videoPlanDocument } from '../output/json/video-plan-document.ts';
import { formatVideoPlan } from '../output/text/video/plan-text.ts';
import type { Ports } from '../ports/ports.ts';
import { resumeRetouchOptions } from '../services/retouch/resume-retouch.ts';
import { type RetouchRequest, retouchOperation } from '../services/retouch/retouch-operation.ts';
import { retouchVideo } from '../services/retouch/retouch-video.ts';
import { saveRegionPlan } from '../services/retouch/save-region-plan.ts';
import { expectVideo } from '../services/video/expect-video.ts';
import { planVideo } from '../services/video/plan-video.ts';
import { detectOf, retouchFlags, retouchLayerOf, toRetouchRequest } from './shared/retouch-flags.ts';
import { RunCommand } from './shared/run-command.ts';
import { beginFlags, onQueue, progressFlags } from './shared/run-flags.ts';
import { retouchView } from './shared/run-views.ts';

export default class Retouch extends RunCommand {
  static override summary = 'Retouch regions of a video, and leave everything else as it is.';
  static override description =
    'Blurs, pixelizes or covers regions of your own footage: names, faces, plates, time codes. Outside the regions and ' +
    'their soft edge every pixel is that of the source before it is encoded; sound, subtitles, chapters and times are kept. ' +
    'Everything finished is kept: after any interruption, --resume continues the run and gives the same video.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> clip.mp4 --region 10%,80%,80%,15%',
    '<%= config.bin %> <%= command.id %> clip.mp4 -o safe.mp4 --region 24,24,320,80@0:05-0:12.5 --engine pixelize',
    '<%= config.bin %> <%= command.id %> clip.mp4 --detect text',
    '<%= config.bin %> <%= command.id %> --resume latest',
  ];
  static override args = { video: Args.string({ description: 'the video to retouch', required: false }) };
  static override flags = {
    ...retouchFlags,
    ...progressFlags,
    ...beginFlags('finishes the video', 'analyze the video, show the plan and stop'),
    'save-plan': Flags.string({
      description:
        'with --dry-run: write the regions to this file, for --plan, and a page with pictures of them beside it',
      helpValue: 'FILE.json',
    }),
  };

  async run(): Promise<object> {
    const { flags, args } = onQueue(await this.parse(Retouch));
    const { detach: isDetached } = flags;
    const layer = retouchLayerOf(flags);
    if (flags.resume !== undefined) {
      const input = args.video === undefined ? null : resolve(args.video);
      const output = flags.output === undefined ? null : resolve(flags.output);
      const plan = flags.plan === undefined ? null : resolve(flags.plan);
      const mask = flags.mask === undefined ? null : resolve(flags.mask);
      const detect = detectOf(flags);
      const kind = retouchView.kind.format.kind;
      const { ports, reference, settingsOver } = await this.openRun(flags.resume, flags.config, layer, kind);
      const resumed = resumeRetouchOptions({
        ...{ reference, input, output, settingsOver },
        regions: flags.region ?? [],
        ...{ plan, mask, detect },
        detectClasses: flags['detect-class'] ?? [],
        host: flags.host ?? null,
        isForced: flags.force,
        isKeptGoing: flags['keep-going'],
        named: namedBy(resumeRules.retouch, flags),
      });
      return await this.resume(retouchView, flags, ports, resumed);
    }
    const opened = await this.open(flags.config, layer);
    const { ports } = opened;
    const request = toRetouchRequest(args.video, flags, opened);
    if (flags['save-plan'] !== undefined && !flags['dry-run'])
      throw usageError('--save-plan needs --dry-run.', 'Add --dry-run; the run itself takes --plan.');
    if (flags['dry-run']) {
      return await this.#showPlan(request, flags, ports);
    }
    return await this.carryOut(retouchView, flags, ports, (control) =>
      retouchVideo(request, { ...control, ports, isDetached }),
    );
  }

  async #showPlan(
    request: RetouchRequest,
    flags: Interfaces.InferredFlags<typeof Retouch.flags>,
    ports: Ports,
  ): Promise<object> {
    const file = flags['save-plan'];
    const { plan, page } = await this.observed(retouchView, flags, async ({ observer, signal }) => {
      const made = await planVideo(request, retouchOperation(request), ports, observer, signal);
      return {
        plan: made,
        page: file === undefined ? null : await saveRegionPlan(resolve(file), made, ports, signal),
      };
    });
    const expected = await expectVideo(plan, ports);
    this.show(formatVideoPlan(plan, this.style, expected));
    if (page !== null) this.show(`Look at ${page}, edit ${file}, then continue with --plan ${file}\n`);
    return videoPlanDocument(plan, expected);
  }
}
