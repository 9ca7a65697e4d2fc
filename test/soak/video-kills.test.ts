import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runVideoCampaign } from '../../scripts/soak/video-kill-campaign.ts';
import { makeFilm } from '../support/film.ts';
import { seededRandom } from '../support/stand-in/faults.ts';

const random01 = seededRandom(20_261_121);

it.runIf(process.platform === 'linux')(
  'killed at any moment, an upscaled video is the same as without, and never a part of one',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cosmos-upscale-film-'));
    try {
      const source = await makeFilm(folder, 'film.mkv', { seconds: 40, isRich: true });
      const common = { command: ['upscale'] as const, source, outputName: 'larger.mp4', random01 };
      const untouched = await runVideoCampaign({ ...common, sha256: null, kills: 0, longestWaitMs: 0 });
      expect(untouched.faults).toEqual([]);
      const { sha256, wallMs } = untouched;
      const killed = await runVideoCampaign({ ...common, sha256, kills: 3, longestWaitMs: wallMs });
      expect(killed.faults).toEqual([]);
      expect(killed.sha256).toBe(sha256);
      expect(killed.kills).not.toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  180_000,
);
