import { expect, it } from 'vitest';
import { fileHref } from '../../../../../../src/output/report/page/specs/video-details.ts';

it.each([
  { rule: 'a path', path: '/home/you/a b.mp4', href: 'file:///home/you/a%20b.mp4' },
  { rule: 'what means something in a URL', path: '/v/50%#1?.mp4', href: 'file:///v/50%25%231%3F.mp4' },
  { rule: 'a backslash that is part of a name', path: '/v/a\\b.mp4', href: 'file:///v/a%5Cb.mp4' },
  { rule: 'a drive', path: 'F:\\Art\\a.mp4', href: 'file:///F:/Art/a.mp4' },
  { rule: 'a share', path: '\\\\server\\art\\a.mp4', href: 'file://server/art/a.mp4' },
  { rule: 'half a character', path: '/v/\ud800.mp4', href: 'file:///v/%EF%BF%BD.mp4' },
  { rule: 'what would be code', path: 'javascript:alert(1)', href: 'file:///javascript%3Aalert(1)' },
])('the link to a file keeps $rule', ({ path, href }) => expect(fileHref(path)).toBe(href));
