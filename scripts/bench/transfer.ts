/**
 * Sending to a host against OpenSSH's own programs, in turns, every one over a new connection: one large file, and
 * very many small ones. Ours arrive verified by their hash and published under it; OpenSSH's are only written. A way
 * with latency is slow for whoever asks and waits, so OpenSSH gets fewer of the small files there and its time is
 * scaled up, that for connecting along with it, which makes OpenSSH look a few percent slower than it is.
 *
 *     node scripts/bench/transfer.ts [--large-mb 1000] [--small 5000] [--rounds 5]
 *         [--round-trips-ms 0,2,20] [--quick] [--json]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { upload } from '../../src/adapters/sftp/upload.ts';
import type { HostObject } from '../../src/ports/host.ts';
import { layout } from '../../src/protocol/layout.ts';
import { inTurns } from './support/in-turns.ts';
import { scpFolder, sftpPut, type Way } from './support/openssh.ts';
import { withStage } from './support/remote-lab.ts';
import { type BenchResult, type Figure, figure, median, printResult } from './support/result.ts';
import { TransferHost } from './support/transfer-host.ts';
import { writeLargeFile, writeSmallFiles } from './support/transfer-inputs.ts';

const { values } = parseArgs({
  options: {
    'large-mb': { type: 'string' },
    small: { type: 'string' },
    rounds: { type: 'string' },
    'round-trips-ms': { type: 'string', default: '0,2,20' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const largeBytes = 1_000_000 * Number(values['large-mb'] ?? (values.quick ? 200 : 1000));
const smallCount = Number(values.small ?? (values.quick ? 1000 : 5000));
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
const smallBytes = 20_000;
const roundTripsMs = values['round-trips-ms'].split(',').map(Number);

const result = await withStage(async (stage, lab): Promise<BenchResult> => {
  const host = await TransferHost.prepare(stage, lab);
  const large = await writeLargeFile(join(stage.folder, 'large'), largeBytes);
  const figures = await measureLarge(host, large, stage.folder);
  for (const roundTripMs of roundTripsMs) {
    figures.push(...(await measureSmall(host, stage.folder, roundTripMs)));
  }
  return {
    bench: 'transfer',
    config: { large_bytes: largeBytes, small: smallCount, small_bytes: smallBytes, rounds },
    figures,
  };
});
printResult(result, values.json);

async function measureLarge(host: TransferHost, large: HostObject, scratch: string): Promise<Figure[]> {
  const way = host.directWay;
  const to = join(host.elsewhere, 'large');
  const acceptMs: number[] = [];
  const ours = async () => {
    const name = `${layout.incoming}/${large.sha256}.part`;
    let uploadMs = 0;
    await host.connected(way, async ({ machine, callSlot }) => {
      const start = performance.now();
      // Connecting is part of it, as it is with OpenSSH: the link connects when it is first used.
      await upload(machine.files, large.path, join(host.root, name), large.sizeBytes);
      uploadMs = performance.now() - start;
      await callSlot((slot) => slot.acceptObject(name, large.sha256));
      acceptMs.push(performance.now() - start - uploadMs);
    });
    return uploadMs;
  };
  const timed = (work: () => Promise<void>) => timeAndClear(host, work);
  const times = await inTurns(rounds, {
    ours: async () => {
      const uploadMs = await ours();
      await host.clear();
      return uploadMs;
    },
    sftp: () => timed(() => sftpPut(way, large.path, to, { scratch })),
    sameCipher: () =>
      timed(() => sftpPut(way, large.path, to, { scratch, flags: ['-c', 'aes128-gcm@openssh.com'] })),
  });
  const speed = (milliseconds: number) => largeBytes / 1000 / milliseconds;
  return [
    figure('large file, times sftp', median(times.sftp) / median(times.ours), '', '>= 0.8'),
    figure('large file, times sftp with our cipher', median(times.sameCipher) / median(times.ours), ''),
    figure('large file', speed(median(times.ours)), 'MB/s'),
    figure('large file by sftp', speed(median(times.sftp)), 'MB/s'),
    figure('large file by sftp with our cipher', speed(median(times.sameCipher)), 'MB/s'),
    figure('verifying and publishing it', speed(median(acceptMs)), 'MB/s'),
  ];
}

async function measureSmall(host: TransferHost, scratch: string, roundTripMs: number): Promise<Figure[]> {
  const part = partFor(roundTripMs);
  const folder = join(scratch, `small-${roundTripMs}`);
  const fewFolder = part === 1 ? folder : join(scratch, `few-${roundTripMs}`);
  const objects = await writeSmallFiles(folder, smallCount, smallBytes);
  const few = part === 1 ? objects : await writeSmallFiles(fewFolder, smallCount * part, smallBytes);
  const times = await host.at(roundTripMs, (way) =>
    inTurns(rounds, {
      ours: () => timeAndClear(host, () => deliver(host, way, objects)),
      scp: () => timeAndClear(host, () => scpFolder(way, fewFolder, join(host.elsewhere, 'scp'))),
      sftp: () =>
        timeAndClear(host, () =>
          sftpPut(way, fewFolder, join(host.elsewhere, 'sftp'), { scratch, isFolder: true }),
        ),
    }),
  );
  const scale = objects.length / few.length;
  const [ours, scp, sftp] = [median(times.ours), scale * median(times.scp), scale * median(times.sftp)];
  const name = `small files, ${roundTripMs} ms`;
  return [
    figure(`${name}, times scp -r`, scp / ours, '', '>= 5'),
    figure(`${name}, times sftp -r`, sftp / ours, '', '>= 5'),
    figure(name, ours / 1000, 's'),
    figure(`${name}, scp -r`, scp / 1000, 's'),
    figure(`${name}, sftp -r`, sftp / 1000, 's'),
  ];
}

/** Which part of the small files OpenSSH gets, so that it is done within half a minute. */
function partFor(roundTripMs: number): number {
  if (roundTripMs === 0) return 1;
  return roundTripMs < 5 ? 0.2 : 0.04;
}

async function deliver(host: TransferHost, way: Way, objects: readonly HostObject[]): Promise<void> {
  await host.connected(way, async (ours) => {
    const missing = await ours.objects.missing(objects.map(({ sha256 }) => sha256));
    await ours.objects.deliver(objects.filter(({ sha256 }) => missing.has(sha256)));
  });
  const count = await host.objectCount();
  if (count !== objects.length) throw new Error(`${count} of ${objects.length} objects arrived`);
}

/** Milliseconds; what was sent is removed afterwards. */
async function timeAndClear(host: TransferHost, work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  const milliseconds = performance.now() - start;
  await host.clear();
  return milliseconds;
}
