import type { EncodingChoice } from '../../core/encoding/choose-encoding.ts';
import { codecFacts } from '../../core/encoding/codecs.ts';
import { encoderFacts } from '../../core/encoding/encoders.ts';
import { codecOf, encoderOf } from '../../core/encoding/encoding-settings.ts';
import { localHostName } from '../../core/settings/host-named.ts';
import type { PlannedClip } from '../../core/video/video-checkpoint.ts';
import { AppError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import { encodingOf } from './encoding-of.ts';

/**
 * An encoder that does not work is refused before the video is read: of this machine it is tried with a few frames. Workers
 * on other machines run in containers that are given no encoding hardware; several of them are tried when the run begins.
 *
 * @throws AppError `prerequisite-missing` for one that does not work here; `output-unsupported` for hardware elsewhere.
 */
export async function assertEncoder(
  host: string,
  clip: PlannedClip,
  choice: EncodingChoice['encoding'],
  { video }: Pick<Ports, 'video'>,
  signal: AbortSignal,
): Promise<void> {
  const name = encoderOf(choice);
  const isHardware = encoderFacts(name)?.device !== 'cpu';
  // It comes with every ffmpeg that is used with this program.
  if (name === 'libx264') return;
  if (host !== localHostName) {
    if (isHardware) throw hardwareElsewhere(name, host);
    return;
  }
  const reason = await video.tryEncoder(clip, encodingOf(choice), signal);
  if (reason === null) return;
  const { label } = codecFacts[codecOf(choice)];
  throw new AppError({
    code: 'prerequisite-missing',
    message: `The encoder ${name} does not work on this machine: ${reason}.`,
    nextStep: isHardware
      ? `Leave --encoder out: ffmpeg's own encoder of ${label} needs no hardware.`
      : `Install an ffmpeg that has ${name} (ffmpeg -encoders lists what yours has), or use another --codec.`,
  });
}

function hardwareElsewhere(name: string, host: string): AppError {
  return new AppError({
    code: 'output-unsupported',
    message: `--encoder ${name}: the workers of ${host} run in containers, which are given no encoding hardware.`,
    nextStep: 'Leave --encoder out, or leave --host out to encode on this machine.',
  });
}
