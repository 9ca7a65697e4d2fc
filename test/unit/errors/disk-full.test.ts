import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors/app-error.ts';
import { asDiskError, diskFullIn, isDiskFull } from '../../../src/errors/system-error.ts';

const refused = (code: string) => Object.assign(new Error(`${code}: refused`), { code, syscall: 'write' });

describe('a full disk', () => {
  it.each(['ENOSPC', 'EDQUOT'])('is recognised by %s and told with the path', (code) => {
    const error = asDiskError(refused(code), '/tmp/x.json');
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'disk-full', isRetryable: true });
    expect(String(error)).toContain('/tmp/x.json');
    expect(isDiskFull(refused(code))).toBe(true);
    expect(isDiskFull(error)).toBe(true);
  });

  it('is no other refusal', () => {
    const error = refused('EACCES');
    expect(asDiskError(error, '/tmp/x.json')).toBe(error);
    expect(isDiskFull(error)).toBe(false);
  });

  it('is recognised in what a program says', () => {
    expect(diskFullIn('av_interleaved_write_frame(): No space left on device', '/tmp/x.mp4')?.code).toBe(
      'disk-full',
    );
    expect(diskFullIn('Invalid data found', '/tmp/x.mp4')).toBeNull();
  });
});
