import type { Size } from './size.ts';

/** What a container says about how coded pictures are to be shown. */
interface CodedPicture extends Size {
  /** Width over height of one sample; 1 for square ones and where nothing is said. */
  readonly sampleAspectRatio: number;
  /** How far the picture is to be turned, in degrees, either way round. */
  readonly rotationDegrees: number;
}

/**
 * The size in pixels at which a coded picture is shown. Non-square samples are evened out by enlarging the
 * shorter side, so that no detail is lost; a quarter turn swaps the sides. Other angles keep them, as ffmpeg does.
 */
export function displaySize(coded: CodedPicture): Size {
  const ratio = coded.sampleAspectRatio;
  const width = ratio > 1 ? Math.round(coded.width * ratio) : coded.width;
  const height = ratio < 1 ? Math.round(coded.height / ratio) : coded.height;
  return isQuarterTurn(coded.rotationDegrees) ? { width: height, height: width } : { width, height };
}

/** ffmpeg takes an angle within one degree of a quarter turn for one. */
function isQuarterTurn(degrees: number): boolean {
  const folded = ((degrees % 180) + 180) % 180;
  return Math.abs(folded - 90) < 1;
}
