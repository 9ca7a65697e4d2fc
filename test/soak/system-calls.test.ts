import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCallCampaign, upscaledFilm } from '../../scripts/soak/system-call-campaign.ts';
import { type CallFault, tracerSkipReason } from '../../scripts/soak/system-call-plan.ts';

const why = tracerSkipReason();

const once = (call: string, at: number, what: CallFault['what']): CallFault => {
  return { call, at, what, isLasting: false };
};
const lasting = (call: string, at: number, what: CallFault['what']): CallFault => {
  return { call, at, what, isLasting: true };
};

describe.skipIf(why !== null)(
  `single system calls that fail${why ? ` (skipped: ${why})` : ''}`,
  () => {
    it.each([
      [lasting('unlink', 3, 'EIO'), once('rename', 2, 'kill')],
      [once('fsync', 5, 'kill'), lasting('rename', 3, 'EROFS')],
      [once('link', 3, 'kill'), once('fsync', 2, 'EIO')],
    ])('lose no prompt: %o, %o', async (...injected) => {
      const { hits, faults } = await runCallCampaign(injected, null);
      expect(faults).toEqual([]);
      expect(hits).toBeGreaterThan(0);
    });

    it('leave no part of a video', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'cosmos-film-'));
      try {
        const film = await upscaledFilm(folder);
        const injected = [
          once('rename', 4, 'kill'),
          lasting('fsync', 3, 'ENOSPC'),
          lasting('unlink', 1, 'EIO'),
        ];
        const { hits, faults } = await runCallCampaign(injected, film);
        expect(faults).toEqual([]);
        expect(hits).toBeGreaterThan(0);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  },
  300_000,
);
