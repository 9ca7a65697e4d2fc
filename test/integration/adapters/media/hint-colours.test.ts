import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { FfmpegMediaTool } from '../../../../src/adapters/media/ffmpeg-media-tool.ts';
import { quickProbe } from '../../../../src/adapters/media/quick-probe.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run = promisify(execFile);
const folder = await temporaryFolder();
const tool = new FfmpegMediaTool({ hintFolder: join(folder, 'hints') });

type Rgb = readonly [red: number, green: number, blue: number];

/** The middle of a hint's first frame. */
async function colourOf(path: string): Promise<Rgb> {
  const video = await tool.probe(path);
  const size = { width: 64, height: 36 };
  const hint = await tool.makeHint({ sourcePath: path, video, size, frames: 1, fps: 2 });
  const [frame] = await tool.readRgbFrames(hint.path);
  const at = (18 * 64 + 32) * 3;
  const [red = -1, green = -1, blue = -1] = frame?.data.subarray(at, at + 3) ?? [];
  return [red, green, blue];
}

function expectNear(found: Rgb, wanted: Rgb, tolerance: number): void {
  for (const [index, value] of wanted.entries())
    expect(Math.abs((found[index] ?? 999) - value), `${found} instead of ${wanted}`).toBeLessThanOrEqual(
      tolerance,
    );
}

/** A clip of one colour given as samples of YUV, so that no filter decides what they mean. */
async function makeYuvClip(name: string, size: string, yuv: Rgb, output: readonly string[], depth = 8) {
  const path = join(folder, name);
  const format = depth === 8 ? 'yuv420p' : 'yuv420p10le';
  const [y, u, v] = yuv;
  const paint = `geq=lum=${y}:cb=${u}:cr=${v}`;
  const input = ['-f', 'lavfi', '-i', `color=c=black:s=${size}:r=25:d=0.2,format=${format}`];
  await run('ffmpeg', ['-v', 'error', '-y', ...input, '-vf', paint, ...output, '-bitexact', path]);
  return path;
}

const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '1'];

/** Red, in the YUV of each matrix. */
const red601: Rgb = [81, 90, 240];
const red709: Rgb = [63, 102, 240];
const red: Rgb = [255, 0, 0];

describe('a file that does not say its matrix is read as players read it', () => {
  it.each([
    { rule: '1280x720 by BT.709', name: 'hd.mp4', size: '1280x720', yuv: red709 },
    { rule: '1024x600 by BT.709', name: 'high.mp4', size: '1024x600', yuv: red709 },
    { rule: '720x576 by BT.601', name: 'pal.mp4', size: '720x576', yuv: red601 },
    { rule: '640x360 by BT.601', name: 'small.mp4', size: '640x360', yuv: red601 },
    { rule: '1280x720 in Matroska by BT.709', name: 'hd.mkv', size: '1280x720', yuv: red709 },
    { rule: '1280x720 in AVI by BT.709', name: 'hd.avi', size: '1280x720', yuv: red709 },
  ])('$rule', async ({ name, size, yuv }) => {
    expectNear(await colourOf(await makeYuvClip(name, size, yuv, h264)), red, 4);
  });

  it.each([
    {
      rule: 'HD by BT.601 that says so',
      name: 'tagged.mp4',
      size: '1280x720',
      yuv: red601,
      space: 'smpte170m',
    },
    {
      rule: 'SD by BT.709 that says so',
      name: 'tagged-sd.mp4',
      size: '640x360',
      yuv: red709,
      space: 'bt709',
    },
    { rule: 'the same in Matroska', name: 'tagged.mkv', size: '1280x720', yuv: red601, space: 'smpte170m' },
  ])('but not $rule', async ({ name, size, yuv, space }) => {
    const tags = ['-colorspace', space, '-color_primaries', space, '-color_trc', space];
    expectNear(await colourOf(await makeYuvClip(name, size, yuv, [...h264, ...tags])), red, 4);
  });
});

describe('what a probe says of colours', () => {
  const hlg = ['-colorspace', 'bt2020nc', '-color_primaries', 'bt2020', '-color_trc', 'arib-std-b67'];

  it.each([
    { rule: 'untagged HD', name: 'q1.mp4', size: '1280x720', output: h264, says: { assumedMatrix: 'bt709' } },
    { rule: 'untagged SD', name: 'q2.mp4', size: '640x360', output: h264, says: {} },
    { rule: 'HLG', name: 'q3.mp4', size: '1280x720', output: [...h264, ...hlg], says: { hdr: 'hlg' } },
    {
      rule: 'tags in the container alone',
      name: 'q4.mp4',
      size: '1280x720',
      output: [
        ...h264,
        ...hlg,
        '-bsf:v',
        'h264_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2',
      ],
      says: null,
    },
  ])('is the same from the index as from ffprobe: $rule', async ({ name, size, output, says }) => {
    const path = await makeYuvClip(name, size, [100, 110, 150], output);
    const quick = await quickProbe(path);
    if (says === null) return expect(quick).toBeNull();
    const copy = path.replace('.mp4', '.mkv');
    await run('ffmpeg', ['-v', 'error', '-y', '-i', path, '-c', 'copy', copy]);
    const colours = ({ hdr, assumedMatrix }: { hdr?: string; assumedMatrix?: string }) => ({
      hdr,
      assumedMatrix,
    });
    expect(colours(quick ?? {})).toEqual({ hdr: undefined, assumedMatrix: undefined, ...says });
    expect(colours(await tool.probe(copy))).toEqual(colours(quick ?? {}));
  });
});

