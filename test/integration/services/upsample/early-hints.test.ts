import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../../../src/async/abort.ts';
import type { HintRequest } from '../../../../src/ports/media-tool.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { MemoryHost } from '../../../support/memory-host.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, silent, testRunSettings } from '../../../support/test-ports.ts';

const never = new AbortController().signal;
const info = { width: 320, height: 180, frames: 60, durationSeconds: 2, frameRate: 30 };

/** Specs a and b that share a clip; reading the last one, b, waits for a hint and then gives `last`. */
async function newScene(last: (text: Uint8Array) => Uint8Array) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'clip.mp4'), 'frames');
  const spec = sampleSpec({ input_video_path: join(folder, 'clip.mp4') });
  await writeSpecs(join(folder, 'in'), { 'a.json': spec, 'b.json': spec });
  const asked: { readonly request: HintRequest; readonly signal: AbortSignal | undefined }[] = [];
  const isAsked = Promise.withResolvers<void>();
  const host = new MemoryHost();
  const ports = createTestPorts(folder, host);
  Object.assign(ports.media, {
    probe: async () => info,
    makeHint: (request: HintRequest, signal?: AbortSignal) => {
      asked.push({ request, signal });
      isAsked.resolve();
      return new Promise((_, reject) => onAbort(signal ? [signal] : [], reject));
    },
  });
  const read = ports.specs.read.bind(ports.specs);
  Object.assign(ports.specs, {
    read: async (path: string) => {
      const text = await read(path);
      if (!path.endsWith('b.json') || text === null) return text;
      await isAsked.promise;
      return last(text);
    },
  });
  const settings = testRunSettings(folder);
  const request = { inputs: [join(folder, 'in')], settings, excluded: [] };
  return { asked, ports, request };
}

describe('the hints of the first specs', () => {
  it('are started before the others are planned, once for each video', async () => {
    const { asked, ports, request } = await newScene((text) => text);
    const stop = new AbortController();
    const observer = { ...silent, onBegin: () => stop.abort(new Error('that is enough')) };
    await expect(batchUpsample(request, ports, observer, stop.signal)).rejects.toThrow('that is enough');
    expect(asked[0]?.request).toMatchObject({ frames: request.settings.frames, fps: request.settings.fps });
  });

  it('are given up where the plan comes to nothing', async () => {
    const { asked, ports, request } = await newScene(() => {
      throw new Error('the disk is gone');
    });
    await expect(batchUpsample(request, ports, silent, never)).rejects.toThrow('the disk is gone');
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true]);
  });
});
