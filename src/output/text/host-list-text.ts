import { printable } from '../../core/printable.ts';
import { fittedTable } from './columns.ts';
import type { Style } from './style.ts';

interface ShownHost {
  readonly name: string;
  readonly address: string | null;
  readonly workers: number;
  readonly gpus: string;
  readonly pools: readonly string[];
  readonly on_host?: {
    readonly state: string;
    readonly images: readonly string[];
    readonly message: string | null;
  } | null;
}

/** The hosts of the settings as a table. @param columns - Width to keep to; undefined keeps all whole. */
export function formatHosts(hosts: readonly ShownHost[], style: Style, columns?: number): string {
  const isChecked = hosts.some((host) => host.on_host !== undefined);
  const head = ['HOST', 'ADDRESS', 'WORKERS', 'GPUS', 'POOLS', ...(isChecked ? ['IMAGES'] : [])];
  const rows = hosts.map((host) => [
    printable(host.name),
    host.address === null ? 'this machine' : printable(host.address) || '—',
    String(host.workers),
    printable(host.gpus),
    host.pools.map(printable).join(', ') || '—',
    ...(isChecked ? [imagesText(host)] : []),
  ]);
  const table = fittedTable([head, ...rows], columns, [5, 4, 1, 0]);
  return `${[...table, ...nextLines(hosts, style)].join('\n')}\n`;
}

function imagesText({ on_host: onHost }: ShownHost): string {
  if (!onHost) return 'none needed';
  if (onHost.state === 'prepared') return onHost.images.map(printable).join(', ');
  if (onHost.state === 'refused') return 'not checked';
  return onHost.state === 'unreachable' ? 'unreachable' : 'not prepared';
}

/** What to do about hosts that are not ready. */
function nextLines(hosts: readonly ShownHost[], style: Style): string[] {
  const lines = hosts.flatMap(({ name, on_host: onHost }) => {
    if (onHost?.message) {
      const message = printable(onHost.message);
      const isNamed = message.startsWith(`${printable(name)}: `);
      return [style.dim(isNamed ? message : `${printable(name)}: ${message}`)];
    }
    return onHost?.state === 'not-prepared'
      ? [`Prepare it with: cosmos host prepare ${printable(name)}`]
      : [];
  });
  if (hosts.length === 1)
    lines.push('Add one to config.toml: [hosts.gpu1] with its address (cosmos help hosts).');
  return lines.length === 0 ? [] : ['', ...lines];
}
