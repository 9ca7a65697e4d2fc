import { expect, it } from 'vitest';
import { whoElseWrites } from '../../../../src/adapters/files/ownership.ts';

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const other = 65_533;

it.skipIf(process.platform === 'win32').each([
  { rule: 'of the user alone', stats: { uid, gid, mode: 0o100600 }, says: null },
  { rule: 'of the user, readable for all', stats: { uid, gid, mode: 0o100644 }, says: null },
  { rule: 'of the system', stats: { uid: 0, gid: 0, mode: 0o100644 }, says: null },
  { rule: "for the user's own group, as with umask 002", stats: { uid, gid, mode: 0o100664 }, says: null },
  {
    rule: 'for another group',
    stats: { uid, gid: other, mode: 0o100664 },
    says: 'its group may write to it',
  },
  { rule: 'for all', stats: { uid, gid, mode: 0o100666 }, says: 'every user may write to it' },
  { rule: 'of another user', stats: { uid: other, gid, mode: 0o100600 }, says: 'it belongs to another user' },
])('a file $rule: $says', ({ stats, says }) => expect(whoElseWrites(stats)).toBe(says));
