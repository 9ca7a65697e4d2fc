import { messageOf } from '../../errors/app-error.ts';
import { type Manifest, manifestSchema } from '../../protocol/manifest.ts';
import { ApiError } from '../http/api-error.ts';

const problemsShown = 3;

/**
 * Reads a manifest's text.
 *
 * @param path - How messages name the file.
 * @throws ApiError 400 `manifest-invalid`, with the first things that are wrong.
 */
export function parseManifest(text: string, path: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, 'manifest-invalid', `${path} is not JSON: ${messageOf(error)}`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, problemsShown).map(({ path: at, message }) => {
    return at.length === 0 ? message : `${message} at ${at.map(String).join('.')}`;
  });
  const more = issues.length > problemsShown ? [`and ${issues.length - problemsShown} more`] : [];
  throw new ApiError(400, 'manifest-invalid', `${path} is no manifest: ${[...shown, ...more].join('; ')}`);
}
