import { AppError } from '../../errors/app-error.ts';
import { nearestWord } from '../nearest-word.ts';
import { type HostSettings, type Settings, settingsSchema } from './settings-schema.ts';

/** This machine, which is a host without any settings too. */
export const localHostName = 'local';

/**
 * Settings of the host of this name.
 *
 * @throws AppError `host-unknown` that names the hosts there are, the nearest one first.
 */
export function hostNamed(settings: Settings, name: string): HostSettings {
  const found = Object.hasOwn(settings.hosts, name) ? settings.hosts[name] : undefined;
  if (found) return found;
  if (name === localHostName) return defaultHost();
  const known = [...new Set([localHostName, ...Object.keys(settings.hosts)])];
  const nearest = nearestWord(name, known);
  const others = `known: ${known.join(', ')}`;
  throw new AppError({
    code: 'host-unknown',
    message: `There is no host "${name}" in the settings; ${others}.`,
    nextStep: nearest
      ? `Did you mean "${nearest}"? Another machine is added as [hosts.${keyText(name)}] in config.toml.`
      : `Add it to config.toml: [hosts.${keyText(name)}] with its address.`,
  });
}

function defaultHost(): HostSettings {
  const { hosts } = settingsSchema.parse({ hosts: { [localHostName]: {} } });
  const [host] = Object.values(hosts);
  if (!host) throw new TypeError('the schema dropped a host');
  return host;
}

function keyText(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}
