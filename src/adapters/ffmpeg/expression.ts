/** ffmpeg refuses sums of more than a hundred terms; sums of sums are as good. */
const maxTerms = 40;

/** The sum of terms in ffmpeg's expression language, which filters and bitstream filters take. */
export function sumOf(terms: readonly string[]): string {
  if (terms.length <= maxTerms) return terms.join('+');
  const groups = Array.from({ length: Math.ceil(terms.length / maxTerms) }, (_, group) =>
    terms.slice(group * maxTerms, (group + 1) * maxTerms).join('+'),
  );
  return groups.map((group) => `(${group})`).join('+');
}
