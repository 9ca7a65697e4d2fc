import type { Size } from '../hints/size.ts';
import { type EstimatorName, estimatorNamed } from './estimator.ts';

/** Tokens that a prompt consists of besides text and frames: begin of sequence, begin and end of instruction. */
export const controlTokens = 3;

/** One prompt, as far as its tokens go. */
export interface TokenRequest {
  readonly estimator: EstimatorName;
  /** Size of each frame in pixels; null when only text is sent. */
  readonly size: Size | null;
  readonly frames: number;
  readonly textTokens: number;
  /** The longest answer that is asked for, in tokens. */
  readonly outputReserved: number;
  /** The model's context length, in tokens. */
  readonly limit: number;
}

/** Where the tokens of one prompt go, and whether they fit. */
export interface TokenBudget {
  readonly vision: number;
  readonly text: number;
  readonly control: number;
  readonly outputReserved: number;
  /** The plain sum of the four, without any margin. */
  readonly total: number;
  readonly limit: number;
  /** What the total may be at most once the estimator's margin is kept. */
  readonly safeLimit: number;
  readonly fits: boolean;
  /** Not even without frames would it fit. */
  readonly isTextAloneTooLong: boolean;
}

/**
 * Checks `vision + text + control + reserved output <= limit` with the margin that the estimator needs: an inexact
 * one uses only 90 % of the limit (4096 → 3686), an exact one counts 10 % more for the text alone, which is
 * always estimated.
 */
export function budgetOf(request: TokenRequest): TokenBudget {
  const vision = request.size
    ? estimatorNamed(request.estimator).visionTokens(request.size, request.frames)
    : 0;
  const withoutVision = request.textTokens + controlTokens + request.outputReserved;
  const room = visionRoom(request);
  return {
    vision,
    text: request.textTokens,
    control: controlTokens,
    outputReserved: request.outputReserved,
    total: vision + withoutVision,
    limit: request.limit,
    safeLimit: withoutVision + room,
    fits: vision <= room,
    isTextAloneTooLong: room < 0,
  };
}

/** How many vision tokens the text leaves room for; negative when the text alone is too long. */
export function visionRoom(request: Omit<TokenRequest, 'size'>): number {
  const withoutVision = request.textTokens + controlTokens + request.outputReserved;
  const usable = estimatorNamed(request.estimator).isExact
    ? request.limit - Math.ceil(request.textTokens / 10)
    : Math.floor((request.limit * 9) / 10);
  return usable - withoutVision;
}
