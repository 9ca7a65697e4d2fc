/** How full something is, as a bar of `columns`: `███░░░`. */
export function meter(used: number, total: number, columns: number): string {
  const part = total > 0 ? Math.min(1, Math.max(0, used / total)) : 0;
  const full = Math.round(part * columns);
  return '█'.repeat(full) + '░'.repeat(columns - full);
}