/** Code values of 10 bits (limited range) for a grey of this light, by the curves of ITU-R BT.2100. */
function pqGrey(nits: number): Rgb {
  const power = (nits / 10_000) ** 0.1593017578125;
  const share = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375;
  return [Math.round(64 + 876 * share), 512, 512];
}

function hlgGrey(share: number): Rgb {
  return [Math.round(64 + 876 * share), 512, 512];
}

describe('high dynamic range is brought to what an ordinary screen shows', () => {
  const tagsOf = (transfer: string) => [
    ...['-colorspace', 'bt2020nc', '-color_primaries', 'bt2020', '-color_trc', transfer],
  ];
  const hevc = (transfer: string) => [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params'],
    `log-level=error:qp=4:colorprim=bt2020:transfer=${transfer}:colormatrix=bt2020nc`,
  ];
  const vp9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-crf', '4', '-b:v', '0'];

  it.each([
    { rule: 'PQ in HEVC: paper is nearly white', name: 'paper.mp4', yuv: pqGrey(203), wanted: 207 },
    { rule: 'PQ: a middle grey is one', name: 'grey.mp4', yuv: pqGrey(36), wanted: 130 },
    { rule: 'PQ: the brightest light is white', name: 'sun.mp4', yuv: pqGrey(1000), wanted: 255 },
    { rule: 'PQ: beyond it too', name: 'suns.mp4', yuv: pqGrey(6000), wanted: 255 },
    { rule: 'PQ: black stays black', name: 'night.mp4', yuv: pqGrey(0), wanted: 0 },
  ])('$rule', async ({ name, yuv, wanted }) => {
    const path = await makeYuvClip(name, '320x180', yuv, hevc('smpte2084'), 10);
    expectNear(await colourOf(path), [wanted, wanted, wanted], 5);
  });

  it.each([
    { rule: 'HLG in HEVC: paper is at 75 %', name: 'paper-hlg.mov', yuv: hlgGrey(0.75), wanted: 207 },
    { rule: 'HLG: the peak is white', name: 'peak-hlg.mkv', yuv: hlgGrey(1), wanted: 255 },
  ])('$rule', async ({ name, yuv, wanted }) => {
    const path = await makeYuvClip(name, '320x180', yuv, hevc('arib-std-b67'), 10);
    expectNear(await colourOf(path), [wanted, wanted, wanted], 5);
  });

  it.each([
    {
      rule: 'PQ in VP9 and WebM',
      name: 'paper.webm',
      output: [...vp9, ...tagsOf('smpte2084')],
      yuv: pqGrey(203),
    },
    {
      rule: 'HLG in H.264, which is read from the index',
      name: 'paper-h264.mp4',
      output: ['-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '1', ...tagsOf('arib-std-b67')],
      yuv: hlgGrey(0.75),
    },
  ])('$rule', async ({ name, output, yuv }) => {
    expectNear(await colourOf(await makeYuvClip(name, '320x180', yuv, output, 10)), [207, 207, 207], 5);
  });

  it('keeps colours apart, which would be pale without', async () => {
    // BT.709's red at the light of paper, in the primaries and the matrix of BT.2020.
    const lights = [0.6274, 0.0691, 0.0164].map((share) => ((pqGrey(203 * share)[0] ?? 0) - 64) / 876);
    const [r = 0, g = 0, b = 0] = lights;
    const luma = 0.2627 * r + 0.678 * g + 0.0593 * b;
    const yuv: Rgb = [
      Math.round(64 + 876 * luma),
      Math.round(512 + (896 * (b - luma)) / 1.8814),
      Math.round(512 + (896 * (r - luma)) / 1.4746),
    ];
    const [red8, green8, blue8] = await colourOf(
      await makeYuvClip('red.mp4', '320x180', yuv, hevc('smpte2084'), 10),
    );
    expect(red8).toBeGreaterThan(195);
    expect(Math.max(green8, blue8)).toBeLessThan(40);
  });
});
