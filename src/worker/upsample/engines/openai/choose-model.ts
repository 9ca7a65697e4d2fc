import { distance } from 'fastest-levenshtein';
import { rejected } from './server-address.ts';

const namesShown = 5;

/**
 * The model to ask for. Ollama lists `name:latest` and takes both forms.
 *
 * @param wanted - As configured; empty means "the only one".
 * @param served - What the server says it serves; null when it does not say.
 * @throws EngineError fatal when there is no such model, naming the nearest ones.
 */
export function chooseModel(wanted: string, served: readonly string[] | null): string {
  if (wanted === '') {
    const [only, ...others] = served ?? [];
    if (only !== undefined && others.length === 0) return only;
    throw rejected(
      only === undefined
        ? 'No model is set, and the server does not say which it serves. Set model.'
        : `No model is set, and the server serves several: ${list(served ?? [])}. Set model to one of them.`,
    );
  }
  if (served === null || served.length === 0) return wanted;
  if (served.includes(wanted) || served.includes(`${wanted}:latest`)) return wanted;
  if (wanted.endsWith(':latest') && served.includes(wanted.slice(0, -':latest'.length))) return wanted;
  const nearest = [...served].sort((a, b) => nearness(wanted, a) - nearness(wanted, b));
  throw rejected(`The server does not serve the model "${wanted}". It serves: ${list(nearest)}.`);
}

function nearness(wanted: string, name: string): number {
  const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
  return b.includes(a) || a.includes(b) ? 0 : distance(a, b);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).join(', ');
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown;
}
